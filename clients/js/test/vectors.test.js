// The client's parts against vectors.json, which the gate is checked against too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const PARTS = ["bytes", "keys", "sha256", "signature", "solver", "tickets", "plain"];
const vectors = JSON.parse(readFileSync(new URL("vectors.json", import.meta.url), "utf8"));
const { outputFiles } = await build({
  stdin: {
    contents: PARTS.map((name) => `export * from "./src/${name}";`).join("\n"),
    resolveDir: fileURLToPath(new URL("..", import.meta.url)),
  },
  bundle: true, format: "esm", write: false,
});
const source = Buffer.from(outputFiles[0].contents).toString("base64");
const inside = await import(`data:text/javascript;base64,${source}`);
const { bytesOf, fromBase64url } = inside;

const { subtle } = crypto;
const { key, pass } = vectors;

async function derived() {
  const own = fromBase64url(key.client_public);
  const jwk = {
    kty: "EC", crv: "P-256", d: Buffer.from(key.client_private, "hex").toString("base64url"),
    x: Buffer.from(own.subarray(1, 33)).toString("base64url"),
    y: Buffer.from(own.subarray(33)).toString("base64url"),
  };
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const mine = await subtle.importKey("jwk", jwk, curve, false, ["deriveKey"]);
  const [gates, info] = [fromBase64url(key.gate_public), fromBase64url(key.info)];
  return inside.derive(subtle, mine, own, gates, info);
}

test("the key that is kept signs, and cannot be taken out or derive", async () => {
  const kept = await derived();
  assert.deepEqual([kept.extractable, kept.usages, kept.algorithm.length], [false, ["sign"], 256]);
  await assert.rejects(subtle.exportKey("raw", kept));
});

for (const request of vectors.requests) {
  test(`signature: ${request.name}`, async () => {
    const { method, url, created, nonce, content_type: type, body, body_length: size } = request;
    const signing = {
      method, url: new URL(url), created, nonce: fromBase64url(nonce), contentType: type,
      body: { digest: request.content_digest, length: size && String(size) },
    };
    const [base] = inside.baseOf(signing, pass);
    assert.equal(base, request.base);
    const kept = await derived();
    const K = Buffer.from(key.K, "hex");
    const signs = [
      async (text) => new Uint8Array(await subtle.sign("HMAC", kept, text)),
      async (text) => inside.hmac(K, text),
    ];
    for (const sign of signs) {
      const headers = await inside.signatureOf(signing, { ...pass, sign });
      assert.equal(headers["Signature-Input"], request.signature_input);
      assert.equal(headers.Signature, request.signature);
      assert.equal(headers["Doorward-Pass"], pass.text);
      assert.equal(headers["Content-Digest"], request.content_digest);
    }
    if (!body) return;
    for (const world of [{ subtle }, { code: async () => inside.code }]) {
      const digest = inside.base64(await inside.digest(world, bytesOf(body)));
      assert.equal(`sha-256=:${digest}:`, request.content_digest);
    }
  });
}

for (const { text, seed, bits, work } of vectors.work) {
  test(`work of ${bits} bits`, async () => {
    assert.equal(Buffer.from(inside.sha256(bytesOf(text))).toString("hex"), seed);
    assert.equal(inside.base64url(inside.code.solve(text, bits)), work);
    assert.equal(inside.base64url(await inside.code.solveInSlices(text, bits)), work);
  });
}

for (const { url, body, link, ...options } of vectors.tickets) {
  test(`ticket: ${url}`, async () => {
    let sent;
    const send = async (address, init) => {
      sent = init.body;
      return Response.json({ ticket: "dwt1.a.b" });
    };
    const world = { base: () => undefined };
    const place = { origin: new URL(url).origin, own: "/.doorward" };
    const ticket = await inside.ticketOf({ place, world, sender: { send } }, url, options);
    assert.equal(sent, body);
    assert.equal(inside.linkOf(url, ticket, world), link);
  });
}

test("our SHA-256 is SHA-256, at every length around a block", async () => {
  for (let length = 0; length < 200; length += 1) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    const want = new Uint8Array(await subtle.digest("SHA-256", bytes));
    assert.deepEqual(inside.sha256(bytes), want);
  }
});
