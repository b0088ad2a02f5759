// Signs requests by another implementation of RFC 9421, sends them, and prints what came of each.
// sign.mjs PACKAGES GATE PRIVATE_KEY
import { createHash, createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, gate, keyFile] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const { createSigner, httpbis } = require("http-message-signatures");

const partner = createSigner(createPrivateKey(readFileSync(keyFile)), "ed25519", "partner");
const batch = createSigner(Buffer.from(process.env.BATCH_SECRET ?? ""), "hmac-sha256", "batch");
const parts = ["@method", "@authority", "@path", "@query"];

/** Signs one request. */
async function signed(method, path, { body, key = partner, fields = [], nonce } = {}) {
  const headers = {};
  if (body !== undefined) {
    const digest = createHash("sha512").update(body).digest("base64");
    headers["Content-Digest"] = `sha-512=:${digest}:`;
    fields = [...fields, "content-digest"];
  }
  const request = { method, url: `${gate}${path}`, headers };
  const paramValues = nonce === undefined ? {} : { nonce };
  const params = ["created", "keyid", "alg", ...(nonce === undefined ? [] : ["nonce"])];
  const config = { key, params, paramValues, fields: [...parts, ...fields], name: "sig-b22" };
  return { ...await httpbis.signMessage(config, request), body };
}

/** Sends it, and says what came of it. */
async function outcome({ url, method, headers, body }) {
  const answer = await fetch(url, { method, headers, body });
  await answer.text();
  return answer.headers.get("doorward-refusal") ?? String(answer.status);
}

const read = await signed("GET", "/v1/items?b=2&a=1", { nonce: "one" });
const write = await signed("POST", "/v1/items", { body: '{"a":1}', nonce: "two" });
const nightly = await signed("GET", "/v1/items", { key: batch, nonce: "three" });
const said = {
  get: await outcome(read),
  again: await outcome(read),
  post: await outcome(write),
  hmac: await outcome(nightly),
  changed: await outcome({ ...await signed("GET", "/v1/items"), url: `${gate}/v1/others` }),
  body: await outcome({ ...await signed("POST", "/v1/items", { body: "a" }), body: "b" }),
};
console.log(JSON.stringify(said));
