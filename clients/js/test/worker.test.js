// worker.js: what a service worker signs.

import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { startGate } from "./gate.js";
import { dist } from "./kit.js";

const SHARED = [
  "Request", "Response", "Headers", "FormData", "Blob", "URL", "ReadableStream", "TextEncoder",
  "TextDecoder", "MessageChannel", "AbortController", "crypto", "performance", "setTimeout",
  "clearTimeout", "atob", "btoa", "console", "Uint8Array", "ArrayBuffer",
];

function worker(gate, href, origin) {
  const listeners = {};
  const scope = Object.fromEntries(SHARED.map((name) => [name, globalThis[name]]));
  Object.assign(scope, {
    origin,
    location: { href, origin: new URL(href).origin },
    addEventListener: (type, listen) => (listeners[type] = listen),
    // A browser adds the origin.
    fetch: (input, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set("Origin", origin);
      return fetch(input, { ...init, headers });
    },
  });
  vm.createContext(scope);
  vm.runInContext(dist("worker.js"), scope);
  return { scope, listeners };
}

const asked = (url, init) => {
  const request = new Request(url, init);
  const event = { request, respondWith: (answer) => (event.answer = answer) };
  return event;
};

test("signs what the page cannot, and nothing else", async (t) => {
  const gate = await startGate(t);
  gate.origin = gate.url;
  const { listeners } = worker(gate, `${gate.url}/.doorward/worker.js`, gate.url);
  const headers = { Accept: "image/*", Range: "bytes=0-9", "Cache-Control": "no-cache" };
  const image = asked(`${gate.url}/a.png?b`, { headers });
  listeners.fetch(image);
  assert.equal((await image.answer).status, 200);
  const { range, accept, "cache-control": control } = gate.ran[0].headers;
  assert.deepEqual([range, accept], ["bytes=0-9", "image/*"]);
  assert.notEqual(control, "no-cache, no-cache");
  const left = [
    asked(`${gate.url}/a`, { method: "POST" }),
    asked(`${gate.url}/.doorward/healthz`),
    asked("https://elsewhere.example/a"),
    asked(`${gate.url}/a`, { headers: { "Doorward-Pass": "signed by the page" } }),
  ];
  for (const event of left) {
    listeners.fetch(event);
    assert.equal(event.answer, undefined);
  }
});

test("is called by a worker that there is already", async (t) => {
  const gate = await startGate(t);
  const { scope, listeners } = worker(gate, "https://shop.example/sw.js", "https://shop.example");
  assert.deepEqual(Object.keys(listeners), []);
  scope.doorward.connect(gate.url, ["/media/*"]);
  const media = asked(`${gate.url}/media/a`);
  assert.equal(scope.doorward.answer(media), true);
  assert.equal((await media.answer).status, 200);
  assert.equal(scope.doorward.answer(asked(`${gate.url}/a`)), false);
});
