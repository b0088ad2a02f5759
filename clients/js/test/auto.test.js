// auto.js in a page: what it wraps, and what it leaves alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startGate } from "./gate.js";
import { bytes, dist, event, hear } from "./kit.js";
import { FakeSocket, FakeSource, FakeXhr, page } from "./window.js";

const open = (gate, more = {}) => page({ src: `${gate.url}/.doorward/auto.js`, ...more });
const settled = async (holds) => {
  while (!holds()) await new Promise(setImmediate);
};

test("is less than 8 kB as browsers load it by https", () => {
  assert.ok(bytes("auto.js.br").length < 8_000);
});

test("asks for a pass at once, and wraps guarded addresses alone", async (t) => {
  const gate = await startGate(t);
  const other = await startGate(t);
  const { scope, native } = open(gate);
  assert.equal(native.fetched.length, 0, "the work comes first");
  const answers = await Promise.all(["/a", "/b"].map((path) => scope.fetch(gate.url + path)));
  assert.deepEqual(answers.map(({ status }) => status), [200, 200]);
  assert.equal(gate.minted, 1);
  assert.deepEqual(native.scripts.map(({ src, nonce }) => [src, nonce]),
    [[`${gate.url}/.doorward/work.js`, "n1"]]);
  const left = await scope.fetch(`${other.url}/a`);
  assert.equal(left.headers.get("Doorward-Refusal"), "pass/missing");
  assert.equal(other.came, 1);
  assert.ok(new scope.EventSource(`${other.url}/events`) instanceof FakeSource);
  assert.equal(new scope.WebSocket("wss://other.example/", "chat").protocols, "chat");
  scope.navigator.sendBeacon(`${other.url}/log`, "x");
  assert.deepEqual(native.beacons, [[`${other.url}/log`, "x"]]);
});

test("an address in front of page and interface: all but the gate's own", async (t) => {
  const gate = await startGate(t);
  gate.origin = gate.url;
  const { scope, native } = open(gate, { location: `${gate.url}/page` });
  assert.equal((await scope.fetch("/relative?a")).status, 200);
  await scope.fetch("/.doorward/healthz");
  assert.equal(gate.ran.length, 1);
  assert.equal(native.fetched.at(-1), "/.doorward/healthz", "as the page wrote it");
});

test("data-guard narrows, data-gate names the gate", async (t) => {
  const gate = await startGate(t);
  const dataset = { gate: gate.url, guard: "/api/*, /v1/*" };
  const { scope } = page({ src: "https://cdn.example/x/.doorward/auto.js", dataset });
  assert.equal((await scope.fetch(`${gate.url}/api/a`)).status, 200);
  assert.equal((await scope.fetch(`${gate.url}/v1/a`)).status, 200);
  assert.equal((await scope.fetch(`${gate.url}/other`)).status, 403);
});

test("a surprise leaves the page as it is", (t) => {
  const said = hear(t, "warn");
  const src = "https://g.example/.doorward/auto.js";
  for (const more of [{ src: undefined }, { src, without: ["fetch"] }]) {
    const { scope, before } = page(more);
    assert.equal(scope.fetch, before.fetch);
    assert.equal(scope.WebSocket, before.WebSocket);
  }
  assert.equal(said().length, 2);
});

test("events, sockets and beacons of the gate are signed", async (t) => {
  const gate = await startGate(t);
  const { scope } = open(gate);
  const source = new scope.EventSource(`${gate.url}/events`);
  assert.ok(source instanceof scope.EventSource);
  assert.equal((await event(source, "message")).data, "one\ntwo");
  source.close();
  FakeSocket.made.length = 0;
  const socket = new scope.WebSocket(`${gate.url.replace("http", "ws")}/chat?a`, ["v1", "v2"]);
  assert.ok(socket instanceof scope.WebSocket);
  assert.equal(socket.readyState, 0);
  assert.throws(() => socket.send("x"), { name: "InvalidStateError" });
  await settled(() => FakeSocket.made.length);
  const [real] = FakeSocket.made;
  assert.deepEqual([...real.protocols], ["doorward.dwt1.a1.b", "doorward", "v1", "v2"]);
  assert.deepEqual(gate.tickets, [{ method: "GET", url: "/chat?a" }]);
  const heard = [];
  socket.onopen = () => heard.push(`open ${socket.protocol}`);
  socket.onmessage = ({ data }) => heard.push(data);
  Object.assign(real, { readyState: 1, protocol: "doorward" });
  real.dispatchEvent(new Event("open"));
  real.dispatchEvent(new MessageEvent("message", { data: "hello" }));
  socket.send("x");
  assert.deepEqual([heard, real.sent, socket.readyState], [["open ", "hello"], ["x"], 1]);
  assert.equal(scope.navigator.sendBeacon(`${gate.url}/log`, "bye"), true);
  await settled(() => gate.ran.some(({ body }) => body.toString() === "bye"));
});

