// The Worker that does the work of a pass, and what is done where it does not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startGate } from "./gate.js";
import { page } from "./window.js";

/** Timers that end at once, and Workers of which the first `idle` answer what is no work. */
function crew(idle) {
  const made = [];
  const waited = [];
  class Worker {
    constructor(url) {
      Object.assign(this, { url, bits: [], ended: 0, isIdle: made.length < idle });
      made.push(this);
    }
    postMessage([, bits]) {
      this.bits.push(bits);
      if (this.isIdle) this.onmessage({ data: new ArrayBuffer(32) });
    }
    terminate() {
      this.ended += 1;
    }
  }
  const setTimeout = (then, milliseconds) => {
    waited.push(milliseconds);
    then();
  };
  return { own: { Worker, setTimeout }, made, waited };
}

const open = (gate, more) => page({ src: `${gate.url}/.doorward/auto.js`, ...more });
const seen = (made) => made.map(({ bits, ended }) => [...bits, ended]);

test("a silent Worker is ended, and the page does the work", async (t) => {
  const gate = await startGate(t, { bits: 11 });
  const { own, made, waited } = crew(0);
  const { scope, native } = open(gate, { own });
  assert.equal((await scope.fetch(`${gate.url}/a`)).status, 200);
  assert.deepEqual([seen(made), waited], [[[11, 1]], [4_000]]);
  assert.equal(native.scripts.length, 1);
});

test("a Worker has twice as long for each bit more", async (t) => {
  const gate = await startGate(t, { bits: 13 });
  const { own, made, waited } = crew(1);
  const { scope } = open(gate, { own });
  assert.equal((await scope.fetch(`${gate.url}/a`)).status, 200);
  assert.deepEqual([seen(made), waited], [[[11, 1], [13, 1]], [4_000, 16_000]]);
});

test("without WebCrypto none is started that nobody would end", async (t) => {
  const gate = await startGate(t);
  const { own, made } = crew(0);
  const crypto = { getRandomValues: (bytes) => globalThis.crypto.getRandomValues(bytes) };
  const { scope } = open(gate, { own: { ...own, crypto } });
  assert.equal((await scope.fetch(`${gate.url}/a`)).status, 200);
  assert.deepEqual(made, []);
});
