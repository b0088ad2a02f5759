// Where the gate is, and which addresses it guards.

import type { World } from "./world";

export interface Place {
  /** "https://gate.example" */
  origin: string;
  /** The path of a proxy in front, without a slash at the end: "" or "/api". */
  root: string;
  /** Where the gate's own addresses begin: "https://gate.example/api/.doorward" */
  own: string;
  /** Patterns of paths, where only some are guarded. */
  guard: RegExp[];
}

const OWN = "/.doorward";

/** Reads the address of a gate. */
export function placeOf(gate: string, endpoints = OWN, guard: readonly string[] = []): Place {
  const url = new URL(gate);
  const root = url.pathname.replace(/\/+$/, "");
  return {
    origin: url.origin,
    root,
    own: url.origin + root + endpoints,
    guard: guard.map(patternOf),
  };
}

/** The gate's address of one of its own scripts: "https://gate/api/.doorward/auto.js". */
export function gateOfScript(script: string): { gate: string; endpoints: string } {
  const url = new URL(script);
  const [, root = "", endpoints = OWN] = /^(.*)(\/[^/]+)\/[^/]*$/.exec(url.pathname) ?? [];
  return { gate: url.origin + root, endpoints };
}

/** "/api/*": a star stands for anything. */
function patternOf(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

/** The address that a page means; none where it is no address. */
export function addressOf(input: unknown, world: World): URL | undefined {
  try {
    const text = (input as Request).url ?? String(input);
    const url = new URL(text, world.base());
    url.protocol = url.protocol.replace(/^ws/, "http");
    return url;
  } catch {
    // Whoever is given it says what is wrong with it.
    return undefined;
  }
}

/** Whether the gate guards an address. Its own addresses need no pass. */
export function isGuarded(place: Place, url: URL | undefined): url is URL {
  if (url?.origin !== place.origin) return false;
  const { pathname } = url;
  const isBelow = (root: string) => pathname === root || pathname.startsWith(`${root}/`);
  if (!isBelow(place.root) || isBelow(place.own.slice(place.origin.length))) return false;
  return !place.guard.length || place.guard.some((pattern) => pattern.test(pathname));
}
