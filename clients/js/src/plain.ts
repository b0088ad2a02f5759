// By plain http there is no WebCrypto: a gate that is being tried out sends the secret itself, and
// our own HMAC signs with it.

import { type Bytes, base64url, fromBase64url } from "./bytes";
import { DoorwardError } from "./errors";
import type { Begun } from "./keys";
import { hmac } from "./sha256";

/** Begins a key that is none: 65 bytes of chance in the form of a point. */
export function begin(chance: Bytes): Begun {
  chance[0] = 4;
  const finish: Begun["finish"] = async ({ secret = "" }) => {
    const key = fromBase64url(secret);
    if (key.length !== 32) throw new DoorwardError("client/answer", "The gate sent no secret.");
    return async (text) => hmac(key, text);
  };
  return { key: base64url(chance), finish };
}
