// The key of a pass. A fresh pair is made for each; what is kept in the end can sign and nothing
// else. Whoever held the private key or the HKDF key could derive the secret once more in a form
// that can be taken out, so neither outlives the function that it is made in.

import { type Bytes, base64url, fromBase64url, joined } from "./bytes";
import type { World } from "./world";

/** Makes the signature of what is given. */
export type Sign = (text: Bytes) => Promise<Bytes>;

/** What the gate answers. */
export interface Granted {
  pass: string;
  id: string;
  key?: string;
  info?: string;
  secret?: string;
  now: number;
  expires: number;
}

/** A key that was begun: its public half, and what makes a signer of the gate's answer. */
export interface Begun {
  key: string;
  finish(granted: Granted): Promise<Sign>;
}

const CURVE = { name: "ECDH", namedCurve: "P-256" };

export async function begin({ subtle, code, random }: World): Promise<Begun> {
  if (!subtle) return (await code()).begin(random(65));
  const pair = await subtle.generateKey(CURVE, false, ["deriveKey"]);
  const own = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
  const finish = async ({ key = "", info = "" }: Granted) => {
    const gates = fromBase64url(key);
    const kept = await derive(subtle, pair.privateKey, own, gates, fromBase64url(info));
    return signer(subtle, kept);
  };
  return { key: base64url(own), finish };
}

/** Apart, for a function made within another keeps alive what the other knows. */
function signer(subtle: SubtleCrypto, key: CryptoKey): Sign {
  return async (text) => new Uint8Array(await subtle.sign("HMAC", key, text));
}

/** ECDH, HKDF and HMAC (docs/passes.md), handles only. */
export async function derive(
  subtle: SubtleCrypto, mine: CryptoKey, own: Bytes, gates: Bytes, info: Bytes,
): Promise<CryptoKey> {
  const peer = await subtle.importKey("raw", gates, CURVE, false, []);
  const agreed = { name: "ECDH", public: peer };
  const middle = await subtle.deriveKey(agreed, mine, "HKDF", false, ["deriveKey"]);
  const salt = await subtle.digest("SHA-256", joined(own, gates));
  const spread = { name: "HKDF", hash: "SHA-256", salt, info };
  // Without a length, an HMAC key is as long as a block: 64 bytes.
  const signing = { name: "HMAC", hash: "SHA-256", length: 256 };
  return subtle.deriveKey(spread, middle, signing, false, ["sign"]);
}

/** SHA-256 of a body. */
export async function digest(world: World, bytes: Bytes): Promise<Bytes> {
  if (!world.subtle) return (await world.code()).sha256(bytes);
  return new Uint8Array(await world.subtle.digest("SHA-256", bytes));
}
