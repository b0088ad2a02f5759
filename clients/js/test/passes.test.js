// One pass for many calls, whatever the clock says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startGate } from "./gate.js";
import { client, hear } from "./kit.js";

test("twenty calls before there is a pass ask for one", async (t) => {
  const gate = await startGate(t);
  const { fetch } = await client(gate);
  assert.equal(gate.minted, 0, "connecting asks for nothing");
  const calls = Array.from({ length: 20 }, (_, at) => fetch(`${gate.url}/v1/${at}`));
  const statuses = (await Promise.all(calls)).map((response) => response.status);
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.equal(gate.minted, 1);
  assert.equal(gate.ran.length, 20);
});

for (const hours of [-7, 5]) {
  test(`a clock that is ${hours} hours off is set by the gate's`, async (t) => {
    const gate = await startGate(t, { now: () => Math.floor(Date.now() / 1_000) + hours * 3_600 });
    const { fetch } = await client(gate);
    assert.equal((await fetch(`${gate.url}/a`)).status, 200);
    assert.equal((await fetch(`${gate.url}/b`, { method: "POST", body: "x" })).status, 200);
    assert.equal(gate.minted, 1);
    assert.equal(gate.came, 2);
  });
}

test("a pass is renewed before it ends, and nobody waits for that", async (t) => {
  let passed = 0;
  const start = Date.now();
  const now = () => Math.floor((start + passed) / 1_000);
  const gate = await startGate(t, { now });
  const given = { monotonic: () => 5_000 + passed, wall: () => start + passed };
  const { fetch } = await client(gate, given);
  const get = async () => (await fetch(`${gate.url}/a`)).status;
  assert.equal(await get(), 200);
  passed = 470_000;
  assert.equal(await get(), 200);
  assert.equal(gate.minted, 1, "four fifths are not over");
  passed = 490_000;
  assert.equal(await get(), 200);
  passed = 2_000_000;
  assert.equal(await get(), 200, "long after its end");
  assert.equal(gate.came, 4, "none was refused");
  assert.ok(gate.minted >= 2);
});

test("after a sleep a new pass is asked for", async (t) => {
  let slept = 0;
  const start = Date.now();
  const gate = await startGate(t, { now: () => Math.floor((start + slept) / 1_000) });
  const { fetch } = await client(gate, { monotonic: () => 1, wall: () => start + slept });
  assert.equal((await fetch(`${gate.url}/a`)).status, 200);
  slept = 3_600_000;
  assert.equal((await fetch(`${gate.url}/a`)).status, 200);
  assert.deepEqual([gate.minted, gate.came], [2, 2]);
  const [first, second] = gate.mints;
  assert.equal(second.time - first.time, 3_600);
});

test("more work is done when the gate asks for it", async (t) => {
  const gate = await startGate(t, { bits: 13 });
  const { fetch } = await client(gate);
  assert.equal((await fetch(`${gate.url}/a`)).status, 200);
});

test("a mint whose key was taken, or whose answer was lost, is asked anew", async (t) => {
  const gate = await startGate(t, { nextMint: [{ code: "pass/used", executed: "unknown" }] });
  const { fetch } = await client(gate);
  assert.equal((await fetch(`${gate.url}/a`)).status, 200);
});

test("a refused mint is the answer of every call, for as long as the gate says", async (t) => {
  const said = hear(t);
  let passed = 0;
  const headers = { "Retry-After": "7" };
  const gate = await startGate(t, { nextMint: [{ code: "quota/share", status: 429, headers }] });
  const { fetch, ticket } = await client(gate, {
    monotonic: () => passed, wall: () => Date.now() + passed,
  });
  const response = await fetch(`${gate.url}/a`, { method: "POST", body: "x" });
  assert.equal(response.status, 429);
  assert.equal((await response.json()).code, "quota/share");
  assert.equal((await fetch(`${gate.url}/b`)).status, 429);
  await assert.rejects(ticket(`${gate.url}/a`), { name: "Refused", code: "quota/share" });
  assert.equal(gate.came, 0);
  assert.equal(said().length, 1);
  passed = 8_000;
  assert.equal((await fetch(`${gate.url}/b`)).status, 200);
});

test("where no pass is to be had requests go as they are", async (t) => {
  const said = hear(t, "warn");
  hear(t);
  const gate = await startGate(t, { nextMint: ["no gate", "no gate", "no gate"] });
  const { fetch } = await client(gate);
  const response = await fetch(`${gate.url}/a`);
  assert.equal(response.headers.get("Doorward-Refusal"), "pass/missing");
  assert.equal(said().length, 1);
  assert.equal(gate.came, 3);
});

test("a gate that comes late is found", async (t) => {
  hear(t, "warn");
  const gate = await startGate(t, { nextMint: ["no gate"] });
  const { fetch } = await client(gate);
  assert.equal((await fetch(`${gate.url}/a`)).status, 200);
});

test("a mint that does not arrive is a network error, and nothing was sent", async (t) => {
  const gate = await startGate(t, { nextMint: ["cut"] });
  const { fetch } = await client(gate);
  await assert.rejects(fetch(`${gate.url}/a`, { method: "POST", body: "x" }), TypeError);
  assert.equal(gate.came, 0);
  assert.equal((await fetch(`${gate.url}/a`)).status, 200);
});

test("without WebCrypto the key comes in clear, and the client says so", async (t) => {
  const said = hear(t, "warn");
  const gate = await startGate(t);
  const { fetch } = await withoutWebCrypto(() => client(gate));
  const init = { method: "POST", body: "sum=1" };
  assert.equal((await fetch(`${gate.url}/a`, init)).status, 200);
  assert.deepEqual(gate.mints.map(({ plain }) => plain), [true]);
  assert.match(said()[0], /https/);
});

test("in production no key comes in clear", async (t) => {
  const said = hear(t);
  const gate = await startGate(t, { isProduction: true });
  const { fetch } = await withoutWebCrypto(() => client(gate));
  const response = await fetch(`${gate.url}/a`);
  assert.equal((await response.json()).code, "pass/plain");
  assert.match(said()[0], /Serve the page by https/);
});

/** As by plain http: chance there is, and nothing else. */
async function withoutWebCrypto(make) {
  const { subtle } = crypto;
  Object.defineProperty(crypto, "subtle", { value: undefined, configurable: true });
  const made = await make();
  delete crypto.subtle;
  if (crypto.subtle !== subtle) Object.defineProperty(crypto, "subtle", { value: subtle });
  return made;
}