test("a socket that is closed, or refused, before it opens", async (t) => {
  t.mock.method(console, "error", () => undefined);
  const gate = await startGate(t);
  const { scope } = open(gate);
  FakeSocket.made.length = 0;
  const closed = new scope.WebSocket(`${gate.url}/chat`);
  closed.close();
  const { code, wasClean } = await event(closed, "close");
  assert.deepEqual([code, wasClean, closed.readyState], [1006, false, 3]);
  gate.next.push("pass/other-host");
  const refused = new scope.WebSocket(`${gate.url}/chat`);
  await event(refused, "error");
  assert.equal(FakeSocket.made.length, 0);
});

/** Sends by XMLHttpRequest; gives the events that the page saw. */
function ask(scope, [method, url], body, set = () => undefined) {
  const xhr = new scope.XMLHttpRequest();
  const seen = [];
  xhr.onreadystatechange = () => seen.push(xhr.readyState);
  xhr.onload = () => seen.push("load");
  xhr.onerror = () => seen.push("error");
  xhr.ontimeout = () => seen.push("timeout");
  xhr.onabort = () => seen.push("abort");
  xhr.open(method, url);
  set(xhr);
  xhr.send(body);
  return new Promise((resolve) => {
    xhr.onloadend = () => resolve({ xhr, seen });
    if (set.then) set.then(xhr);
  });
}

test("XMLHttpRequest: signed, with the browser's own events", async (t) => {
  const gate = await startGate(t);
  const { scope } = open(gate);
  const set = (xhr) => xhr.setRequestHeader("Content-Type", "application/json");
  const { xhr, seen } = await ask(scope, ["POST", `${gate.url}/a?b`], "{\"sum\":1}", set);
  assert.ok(xhr instanceof FakeXhr);
  assert.deepEqual([xhr.status, seen], [200, [1, 2, 3, 4, "load"]]);
  const { type, body } = JSON.parse(xhr.responseText);
  assert.deepEqual([type, body], ["application/json", "{\"sum\":1}"]);
  const form = new FormData();
  form.set("a", "b");
  assert.equal((await ask(scope, ["POST", `${gate.url}/a`], form)).xhr.status, 200);
  assert.equal((await ask(scope, ["GET", `${gate.url}/a`], "ignored")).xhr.status, 200);
});

test("XMLHttpRequest: a refusal that is mended stays unseen, another is seen", async (t) => {
  const said = hear(t);
  const gate = await startGate(t);
  const { scope } = open(gate);
  const set = (xhr) => xhr.setRequestHeader("X-Own", "1");
  const call = () => ask(scope, ["POST", `${gate.url}/a`], "x", set);
  gate.next.push("pass/expired", "pass/other-instance");
  const mended = await call();
  assert.deepEqual([mended.xhr.status, mended.seen], [200, [1, 2, 3, 4, "load"]]);
  assert.equal(gate.ran[0].headers["x-own"], "1");
  const last = [["pass/other-host", 403], [{ code: "pass/used", executed: "yes" }, 409]];
  for (const [fault, status] of last) {
    gate.next.push(fault);
    const { xhr, seen } = await call();
    assert.equal(xhr.status, status);
    assert.deepEqual(seen.slice(-2), [4, "load"]);
  }
  assert.equal(gate.ran.length, 1);
  const moved = await ask(scope, ["POST", `${gate.url}/moved`], "x");
  assert.deepEqual([moved.xhr.status, gate.ran.length], [403, 2], "it ran, and is not sent again");
  gate.next.push("cut");
  assert.deepEqual((await call()).seen, [1, 4, "error"]);
  assert.equal(said().length, 1);
});

test("XMLHttpRequest: given up while it waits for its signature", async (t) => {
  const gate = await startGate(t);
  const { scope } = open(gate);
  const set = Object.assign(() => undefined, {
    then: (xhr) => {
      assert.throws(() => xhr.send(), { name: "InvalidStateError" });
      xhr.abort();
    },
  });
  const { seen } = await ask(scope, ["POST", `${gate.url}/a`], "x", set);
  assert.equal(seen.at(-1), "abort");
  const late = (xhr) => (xhr.timeout = 1);
  gate.nextMint.push("pass/expired", "pass/expired");
  assert.equal((await ask(scope, ["GET", `${gate.url}/a`], null, late)).seen.at(-1), "timeout");
  assert.equal(gate.ran.length, 0);
});

test("XMLHttpRequest: synchronous, or to others, as it is", async (t) => {
  const said = hear(t, "warn");
  const gate = await startGate(t);
  const other = await startGate(t);
  const { scope } = open(gate);
  const xhr = new scope.XMLHttpRequest();
  xhr.open("GET", `${gate.url}/a`, false);
  await xhr.send();
  assert.equal(xhr.getResponseHeader("Doorward-Refusal"), "pass/missing");
  assert.match(said()[0], /synchronous/);
  assert.equal((await ask(scope, ["GET", `${other.url}/a`])).xhr.status, 403);
});
