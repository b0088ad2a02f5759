// Writes dist/. The same source gives the same bytes, so that what is committed can be compared.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const FORMATS = { client: "esm", auto: "iife", work: "iife", worker: "iife", open: "iife" };
/**
 * Members that only our own modules know, none of them a browser's or the protocol's: shortened in
 * the scripts that pages load first, which have to be small.
 */
const OURS = ["monotonic", "wall", "passes", "sender", "guards", "place", "clock", "seconds",
  "hasJumped", "drop", "raise", "judge", "issued", "repeats", "hasWaited", "wasLost", "isSafe",
  "mayRepeat", "lastId", "retryMs", "endpoints", "world"];
const SHORTENED = { auto: new RegExp(`^(${OURS.join("|")})$`) };
/** What a page sees of the types, leaves first. */
const DECLARED = ["errors", "api", "client"];

/** The scripts, by name. */
export async function scripts() {
  const made = Object.entries(FORMATS).map(async ([name, format]) => {
    const { outputFiles } = await build({
      absWorkingDir: here,
      entryPoints: [`src/${name}.ts`],
      format,
      bundle: true,
      minify: true,
      write: false,
      target: "es2022",
      charset: "ascii",
      mangleProps: SHORTENED[name],
      legalComments: "none",
      banner: { js: "/* Doorward. MIT OR Apache-2.0 */" },
    });
    return [`${name}.js`, outputFiles[0].text];
  });
  return Object.fromEntries(await Promise.all(made));
}

/** The declarations, in one file: ours come from few modules, so they are put one after another. */
export function declarations() {
  const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const out = mkdtempSync(join(tmpdir(), "doorward-client-"));
  try {
    const flags = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", out];
    const all = [compiler, "-p", here, ...flags];
    execFileSync(process.execPath, all, { stdio: ["ignore", "inherit", "inherit"] });
    const texts = DECLARED.map((name) => readFileSync(join(out, `${name}.d.ts`), "utf8"));
    return texts.join("").replace(/^(import|export) .* from "\.\/.*";\n/gm, "");
  } finally {
    rmSync(out, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(here, "dist"), { recursive: true });
  const files = { ...(await scripts()), "client.d.ts": declarations() };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(here, "dist", name), text);
    if (!name.endsWith(".js")) continue;
    // As the gate sends them.
    writeFileSync(join(here, "dist", `${name}.br`), brotliCompressSync(text));
    writeFileSync(join(here, "dist", `${name}.gz`), gzipSync(text, { level: 9 }));
  }
}
