// The pass that this page has at the moment. It lives in memory alone: a pass per tab, none kept.

import { type Clock, clockOf } from "./clock";
import { Refused } from "./errors";
import { type Pass, mint } from "./mint";
import type { Place } from "./place";
import { retryAfter } from "./refusal";
import type { World } from "./world";

/** Zero bits that a pass costs, unless a refusal says otherwise. */
export const BITS = 11;
/** A pass is not used in its last seconds: it would end on the way. */
const LAST_S = 5;
/** A fifth before its end a pass is renewed, while it is still used. */
const RENEWED_AT = 0.8;
/** So long nothing is asked where no gate answered. */
const NO_GATE_MS = 30_000;
/** So long at the most a refusal of the mint is believed. */
const REFUSED_S_MAX = 60;

export interface Passes {
  clock: Clock;
  /**
   * The pass to use now. All who ask while one is being made wait for the same. None where there
   * is no gate, or one that hands out none. Throws `Refused`, or what fetch throws.
   */
  current(): Promise<Pass | null>;
  /** The gate does not take this pass, or wants one. Others may have replaced it already. */
  drop(pass: Pass | null): void;
  /** The gate wants more work than before. */
  raise(bits: number | undefined): void;
}

export function passesOf(place: Place, world: World): Passes {
  const clock = clockOf(world);
  const price = { bits: BITS };
  let held: Pass | undefined;
  let asking: Promise<Pass | null> | undefined;
  /** What was answered last, and until when nothing is asked again. */
  let answer: Promise<null> | undefined;
  let until = 0;

  const wait = (milliseconds: number, what: Promise<null>) => {
    until = world.monotonic() + milliseconds;
    answer = what;
    what.catch(() => undefined);
  };

  const ask = async () => {
    try {
      const pass = await mint(place, world, clock, price);
      if (pass) held = pass;
      else wait(NO_GATE_MS, Promise.resolve(null));
      if (!pass) world.say("warn", `${place.own}/pass gives no pass; requests go unsigned.`);
      else if (!world.subtle) world.say("warn", "the key came in clear. Use https.");
      return pass;
    } catch (error) {
      if (error instanceof Refused) {
        const seconds = Math.min(retryAfter(error.response), REFUSED_S_MAX);
        if (retryAfter(error.response) < Infinity) wait(seconds * 1_000, Promise.reject(error));
        world.say("error", error.message);
      }
      throw error;
    } finally {
      asking = undefined;
    }
  };

  const renew = () => {
    if (answer && world.monotonic() < until) return answer;
    return asking ??= ask();
  };

  const current = async () => {
    if (clock.hasJumped()) held = undefined;
    const now = clock.seconds();
    if (!held || now >= held.expires - LAST_S) return renew();
    if (now > held.issued + (held.expires - held.issued) * RENEWED_AT) {
      // Nobody waits for it; if it fails, the next one who asks tries again.
      renew().catch(() => undefined);
    }
    return held;
  };

  return {
    clock,
    current,
    drop: (pass) => {
      if (held === pass) held = undefined;
      // Where a gate refuses that none was had, there is one now.
      if (!pass) until = 0;
    },
    raise: (bits) => {
      if (bits) price.bits = bits;
    },
  };
}
