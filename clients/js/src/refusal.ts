// What the gate said no to, and what follows from it (docs/passes.md, "Refusals").

import type { Problem } from "./errors";

export const HEADER = "Doorward-Refusal";

/** What a client does about a refusal. */
export type Follows = "renew" | "clock" | "work" | "used" | "wait" | "tell";

/** By the part of the code behind "pass/". */
const FOLLOWS: Record<string, Follows> = {
  "from-the-future": "clock",
  work: "work",
  used: "used",
};
const RENEW = /^(missing|expired|other-(instance|client)|elsewhere|forged|revoked)$/;

export function codeOf(response: Response): string | null {
  return response.headers.get(HEADER);
}

export function followsFrom(code: string, status: number): Follows {
  const [layer, name = ""] = code.split("/");
  const follows = RENEW.test(name) ? "renew" : FOLLOWS[name];
  // Too many, or not at the moment.
  const isLater = status === 429 || status === 503;
  return (layer === "pass" && follows) || (isLater ? "wait" : "tell");
}

/** Reads a refusal. The page's own copy of the body stays unread. */
export async function problemOf(response: Response, code: string): Promise<Problem> {
  try {
    return { ...(await response.clone().json()), code };
  } catch {
    return { code };
  }
}

/** Seconds to wait; none where the gate does not say. */
export function retryAfter(response: Response): number {
  const text = response.headers.get("Retry-After") ?? "";
  return /^\d+$/.test(text) ? Number(text) : Infinity;
}
