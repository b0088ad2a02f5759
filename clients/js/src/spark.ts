// The work of a pass in one function that stands alone: its text is a Worker's whole script, so
// that a first visit waits for no second file.

/** Solves the eight puzzles of a seed (SHA-256, FIPS 180-4, of blocks of 37 bytes). */
export function spark(seed: Uint8Array, bits: number): ArrayBuffer {
  const constants = new Int32Array(64);
  const begin = new Int32Array(64);
  const words = new Int32Array(64);
  const from = new DataView(seed.buffer, seed.byteOffset);
  const out = new DataView(new ArrayBuffer(32));
  const fraction = (root: number) => ((root % 1) * 2 ** 32) | 0;
  for (let prime = 2, found = 0; found < 64; prime += 1) {
    let by = 2;
    while (prime % by) by += 1;
    if (by < prime) continue;
    begin[found] = fraction(Math.sqrt(prime));
    constants[found] = fraction(Math.cbrt(prime));
    found += 1;
  }
  for (let part = 0; part < 8; part += 1) {
    for (let number = 0; ; number += 1) {
      for (let at = 0; at < 16; at += 1) words[at] = at < 8 ? from.getInt32(at * 4) : 0;
      words[8] = (part << 24) | (number >>> 8);
      words[9] = (number << 24) | 0x80_0000;
      words[15] = 37 * 8;
      let a = begin[0]!, b = begin[1]!, c = begin[2]!, d = begin[3]!;
      let e = begin[4]!, f = begin[5]!, g = begin[6]!, h = begin[7]!;
      for (let at = 0; at < 64; at += 1) {
        if (at > 15) {
          const low = words[at - 15]!;
          const high = words[at - 2]!;
          words[at] = (words[at - 16]! + words[at - 7]! +
            (((low >>> 7) | (low << 25)) ^ ((low >>> 18) | (low << 14)) ^ (low >>> 3)) +
            (((high >>> 17) | (high << 15)) ^ ((high >>> 19) | (high << 13)) ^ (high >>> 10))) | 0;
        }
        const one = (h + constants[at]! + words[at]! + (g ^ (e & (f ^ g))) +
          (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7)))) | 0;
        const two = (((a & b) | (c & (a | b))) +
          (((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10)))) | 0;
        h = g;
        g = f;
        f = e;
        e = (d + one) | 0;
        d = c;
        c = b;
        b = a;
        a = (one + two) | 0;
      }
      if (!bits || !((a + begin[0]!) >>> (32 - bits))) {
        out.setUint32(part * 4, number);
        break;
      }
    }
  }
  return out.buffer;
}
