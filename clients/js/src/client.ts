// client.js: what an application imports.

import type { ConnectOptions, Gate } from "./api";
import { axiosAdapter } from "./axios";
import { solving } from "./crew";
import { coreOf } from "./gate";
import { gateOfScript, placeOf } from "./place";
import { code } from "./solver";
import { waysOf } from "./ways";
import { type World, worldOf } from "./world";

export type { AxiosAdapter, ConnectOptions, Gate, TicketOptions } from "./api";
export { DoorwardError, OutcomeUnknown, Refused } from "./errors";
export type { Problem } from "./errors";

/**
 * A client of the gate at `gateUrl`: by default the one that this module came from, or the page's
 * own origin. Asks for nothing yet; the first request does, or `gate.ready()`.
 */
export async function connect(gateUrl?: string | URL, options: ConnectOptions = {}): Promise<Gate> {
  const { endpoints, guard, ...given } = options;
  const found = gateUrl === undefined ? gateHere() : { gate: String(gateUrl), endpoints };
  const base = globalThis.location?.href;
  const place = placeOf(new URL(found.gate, base).href, endpoints ?? found.endpoints, guard);
  const ours = async () => code;
  const world = worldOf({ solve: solving(`${place.own}/work.js`, ours), code: ours, ...given });
  world.send = globalThis.location ? world.fetch : withOrigin(world);
  const gate = waysOf(coreOf(place, world));
  return { ...gate, axios: axiosAdapter(gate.fetch, world) };
}

/** Browsers send the page's origin themselves; where there is no page, this does. */
function withOrigin({ fetch, origin }: World): typeof fetch {
  return (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set("Origin", origin);
    return fetch(input, { ...init, headers });
  };
}

/** The gate that served this module; a bundle of the page's own has another name. */
function gateHere(): { gate: string; endpoints?: string } {
  const here = import.meta.url;
  if (/^https?:.*\/\.doorward\/client\.js(\?|$)/.test(here)) return gateOfScript(here);
  if (!globalThis.location) throw new TypeError("Say where the gate is: connect(\"https://…\")");
  return { gate: location.origin };
}
