// worker.js: a service worker, by choice, for what a page cannot sign itself: images, media,
// downloads. As a worker of its own it answers by itself; one that there is already imports it
// and calls `doorward.answer(event)`.

import { type Core, coreOf } from "./gate";
import { gateOfScript, placeOf } from "./place";
import { code } from "./solver";
import { worldOf } from "./world";

interface Asked extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

interface Scope {
  location: Location;
  doorward: { connect(gate: string, guard?: string[]): void; answer(event: Asked): boolean };
  addEventListener(type: string, listen: (event: Asked) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}

const scope = globalThis as unknown as Scope;
const { href } = scope.location;
const ours = async () => code;
let core = coreAt(scope.location.origin);

function coreAt(gate: string, endpoints?: string, guard?: string[]): Core {
  const place = placeOf(gate, endpoints, guard);
  return coreOf(place, worldOf({ solve: code.solveInSlices, code: ours }));
}

/** What of a request's own headers goes on: the rest is the browser's to set. */
const KEPT = /^(accept(-language)?|range|if-.*|last-event-id|authorization|x-.*)$/;

function fresh({ url, method, headers, credentials, cache, signal, mode }: Request): Request {
  const kept = [...headers].filter(([name]) => KEPT.test(name));
  // What is not asked for with CORS cannot carry our headers. A navigation follows itself.
  const redirect = mode === "navigate" ? "manual" : "follow";
  const sent: RequestInit = { method, headers: kept, credentials, signal, redirect, mode: "cors" };
  // "only-if-cached" is for the mode same-origin alone.
  if (cache !== "only-if-cached") sent.cache = cache;
  return new Request(url, sent);
}

function answer(event: Asked): boolean {
  const { request } = event;
  const isOurs = /^(GET|HEAD)$/.test(request.method) && core.guards(request) &&
    !request.headers.has("Doorward-Pass");
  if (isOurs) event.respondWith(core.fetch(fresh(request)));
  return isOurs;
}

function connect(gate: string, guard?: string[]): void {
  core = coreAt(gate, undefined, guard);
}

scope.doorward = { connect, answer };
const { pathname, searchParams } = new URL(href);
if (/\/worker\.js$/.test(pathname)) {
  const { gate, endpoints } = gateOfScript(href);
  core = coreAt(gate, endpoints, searchParams.getAll("guard"));
  scope.addEventListener("install", () => void scope.skipWaiting());
  scope.addEventListener("activate", () => void scope.clients.claim());
  scope.addEventListener("fetch", answer);
}
