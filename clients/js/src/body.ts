// The body of a request, turned into the very bytes that are sent: what is signed must be what
// arrives, so the chunks of a stream are put together here, once.

import { type Bytes, base64 } from "./bytes";
import { DoorwardError } from "./errors";
import { digest } from "./keys";
import type { World } from "./world";

/** Up to here a body's digest is signed; above, its length. */
export const DIGEST_BYTES_MAX = 1_048_576;
/** So much of a stream is read: it must be whole before it is sent. */
const STREAM_BYTES_MAX = 67_108_864;

export interface Body {
  /** None: there is none, or it is empty. */
  bytes?: Bytes | Blob;
  /** `Content-Digest`. */
  digest?: string;
  /** `Content-Length`, where it is signed in place of the digest. */
  length?: string;
}

/** The body of `request`; `given` is what the page gave for it, where it is known. */
export async function bodyOf(
  request: Request, given: unknown, world: World,
): Promise<Body> {
  if (given instanceof Blob && given.size > DIGEST_BYTES_MAX) {
    // A file is not read to be signed; its length is known.
    return { bytes: given, length: String(given.size) };
  }
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (!bytes.length) return {};
  if (bytes.length > DIGEST_BYTES_MAX) return { bytes, length: String(bytes.length) };
  return { bytes, digest: `sha-256=:${base64(await digest(world, bytes))}:` };
}

/** Reads a stream to its end. */
export async function wholeOf(stream: ReadableStream): Promise<Blob> {
  const reader = stream.getReader();
  const parts: BlobPart[] = [];
  let length = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return new Blob(parts);
    length += value.byteLength;
    if (!(length < STREAM_BYTES_MAX)) {
      reader.cancel().catch(() => undefined);
      throw new DoorwardError("client/stream", "A stream needs to be bytes, 64 MiB at most.");
    }
    parts.push(value);
  }
}
