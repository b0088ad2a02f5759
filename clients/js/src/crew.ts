// Has the work done by a Worker, so that the page's thread stays free.

import type { Bytes } from "./bytes";
import type { Code } from "./solver";

/** A Worker that is silent for so long does not come any more. */
const SILENCE_MS = 10_000;

function byWorker(address: string, text: string, bits: number): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    const isOwn = new URL(address).origin === location.origin;
    // A Worker's script must be of the page's origin; what it imports need not.
    const wrapped = () => new Blob([`importScripts(${JSON.stringify(address)})`]);
    const url = isOwn ? address : URL.createObjectURL(wrapped());
    const worker = new Worker(url);
    const end = () => {
      clearTimeout(timer);
      worker.terminate();
      if (!isOwn) URL.revokeObjectURL(url);
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
      resolve(event.data);
    };
    worker.postMessage([text, bits]);
  });
}

/** Works in a Worker; where there is none, or the page's policy forbids it, in slices. */
export function solving(
  address: string, code: () => Promise<Code>,
): (text: string, bits: number) => Promise<Bytes> {
  let hasWorkers = typeof Worker !== "undefined" && typeof location !== "undefined";
  return async (text, bits) => {
    if (hasWorkers) {
      try {
        return await byWorker(address, text, bits);
      } catch {
        hasWorkers = false;
      }
    }
    return (await code()).solveInSlices(text, bits);
  };
}
