// A call of fetch, made ready: everything that is signed is known, everything else stays as given.

import { type Body, bodyOf, wholeOf } from "./body";
import { blobOf } from "./form";
import { orAborted } from "./waiting";
import type { World } from "./world";

export interface Prepared {
  url: URL;
  method: string;
  headers: Headers;
  body: Body;
  signal: AbortSignal | undefined | null;
  /** Whether doing it twice is as good as once (RFC 9110 9.2.1). */
  isSafe: boolean;
  /** Whether it may be sent again though it may have run. */
  mayRepeat: boolean;
  /** Sends it with these headers. */
  send(headers: Headers): Promise<Response>;
}

const SAFE = ["GET", "HEAD", "OPTIONS"];

/** A request as the first argument, of whatever frame. */
export function isRequest(input: unknown): input is Request {
  return typeof input === "object" && input !== null && "url" in input && "headers" in input;
}

export async function prepare(
  input: RequestInfo | URL, init: RequestInit = {}, world: World,
): Promise<Prepared> {
  if (isRequest(init)) {
    // Its members are not its own, so they cannot be copied one by one.
    input = new Request(input, init);
    init = {};
  }
  const signal = init.signal ?? (isRequest(input) ? input.signal : undefined);
  let { body: given } = init;
  // Read here, for not every browser takes a stream as a body.
  if (given instanceof ReadableStream) given = await orAborted(wholeOf(given), signal);
  if (given instanceof FormData) given = blobOf(given, world.random(16));
  // A member that is undefined is not one that is missing, so it stays away.
  if (given) init = { ...init, body: given };
  // Throws what fetch would throw.
  const request = new Request(input, init);
  const headers = new Headers(request.headers);
  const body = await orAborted(bodyOf(request, given, world), signal);
  const sent = body.bytes ?? (request.bodyUsed ? new Uint8Array() : undefined);
  const isSafe = SAFE.includes(request.method);
  const url = new URL(request.url);
  url.hash = "";
  return {
    url,
    method: request.method,
    headers,
    body,
    signal,
    isSafe,
    mayRepeat: isSafe || headers.has("Idempotency-Key"),
    send: (signed) => world.send(...call(input, request, { ...init, body: sent ?? null }, signed)),
  };
}

/** What fetch is called with. */
function call(
  input: RequestInfo | URL, request: Request, init: RequestInit, headers: Headers,
): [RequestInfo, RequestInit] {
  if (!isRequest(input)) return [request.url, { ...init, headers }];
  // Fetch 5.4: any member given beside a request resets its referrer.
  const { referrer, referrerPolicy } = request;
  const isSet = referrer !== "about:client";
  return [request, { ...init, headers, referrerPolicy, ...(isSet ? { referrer } : {}) }];
}
