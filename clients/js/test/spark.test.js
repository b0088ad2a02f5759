// The work in one function: it does what work.js does, as a Worker's whole script.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import vm from "node:vm";
import { dist } from "./kit.js";

/** The function that auto.js sends to its Worker, found by what it says there. */
function spark() {
  const { 1: name } = /`onmessage=\(\{data:\[s,b\]\}\)=>postMessage\(\(\$\{(\w+)\}\)/.exec(dist("auto.js"));
  const begin = dist("auto.js").indexOf(`function ${name}(`);
  let depth = 0;
  for (let at = dist("auto.js").indexOf("{", begin); ; at += 1) {
    const letter = dist("auto.js")[at];
    if (letter === "{") depth += 1;
    if (letter === "}" && (depth -= 1) === 0) return dist("auto.js").slice(begin, at + 1);
  }
}

const digest = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();

test("stands alone, and finds the first number of each puzzle", () => {
  const solve = vm.runInNewContext(`(${spark()})`);
  for (const [text, bits] of [["a", 0], ["b", 1], ["c", 8], ["d", 12]]) {
    const seed = digest(Buffer.from(text));
    const numbers = Buffer.from(solve(new Uint8Array(seed), bits));
    assert.equal(numbers.length, 32);
    for (let part = 0; part < 8; part += 1) {
      const zeros = (number) => {
        const four = Buffer.alloc(4);
        four.writeUInt32BE(number);
        return Math.clz32(digest(seed, Buffer.from([part]), four).readUInt32BE());
      };
      const number = numbers.readUInt32BE(part * 4);
      assert.ok(zeros(number) >= bits, `${text} ${part}`);
      for (let before = 0; before < number; before += 1) assert.ok(zeros(before) < bits);
    }
  }
});
