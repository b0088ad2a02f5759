// What the client takes from where it runs. Time and chance come in here, so that tests can
// give others.

import type { Bytes } from "./bytes";
import type { Code } from "./solver";

export interface World {
  /** The real fetch, never the one that signs. */
  fetch: typeof fetch;
  /** The same, for what goes to the gate. */
  send: typeof fetch;
  /** Milliseconds that only grow; where they start does not matter. */
  monotonic(): number;
  /** Milliseconds since 1970, as right as the machine's clock is. */
  wall(): number;
  random(length: number): Bytes;
  /** None by plain http. */
  subtle: SubtleCrypto | undefined;
  /** The page's own origin. */
  origin: string;
  /** What relative addresses are relative to. */
  base(): string | undefined;
  /** Does the work for a pass. */
  solve(text: string, bits: number): Promise<Bytes>;
  /** Our own SHA-256, for pages without WebCrypto. */
  code(): Promise<Code>;
  /** Tells the developer, each thing once. */
  say(level: "warn" | "error", text: string): void;
}

export type WorldGiven = Pick<World, "solve" | "code"> & Partial<World>;

/** The world of a page, a worker or Node. */
export function worldOf(given: WorldGiven): World {
  const scope = globalThis as typeof globalThis & { origin?: string; process?: unknown };
  const origin = given.origin ?? scope.origin ?? scope.location?.origin;
  if (!origin) throw new TypeError("Say for which page: connect(gate, { origin })");
  const said = new Set<string>();
  const bare = scope.fetch.bind(scope);
  return {
    fetch: bare,
    send: bare,
    monotonic: () => performance.now(),
    wall: () => Date.now(),
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    subtle: scope.crypto?.subtle,
    base: () => scope.document?.baseURI ?? scope.location?.href,
    say: (level, text) => {
      if (!said.has(text)) console[level](`Doorward: ${text}`);
      said.add(text);
    },
    ...given,
    origin,
  };
}
