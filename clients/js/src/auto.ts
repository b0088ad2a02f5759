// auto.js: the first script of a page. It wraps what sends requests, for guarded addresses alone,
// and never breaks a page: whatever surprises it, the browser's own functions stay.

import { solving } from "./crew";
import { coreOf } from "./gate";
import { gateOfScript, placeOf } from "./place";
import type { Code } from "./solver";
import { waysOf } from "./ways";
import { worldOf } from "./world";
import { gatedXhr } from "./xhr";

type Scope = typeof globalThis & { doorward?: unknown; doorwardWork?: Code };

const scope = globalThis as Scope;

/** Loads work.js as the page's policy allows: with the nonce that this script has. */
function codeFrom(address: string, nonce: string): () => Promise<Code> {
  return () => new Promise((resolve, reject) => {
    if (scope.doorwardWork) return resolve(scope.doorwardWork);
    const script = document.createElement("script");
    script.src = address;
    script.nonce = nonce;
    script.onload = () => resolve(scope.doorwardWork!);
    script.onerror = () => reject(new TypeError(`${address} does not load`));
    (document.head ?? document.documentElement).append(script);
  });
}

function start(): void {
  const script = document.currentScript as HTMLScriptElement | null;
  if (!script?.src) throw new Error("load it by a script element of its own");
  const { gate, endpoints } = gateOfScript(script.src);
  const { gate: said = gate, guard = "" } = script.dataset;
  const place = placeOf(said, endpoints, guard.split(/[\s,]+/).filter(Boolean));
  const work = `${place.own}/work.js`;
  const code = codeFrom(work, script.nonce ?? "");
  const core = coreOf(place, worldOf({ solve: solving(work, code, true), code }));
  const { fetch, ticket, link, ready, EventSource, WebSocket, sendBeacon } = waysOf(core);
  const { navigator } = scope;
  const beacon = navigator.sendBeacon?.bind(navigator);
  const wrapped = {
    fetch, EventSource, WebSocket, XMLHttpRequest: gatedXhr(core),
    doorward: { fetch, ticket, link, ready },
  };
  // Behind nothing: the page loads meanwhile. Who asks first says what went wrong.
  ready().catch(() => undefined);
  Object.assign(scope, wrapped);
  if (beacon) navigator.sendBeacon = (url, body) =>
    core.guards(url) ? sendBeacon(url, body) : beacon(url, body);
}

try {
  start();
} catch (error) {
  console.warn("Doorward: auto.js leaves this page as it is.", error);
}
