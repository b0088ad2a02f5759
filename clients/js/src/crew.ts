// Has the work done by a Worker, so that the page's thread stays free.

import { type Bytes, bytesOf } from "./bytes";
import type { Code } from "./solver";
import { spark } from "./spark";

/** A Worker that is silent for so long does not come any more. */
const SILENCE_MS = 4_000;

/** Has a Worker answer one message; its script is a text, or the address of one. */
function byWorker(script: string, isText: boolean, message: unknown): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const url = isText ? URL.createObjectURL(new Blob([script])) : script;
    const worker = new Worker(url);
    const end = () => {
      clearTimeout(timer);
      worker.terminate();
      if (isText) URL.revokeObjectURL(url);
    };
    const fail = (event?: Event) => {
      event?.preventDefault();
      end();
      reject(new Error("no worker"));
    };
    const timer = setTimeout(fail, SILENCE_MS);
    worker.onerror = fail;
    worker.onmessage = (event) => {
      end();
      resolve(new Uint8Array(event.data));
    };
    worker.postMessage(message);
  });
}

/** By the script that this one carries along: no second file is waited for. */
async function bySpark(text: string, bits: number): Promise<Bytes> {
  const seed = new Uint8Array(await crypto.subtle.digest("SHA-256", bytesOf(text)));
  const script = `onmessage=({data:[s,b]})=>postMessage((${spark})(s,b))`;
  return byWorker(script, true, [seed, bits]);
}

/** Works in a Worker; where there is none, or the page's policy forbids it, in slices. */
export function solving(
  address: string, code: () => Promise<Code>,
): (text: string, bits: number) => Promise<Bytes> {
  // A page's policy may forbid a script that is a text, and allow one of its own origin.
  const ways = [bySpark];
  if (typeof Worker === "undefined" || typeof location === "undefined") ways.pop();
  else if (new URL(address).origin === location.origin) {
    ways.push((text, bits) => byWorker(address, false, [text, bits]));
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
