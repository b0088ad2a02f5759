// Whether a refused request is sent again: only what surely did not run, or may run twice.

import { OutcomeUnknown, Refused, sentence } from "./errors";
import type { Pass } from "./mint";
import type { Passes } from "./passes";
import type { Prepared } from "./prepare";
import { followsFrom, problemOf, retryAfter } from "./refusal";
import { orAborted, pause } from "./waiting";
import type { World } from "./world";

/** Times that a request is sent again. */
const REPEATS_MAX = 2;
/** The longest that a call waits because the gate asks for it. */
const RETRY_AFTER_S_MAX = 5;

/** How often a request was sent, and why. */
export class History {
  repeats = 0;
  hasWaited = false;
  wasLost = false;
  /** What signed the request that was lost, and must not run twice. */
  lost: Record<string, string> | undefined;
}

/** Says whether to send it again, and gets ready for it. */
export type Judge = (
  prepared: Prepared, pass: Pass | null, response: Response, code: string, history: History,
) => Promise<boolean>;

export function judgeOf(world: World, passes: Passes): Judge {
  return async (prepared, pass, response, code, history) => {
    const { isSafe, mayRepeat, signal } = prepared;
    const follows = followsFrom(code, response.status);
    if (follows === "wait") {
      const seconds = retryAfter(response);
      if (!isSafe || history.hasWaited || seconds > RETRY_AFTER_S_MAX) return false;
      history.hasWaited = true;
      await pause(seconds * 1_000, signal);
      return true;
    }
    const problem = await orAborted(problemOf(response, code), signal);
    // Of all others the protocol says that nothing ran; a gate that knows better says so.
    const { now, bits, executed = follows === "used" ? "unknown" : "no" } = problem;
    const isOver = follows === "tell" || history.repeats >= REPEATS_MAX;
    if (isOver) world.say("error", sentence(problem));
    history.repeats += 1;
    if (executed !== "no" && !mayRepeat) {
      if (follows !== "used") return false;
      throw new OutcomeUnknown(prepared.method, prepared.url.href, new Refused(problem, response));
    }
    if (follows === "clock" && now) passes.clock.set(now);
    // A nonce that was used says nothing against its pass.
    else if (follows !== "used" && !isOver) passes.drop(pass);
    passes.raise(bits);
    return !isOver;
  };
}
