// Signs requests and sends them, more than once where that is right.

import { OutcomeUnknown, Refused } from "./errors";
import { History, type Judge, judgeOf } from "./judge";
import type { Pass } from "./mint";
import type { Passes } from "./passes";
import { type Prepared, prepare } from "./prepare";
import { codeOf } from "./refusal";
import { signatureOf } from "./signature";
import { orAborted } from "./waiting";
import type { World } from "./world";

export interface Sender {
  /** The headers that sign a request; none without a pass: the gate says what it thinks. */
  sign(prepared: Prepared, pass: Pass | null): Promise<Record<string, string>>;
  /** As fetch, signed. */
  send(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /** Whether a refused request is to be sent again; gets ready for it. */
  judge: Judge;
  passes: Passes;
}

export function senderOf(world: World, passes: Passes): Sender {
  const { clock } = passes;
  const judge = judgeOf(world, passes);

  const sign: Sender["sign"] = async ({ method, url, body, headers }, pass) => {
    if (!pass) return {};
    const contentType = headers.get("Content-Type");
    const [created, nonce] = [clock.seconds(), world.random(16)];
    return signatureOf({ method, url, body, contentType, created, nonce }, pass);
  };

  /**
   * None: the connection died, and it is sent again. What must not run twice goes with the same
   * signature, and says so: the gate then lets it in only where it takes each signature once, and
   * the first has never arrived.
   */
  const sendOnce = async (prepared: Prepared, pass: Pass | null, history: History) => {
    const headers = new Headers(prepared.headers);
    const signed = history.lost ?? await sign(prepared, pass);
    for (const name in signed) headers.set(name, signed[name]!);
    const { method, url, isSafe, mayRepeat, signal } = prepared;
    signal?.throwIfAborted();
    try {
      return await prepared.send(headers);
    } catch (error) {
      if (signal?.aborted) throw error;
      if (history.wasLost || !(mayRepeat || pass)) {
        throw isSafe ? error : new OutcomeUnknown(method, url.href, error);
      }
      history.wasLost = true;
      if (!mayRepeat) history.lost = { ...signed, "Doorward-Again": "1" };
      return undefined;
    }
  };

  const send: Sender["send"] = async (input, init) => {
    const prepared = await prepare(input, init, world);
    const history = new History();
    let pass: Pass | null = null;
    for (;;) {
      try {
        // A new pass, or why there is none, would say nothing about what was lost.
        if (!history.lost) pass = await orAborted(passes.current(), prepared.signal);
        const response = await sendOnce(prepared, pass, history);
        if (!response) continue;
        const code = codeOf(response);
        // Where it was sent on, what answers is not what was asked: the first may have run.
        if (!code || response.redirected) return response;
        if (history.lost && code !== "pass/used") {
          // Only of a signature that it knows can the gate say what became of the first.
          throw new OutcomeUnknown(prepared.method, prepared.url.href, response);
        }
        if (!(await judge(prepared, pass, response, code, history))) return response;
        history.lost = undefined;
        response.body?.cancel().catch(() => undefined);
      } catch (error) {
        // Without a pass, why there is none is the answer.
        if (error instanceof Refused) return error.response.clone();
        throw error;
      }
    }
  };

  return { sign, send, judge, passes };
}
