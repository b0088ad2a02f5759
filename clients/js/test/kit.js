// What the tests have in common.

import { readFileSync } from "node:fs";
import { mock } from "node:test";
import { connect } from "../dist/client.js";

export const ORIGIN = "https://shop.example";

/** What the built script says. */
export function bytes(name) {
  return readFileSync(new URL(`../dist/${name}`, import.meta.url));
}

/** One as text. */
export function dist(name) {
  return readFileSync(new URL(`../dist/${name}`, import.meta.url), "utf8");
}

/** A client of a gate, as a page on the shop's origin. */
export function client(gate, options = {}) {
  return connect(gate.url, { origin: ORIGIN, ...options });
}

/** Keeps what is said in the console from the terminal. */
export function hear(t, level = "error") {
  const heard = mock.method(console, level, () => undefined);
  t.after(() => heard.mock.restore());
  return () => heard.mock.calls.map(({ arguments: [text] }) => text);
}

/** Waits for one event. */
export function event(target, type) {
  return new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));
}
