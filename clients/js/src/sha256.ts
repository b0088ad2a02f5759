// SHA-256 (FIPS 180-4). WebCrypto does few small digests a second, and pages by plain http have
// none at all; so the work, and they, use this.

import { type Bytes, joined } from "./bytes";

/** The first 32 bits behind the point of a root of a prime. */
function fraction(root: number): number {
  return ((root - Math.floor(root)) * 0x1_0000_0000) | 0;
}

const ROUNDS = 64;
const constants = new Int32Array(ROUNDS);
const initial = new Int32Array(8);
for (let candidate = 2, found = 0; found < ROUNDS; candidate += 1) {
  let isPrime = true;
  for (let by = 2; by * by <= candidate; by += 1) isPrime &&= candidate % by !== 0;
  if (!isPrime) continue;
  if (found < 8) initial[found] = fraction(Math.sqrt(candidate));
  constants[found] = fraction(Math.cbrt(candidate));
  found += 1;
}

const words = new Int32Array(ROUNDS);

/** Fills the schedule from its first 16 words. */
function expand(): void {
  for (let at = 16; at < ROUNDS; at += 1) {
    const low = words[at - 15]!;
    const high = words[at - 2]!;
    const first = ((low >>> 7) | (low << 25)) ^ ((low >>> 18) | (low << 14)) ^ (low >>> 3);
    const last = ((high >>> 17) | (high << 15)) ^ ((high >>> 19) | (high << 13)) ^ (high >>> 10);
    words[at] = (words[at - 16]! + first + words[at - 7]! + last) | 0;
  }
}

/** Runs rounds over the schedule, without the sum at the end. */
function run(from: Int32Array, first: number, end: number, into: Int32Array): void {
  let a = from[0]!, b = from[1]!, c = from[2]!, d = from[3]!;
  let e = from[4]!, f = from[5]!, g = from[6]!, h = from[7]!;
  for (let at = first; at < end; at += 1) {
    const turned = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + turned + (g ^ (e & (f ^ g))) + constants[at]! + words[at]!) | 0;
    const mixed = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (mixed + ((a & b) | (c & (a | b)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  into[0] = a; into[1] = b; into[2] = c; into[3] = d;
  into[4] = e; into[5] = f; into[6] = g; into[7] = h;
}

export function sha256(message: Uint8Array): Bytes {
  const blocks = new DataView(new ArrayBuffer(((message.length + 72) >> 6) << 6));
  const length = blocks.byteLength;
  new Uint8Array(blocks.buffer).set(message);
  blocks.setUint8(message.length, 0x80);
  blocks.setUint32(length - 8, Math.floor(message.length / 0x2000_0000));
  blocks.setUint32(length - 4, message.length << 3);
  const state = Int32Array.from(initial);
  const after = new Int32Array(8);
  for (let block = 0; block < length; block += 64) {
    for (let at = 0; at < 16; at += 1) words[at] = blocks.getInt32(block + at * 4);
    expand();
    run(state, 0, ROUNDS, after);
    for (let at = 0; at < 8; at += 1) state[at] = state[at]! + after[at]!;
  }
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, at) => digest.setInt32(at * 4, word));
  return new Uint8Array(digest.buffer);
}

/** HMAC-SHA256 (RFC 2104). The key has 64 bytes at most. */
export function hmac(key: Uint8Array, message: Uint8Array): Bytes {
  const pad = (filler: number) => {
    const block = new Uint8Array(64).fill(filler);
    key.forEach((byte, at) => (block[at] = byte ^ filler));
    return block;
  };
  return sha256(joined(pad(0x5c), sha256(joined(pad(0x36), message))));
}

/** Rounds that depend on the seed alone. */
const SEED_ROUNDS = 8;
const seeded = new Int32Array(8);
const tried = new Int32Array(8);

/**
 * The first number from `start` on, of `count`, with which SHA-256(seed, part, number) begins with
 * `bits` zero bits; -1 where none does. One try is one block, and begins behind the seed.
 */
export function find(
  seed: Uint8Array, part: number, bits: number, start: number, count: number,
): number {
  const view = new DataView(seed.buffer, seed.byteOffset);
  for (let at = 0; at < 8; at += 1) words[at] = view.getInt32(at * 4);
  run(initial, 0, SEED_ROUNDS, seeded);
  for (let number = start; number < start + count; number += 1) {
    words[8] = (part << 24) | (number >>> 8);
    words[9] = (number << 24) | 0x80_0000;
    words.fill(0, 10, 15);
    // 37 bytes, in bits.
    words[15] = 296;
    expand();
    run(seeded, SEED_ROUNDS, ROUNDS, tried);
    if ((tried[0]! + initial[0]!) >>> (32 - bits) === 0) return number;
  }
  return -1;
}
