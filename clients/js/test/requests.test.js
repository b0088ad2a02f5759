// What is signed is what arrives.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startGate } from "./gate.js";
import { client } from "./kit.js";

const form = new FormData();
form.set("name", "Ann");
form.set("file", new File(["abc"], "a.txt", { type: "text/plain" }));
const stream = () => new Blob(["in ", "pieces"]).stream();
const large = new Uint8Array(1_048_577);

const ROWS = [
  ["no query", "/a", {}, { type: undefined, length: 0 }],
  ["a query", "/a?b=c&d=%20e?f", {}, { url: "/a?b=c&d=%20e?f" }],
  ["an empty query", "/a?", {}, {}],
  ["escapes", "/%7Ea/b%2Fc/ü", {}, { url: "/%7Ea/b%2Fc/%C3%BC" }],
  ["HEAD", "/a", { method: "HEAD" }, undefined],
  ["JSON", "/a", {
    method: "POST", body: "{\"a\":1}", headers: { "content-type": "application/json" },
  }, { type: "application/json", body: "{\"a\":1}" }],
  ["a string", "/a", { method: "put", body: "é" }, {
    method: "PUT", type: "text/plain;charset=UTF-8", length: 2,
  }],
  ["fields", "/a", { method: "POST", body: new URLSearchParams({ a: "b c" }) }, {
    type: "application/x-www-form-urlencoded;charset=UTF-8", body: "a=b+c",
  }],
  ["a form", "/a", { method: "POST", body: form }, {}],
  ["a blob", "/a", { method: "POST", body: new Blob(["x"], { type: "image/png" }) }, {
    type: "image/png",
  }],
  ["a blob without a type", "/a", { method: "POST", body: new Blob(["x"]) }, { type: undefined }],
  ["bytes", "/a", { method: "PATCH", body: new Uint8Array([1, 2]) }, { length: 2 }],
  ["a buffer", "/a", { method: "POST", body: new ArrayBuffer(3) }, { length: 3 }],
  ["an empty body", "/a", { method: "POST", body: "" }, { length: 0 }],
  ["no body", "/a", { method: "DELETE" }, { length: 0 }],
  ["a stream", "/a", { method: "POST", body: stream(), duplex: "half" }, { body: "in pieces" }],
  ["large bytes", "/a", { method: "POST", body: large }, { length: large.length }],
  ["a large file", "/a", { method: "POST", body: new Blob([large], { type: "video/mp4" }) }, {
    length: large.length, type: "video/mp4",
  }],
];

for (const [name, path, init, want] of ROWS) {
  test(`signs ${name}`, async (t) => {
    const gate = await startGate(t);
    const { fetch } = await client(gate);
    const response = await fetch(gate.url + path, init);
    assert.equal(response.headers.get("Doorward-Refusal"), null);
    assert.equal(response.status, 200);
    assert.equal(gate.came, 1);
    const got = want ? await response.json() : undefined;
    for (const key in want) assert.deepEqual(got[key], want[key], key);
  });
}

test("a form arrives with the boundary that its type names", async (t) => {
  const gate = await startGate(t);
  const { fetch } = await client(gate);
  await fetch(`${gate.url}/a`, { method: "POST", body: form });
  const [{ headers, body }] = gate.ran;
  const again = await new Response(body, { headers: { "content-type": headers["content-type"] } })
    .formData();
  assert.equal(again.get("name"), "Ann");
  assert.equal(await again.get("file").text(), "abc");
});

test("takes a Request, with and without a second argument", async (t) => {
  const gate = await startGate(t);
  const { fetch } = await client(gate);
  const headers = { "X-Own": "1" };
  const request = () => new Request(`${gate.url}/a`, { method: "POST", body: "one", headers });
  const first = await (await fetch(request())).json();
  const second = await (await fetch(request(), { body: "two" })).json();
  const third = await (await fetch(`${gate.url}/b`, request())).json();
  const nothing = new Request(`${gate.url}/a`, { method: "POST", body: "" });
  const empty = await (await fetch(nothing)).json();
  const bare = await (await fetch(new Request(`${gate.url}/a?q`))).json();
  assert.deepEqual([first.body, second.body, third.body], ["one", "two", "one"]);
  assert.deepEqual([third.url, empty.length, bare.url], ["/b", 0, "/a?q"]);
  assert.deepEqual(gate.ran.slice(0, 3).map(({ headers: own }) => own["x-own"]), ["1", "1", "1"]);
});

test("an address that is not the gate's is left alone", async (t) => {
  const gate = await startGate(t);
  const other = await startGate(t);
  const { fetch } = await client(gate, { guard: ["/api/*", "/v1"] });
  const codes = [];
  for (const url of [`${other.url}/api/a`, `${gate.url}/a`, `${gate.url}/v12`]) {
    codes.push((await fetch(url)).headers.get("Doorward-Refusal"));
  }
  assert.deepEqual(codes, ["pass/missing", "pass/missing", "pass/missing"]);
  assert.equal(gate.minted + other.minted, 0);
  assert.equal((await fetch(`${gate.url}/api/x`)).status, 200);
  assert.equal((await fetch(`${gate.url}/v1`)).status, 200);
});

test("a stream without end is an error that says so", async (t) => {
  const gate = await startGate(t);
  const { fetch } = await client(gate);
  const chunk = new Uint8Array(8_388_608);
  const body = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
  const call = fetch(`${gate.url}/a`, { method: "POST", body, duplex: "half" });
  await assert.rejects(call, { name: "DoorwardError", code: "client/stream" });
  assert.equal(gate.came, 0);
});

test("wrong arguments are told as fetch tells them", async (t) => {
  const gate = await startGate(t);
  const { fetch } = await client(gate);
  await assert.rejects(fetch(`${gate.url}/a`, { body: "x" }), TypeError);
  await assert.rejects(fetch("http://"), TypeError);
});

test("ends when the caller gives up, before the pass and after", async (t) => {
  const gate = await startGate(t);
  const { fetch } = await client(gate);
  const early = new AbortController();
  const call = fetch(`${gate.url}/a`, { signal: early.signal });
  early.abort();
  await assert.rejects(call, { name: "AbortError" });
  assert.equal((await fetch(`${gate.url}/a`)).status, 200, "the mint went on for the others");
  const reason = new Error("enough");
  const over = fetch(`${gate.url}/b`, { method: "POST", signal: AbortSignal.abort(reason) });
  await assert.rejects(over, reason);
  const late = new AbortController();
  gate.next.push({ code: "quota/share", status: 429, headers: { "Retry-After": "5" } });
  const waiting = fetch(`${gate.url}/c`, { signal: late.signal });
  while (gate.came < 2) await new Promise(setImmediate);
  late.abort();
  await assert.rejects(waiting, { name: "AbortError" });
  assert.equal(gate.came, 2);
});
