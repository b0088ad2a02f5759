// What follows from each refusal, and from none.

import assert from "node:assert/strict";
import { test } from "node:test";
import { OutcomeUnknown } from "../dist/client.js";
import { startGate } from "./gate.js";
import { client, hear } from "./kit.js";

const POST = { method: "POST", body: "x" };
const KEYED = { ...POST, headers: { "Idempotency-Key": "k" } };
const LATER = (seconds) => ({
  code: "quota/share", status: 429, headers: { "Retry-After": String(seconds) },
});

// The refusals that come, the request, and: its status, how often it came, passes made.
const ROWS = [
  ...["missing", "expired", "other-instance", "other-client", "elsewhere", "forged", "revoked"]
    .map((name) => [[`pass/${name}`], POST, [200, 2, 2]]),
  [["pass/from-the-future"], POST, [200, 2, 1]],
  [[{ code: "pass/work", bits: 10 }], POST, [200, 2, 2]],
  [["pass/expired", "pass/expired"], POST, [200, 3, 3]],
  [["pass/expired", "pass/expired", "pass/expired"], POST, [403, 3, 3]],
  [[{ code: "pass/used", executed: "no" }], POST, [200, 2, 1]],
  [[{ code: "pass/used", executed: "yes" }], {}, [200, 2, 1]],
  [[{ code: "pass/used", executed: "unknown" }], KEYED, [200, 2, 1]],
  ...["incomplete", "body-differs", "other-origin", "other-host", "other-request", "malformed"]
    .map((name) => [[`pass/${name}`], {}, [403, 1, 1]]),
  [["site/cross-site"], {}, [403, 1, 1]],
  [[LATER(0)], {}, [200, 2, 1]],
  [[LATER(0), LATER(0)], {}, [429, 2, 1]],
  [[LATER(6)], {}, [429, 1, 1]],
  [[LATER(0)], POST, [429, 1, 1]],
  [[{ ...LATER(0), code: "pass/store-away", status: 503 }], {}, [200, 2, 1]],
  [["cut"], {}, [200, 2, 1]],
  [["cut after"], {}, [200, 2, 1]],
  [["cut"], KEYED, [200, 2, 1]],
  // The same signature again: it runs only where the first never arrived.
  [["cut"], POST, [200, 2, 1]],
];

for (const [next, init, want] of ROWS) {
  const name = next.map((fault) => fault.code ?? fault).join(", ");
  test(`${init.method ?? "GET"}${init.headers ? " with a key" : ""}: ${name}`, async (t) => {
    const said = hear(t);
    const gate = await startGate(t);
    const { fetch } = await client(gate);
    gate.next.push(...next);
    const response = await fetch(`${gate.url}/a`, init);
    const { code } = await response.json();
    assert.deepEqual([response.status, gate.came, gate.minted], want);
    if (response.status !== 200) assert.equal(code, next[0].code ?? next[0]);
    const isTold = response.status === 403;
    assert.equal(said().length, isTold ? 1 : 0);
    if (isTold) assert.match(said()[0], new RegExp(`${code}\\)\\. What to do\\.`));
  });
}

// What comes, how often the gate was asked, how often it ran, and what the error says of it.
for (const [next, came, ran, cause] of [
  [["cut", "cut"], 2, 0, TypeError],
  [["cut after"], 2, 1, Error],
  [["cut after", "cut"], 2, 1, TypeError],
  // A gate that has restarted, or whose share is used up, cannot tell what became of the first.
  [["cut after", "pass/other-instance"], 2, 1, Response],
  [["cut after", LATER(0)], 2, 1, Response],
  [[{ code: "pass/used", executed: "unknown" }], 1, 0, Error],
]) {
  const name = next.map((fault) => fault.code ?? fault).join(", ");
  test(`POST: ${name} is an outcome that nobody knows`, async (t) => {
    const gate = await startGate(t);
    const { fetch } = await client(gate);
    gate.next.push(...next);
    const error = await fetch(`${gate.url}/a?b`, POST).catch((reason) => reason);
    assert.ok(error instanceof OutcomeUnknown);
    const { name, code, method, url } = error;
    assert.deepEqual([name, code], ["OutcomeUnknown", "client/outcome-unknown"]);
    assert.deepEqual([method, url], ["POST", `${gate.url}/a?b`]);
    assert.ok(error.cause instanceof cause);
    assert.deepEqual([gate.came, gate.ran.length], [came, ran]);
  });
}

for (const claims of [true, false]) {
  test(`a gate that claims ${claims ? "" : "nothing "}runs nothing twice`, async (t) => {
    const gate = await startGate(t, { next: ["cut after"], claims });
    const { fetch } = await client(gate);
    await assert.rejects(fetch(`${gate.url}/a`, POST), OutcomeUnknown);
    assert.deepEqual([gate.came, gate.ran.length], [2, 1]);
  });
}

test("what was lost twice is told", async (t) => {
  const gate = await startGate(t, { next: ["cut", "cut", "cut"] });
  const { fetch } = await client(gate);
  await assert.rejects(fetch(`${gate.url}/a`), TypeError);
  assert.equal(gate.came, 2);
});

test("a gate that restarted costs one pass for all calls", async (t) => {
  const gate = await startGate(t);
  const { fetch } = await client(gate);
  await fetch(`${gate.url}/a`);
  gate.restart();
  const calls = Array.from({ length: 10 }, () => fetch(`${gate.url}/a`, POST));
  for (const response of await Promise.all(calls)) assert.equal(response.status, 200);
  assert.equal(gate.minted, 2);
});

test("what was sent on after it ran is not sent again", async (t) => {
  const gate = await startGate(t);
  const { fetch } = await client(gate);
  const response = await fetch(`${gate.url}/moved`, POST);
  assert.equal(response.status, 403, "the signature was for the first address");
  assert.deepEqual(gate.ran.map(({ url }) => url), ["/moved"]);
});

test("a code is told once", async (t) => {
  const said = hear(t);
  const gate = await startGate(t, { next: ["pass/other-host", "pass/other-host"] });
  const { fetch } = await client(gate);
  await fetch(`${gate.url}/a`);
  await fetch(`${gate.url}/b`);
  assert.equal(said().length, 1);
});
