// What is committed in dist/ is what the source gives.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { declarations, scripts } from "../build.mjs";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { bytes, dist } from "./kit.js";

test("dist/ is what the source gives, twice", async () => {
  const [first, second] = [await scripts(), await scripts()];
  for (const name in first) {
    assert.equal(first[name], second[name], name);
    assert.equal(dist(name), first[name], `${name} is old: npm run build`);
    // Compressors may differ in their bytes, never in what comes out.
    assert.equal(String(brotliDecompressSync(bytes(`${name}.br`))), first[name], `${name}.br`);
    assert.equal(String(gunzipSync(bytes(`${name}.gz`))), first[name], `${name}.gz`);
  }
  assert.equal(dist("client.d.ts"), declarations());
});

test("the declarations stand alone", () => {
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const file = fileURLToPath(new URL("../dist/client.d.ts", import.meta.url));
  const flags = ["--noEmit", "--strict", "--lib", "ES2022,DOM,DOM.Iterable", "--target", "ES2022"];
  execFileSync(process.execPath, [compiler, ...flags, file], { stdio: "pipe" });
});

test("no script says where it was made", async () => {
  for (const [name, text] of Object.entries(await scripts())) {
    assert.doesNotMatch(text, /sourceMappingURL|\/(tmp|home|root)\//, name);
  }
});
