// Signs requests by another implementation of RFC 9421, sends them, and prints what came of each.
// sign.mjs PACKAGES GATE ED25519_PRIVATE_KEY P256_PRIVATE_KEY
import { createHash, createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, gate, ed25519, p256] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const { createSigner, httpbis } = require("http-message-signatures");

const partner = createSigner(createPrivateKey(readFileSync(ed25519)), "ed25519", "partner");
const der = createPrivateKey({ key: readFileSync(p256), format: "der", type: "pkcs8" });
const till = createSigner(der, "ecdsa-p256-sha256", "till");
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

const first = await signed("GET", "/v1/items?b=2&a=1", { nonce: "one" });
const write = await signed("POST", "/v1/items", { body: '{"a":1}', nonce: "two" });
const nightly = await signed("GET", "/v1/items", { key: batch, nonce: "three" });
const sale = await signed("POST", "/v1/sales", { key: till, body: '{"sum":1}', nonce: "four" });
// One key's signature under the name of another, whose algorithm is not the request's to choose.
const renamed = await signed("GET", "/v1/items", { key: { ...till, id: "partner" } });
const lookedAt = await signed("GET", "/v1/sales", { key: till });
const said = {
  get: await outcome(first),
  again: await outcome(first),
  post: await outcome(write),
  hmac: await outcome(nightly),
  p256: await outcome(sale),
  p256Again: await outcome(sale),
  p256Changed: await outcome({ ...lookedAt, method: "POST" }),
  renamed: await outcome(renamed),
  changed: await outcome({ ...await signed("GET", "/v1/items"), url: `${gate}/v1/others` }),
  body: await outcome({ ...await signed("POST", "/v1/items", { body: "a" }), body: "b" }),
};
console.log(JSON.stringify(said));
