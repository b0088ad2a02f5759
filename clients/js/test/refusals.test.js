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

for (const fault of ["cut", "cut after", { code: "pass/used", executed: "unknown" }]) {
  test(`POST: ${fault.code ?? fault} is an outcome that nobody knows`, async (t) => {
    const gate = await startGate(t);
    const { fetch } = await client(gate);
    gate.next.push(fault);
    const error = await fetch(`${gate.url}/a?b`, POST).catch((reason) => reason);
    assert.ok(error instanceof OutcomeUnknown);
    const { name, code, method, url, cause } = error;
    assert.deepEqual([name, code], ["OutcomeUnknown", "client/outcome-unknown"]);
    assert.deepEqual([method, url], ["POST", `${gate.url}/a?b`]);
    assert.ok(cause instanceof (fault.code ? Error : TypeError));
    assert.equal(gate.came, 1);
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
