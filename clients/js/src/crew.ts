// Has the work done by a Worker, so that the page's thread stays free.

import { type Bytes, bytesOf } from "./bytes";
import { BITS } from "./passes";
import type { Code } from "./solver";
import { spark } from "./spark";

/**
 * A Worker that is silent for so long, over what a pass costs at first, does not come any more.
 * Each bit more is twice the work: 15 took one without JIT 6 to 14 s.
 */
const SILENCE_MS = 4_000;

type Solve = (text: string, bits: number) => Promise<Bytes>;
type Ask = (message: [unknown, number]) => Promise<Bytes>;

/** Starts a Worker that answers one message; its script is a text, or the address of one. */
function hire(script: string, isText = false): Ask {
  const url = isText ? URL.createObjectURL(new Blob([script])) : script;
  const worker = new Worker(url);
  const answered = new Promise<Bytes>((resolve, reject) => {
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error("no worker"));
    };
    worker.onmessage = ({ data }) => resolve(new Uint8Array(data));
  });
  // It may fail before anybody asks.
  answered.catch(() => undefined);
  return async (message) => {
    worker.postMessage(message);
    let timer;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(reject, SILENCE_MS * Math.max(1, 2 ** (message[1] - BITS)));
    });
    try {
      return await Promise.race([answered, silence]);
    } finally {
      clearTimeout(timer);
      worker.terminate();
      if (isText) URL.revokeObjectURL(url);
    }
  };
}

/** One whose script comes along with this one: no second file is waited for. */
const carried = () => hire(`onmessage=({data:[s,b]})=>postMessage((${spark})(s,b))`, true);

/**
 * Works in a Worker; where there is none, or the page's policy forbids it, in slices. `isUrgent`:
 * the first one is started at once, while the key is made.
 */
export function solving(address: string, code: () => Promise<Code>, isUrgent = false): Solve {
  let first: Ask | undefined;
  const bySpark: Solve = async (text, bits) => {
    const seed = new Uint8Array(await crypto.subtle.digest("SHA-256", bytesOf(text)));
    const ask = first ?? carried();
    first = undefined;
    return ask([seed, bits]);
  };
  // A page's policy may forbid a script that is a text, and allow one of its own origin.
  const ways: Solve[] = [];
  if (typeof Worker !== "undefined" && typeof location !== "undefined") {
    // By plain http nothing makes its seed.
    const hasSeed = Boolean(globalThis.crypto?.subtle);
    if (hasSeed) ways.push(bySpark);
    if (new URL(address).origin === location.origin) {
      ways.push((text, bits) => hire(address)([text, bits]));
    }
    if (isUrgent && hasSeed) try { first = carried(); } catch { ways.shift(); }
  }
  return async (text, bits) => {
    for (; ways[0]; ways.shift()) {
      try {
        return await ways[0](text, bits);
      } catch {
        // The next one may do.
      }
    }
    return (await code()).solveInSlices(text, bits);
  };
}
