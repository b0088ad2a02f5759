// Asks the gate for a pass.

import { base64url } from "./bytes";
import type { Clock } from "./clock";
import { Refused } from "./errors";
import { type Granted, type Sign, begin } from "./keys";
import type { Place } from "./place";
import { codeOf, followsFrom, problemOf } from "./refusal";
import type { World } from "./world";

/** A pass in use. */
export interface Pass {
  text: string;
  id: string;
  sign: Sign;
  /** By the gate's clock. */
  issued: number;
  expires: number;
}

/** Times that it is asked: once more for the clock, for more work, and for a lost answer. */
const TRIES_MAX = 4;

/**
 * A new pass; none where something answers that is no gate, or a gate that hands out none.
 * Throws `Refused`, or what fetch throws.
 */
export async function mint(
  place: Place, world: World, clock: Clock, price: { bits: number },
): Promise<Pass | null> {
  for (let tries = 1; ; tries += 1) {
    const begun = await begin(world);
    const response = await ask(place, world, clock.seconds(), begun.key, price.bits);
    const code = codeOf(response);
    if (!code) {
      const isGranted = response.ok && /json/.test(response.headers.get("Content-Type") ?? "");
      if (!isGranted) return null;
      const granted = (await response.json()) as Granted;
      clock.set(granted.now);
      const sign = await begun.finish(granted);
      const { pass: text, id, now: issued, expires } = granted;
      return { text, id, sign, issued, expires };
    }
    const problem = await problemOf(response, code);
    const canRepeat = followsFrom(code, 0) !== "tell";
    if (problem.now) clock.set(problem.now);
    if (problem.bits) price.bits = problem.bits;
    if (!canRepeat || tries === TRIES_MAX) throw new Refused(problem, response);
  }
}

async function ask(
  place: Place, world: World, time: number, key: string, bits: number,
): Promise<Response> {
  const { host } = new URL(place.own);
  const text = ["doorward work v1", host, world.origin, key, time].join("\n");
  const work = base64url(await world.solve(text, bits));
  const plain = world.subtle ? undefined : true;
  return world.send(`${place.own}/pass`, {
    method: "POST",
    // A string goes as text/plain;charset=UTF-8, for which no preflight is asked.
    body: JSON.stringify({ key, time, work, plain }),
    credentials: "omit",
    cache: "no-store",
  });
}
