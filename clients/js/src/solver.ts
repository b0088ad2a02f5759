// The work that a pass costs: eight numbers. It can be done at one go, or in slices that leave the
// page's thread free between them.

import { type Bytes, bytesOf } from "./bytes";
import type { Begun } from "./keys";
import { begin } from "./plain";
import { find, sha256 } from "./sha256";

const PARTS = 8;
/** A slice of work on the page's thread: shorter than a frame. */
const SLICE_MS = 8;
/** Tries between two looks at the clock: well under a millisecond, but for code without JIT. */
const TRIES = 256;
/** The gate asks for 15 at most; from 32 on the arithmetic ends. */
const BITS_MAX = 31;

/** What work.js offers. */
export interface Code {
  sha256(message: Uint8Array): Bytes;
  begin(chance: Bytes): Begun;
  solve(text: string, bits: number): Bytes;
  solveInSlices(text: string, bits: number): Promise<Bytes>;
}

/** Does the work step by step: each step says whether more is to be done. */
function* working(text: string, bits: number): Generator<void, Bytes> {
  if (!(bits > 0 && bits <= BITS_MAX)) throw new RangeError(`no work of ${bits} bits is done`);
  const seed = sha256(bytesOf(text));
  const numbers = new DataView(new ArrayBuffer(PARTS * 4));
  for (let part = 0; part < PARTS; part += 1) {
    for (let start = 0; ; start += TRIES) {
      const number = find(seed, part, bits, start, TRIES);
      if (number >= 0) {
        numbers.setUint32(part * 4, number);
        break;
      }
      yield;
    }
  }
  return new Uint8Array(numbers.buffer);
}

function solve(text: string, bits: number): Bytes {
  const work = working(text, bits);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Lets the page go on. Messages are not slowed down in hidden tabs, timers are. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

async function solveInSlices(text: string, bits: number): Promise<Bytes> {
  const work = working(text, bits);
  for (;;) {
    const end = performance.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < end);
    await pause();
  }
}

export const code: Code = { sha256, begin, solve, solveInSlices };
