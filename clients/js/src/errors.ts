// What can go wrong that a page may want to tell apart. All else is what fetch itself throws.

/** The base of all errors of this client. */
export class DoorwardError extends Error {
  /** What went wrong, as a word: a refusal's code, or one that begins with "client/". */
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "DoorwardError";
    this.code = code;
  }
}

/** The members of a refusal (RFC 9457, and the gate's own). */
export interface Problem {
  code: string;
  type?: string;
  title?: string;
  detail?: string;
  status?: number;
  /** Names the refusal in the gate's log. */
  id?: string;
  /** Whether the backend ran the request. */
  executed?: "no" | "unknown" | "yes";
  /** The gate's time, seconds since 1970. */
  now?: number;
  /** Zero bits that the work for a pass needs. */
  bits?: number;
}

/** The gate refused to give a pass or a ticket. */
export class Refused extends DoorwardError {
  readonly problem: Problem;
  /** The gate's answer, its body unread. */
  readonly response: Response;

  constructor(problem: Problem, response: Response) {
    super(problem.code, sentence(problem));
    this.name = "Refused";
    this.problem = problem;
    this.response = response;
  }
}

/** The request was sent and no answer came: it may have run. It was not sent again. */
export class OutcomeUnknown extends DoorwardError {
  readonly method: string;
  readonly url: string;

  constructor(method: string, url: string, cause?: unknown) {
    const advice = "look before you send it again, or send an Idempotency-Key";
    super("client/outcome-unknown", `${method} ${url} may have run: ${advice}.`, cause);
    this.name = "OutcomeUnknown";
    this.method = method;
    this.url = url;
  }
}

export function sentence(problem: Problem): string {
  const { code, title = "Refused", detail = "" } = problem;
  return `${title} (${code}). ${detail}`.trim();
}
