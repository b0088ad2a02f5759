// Writes vectors.json: fixed inputs and what docs/passes.md makes of them, by node:crypto alone.
// The client and the gate are both checked against it. Run it only when the protocol changes.

import { createECDH, createHash, createHmac, hkdfSync } from "node:crypto";
import { writeFileSync } from "node:fs";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const url64 = (bytes) => Buffer.from(bytes).toString("base64url");
const scalar = (name) => sha256(`doorward vectors: ${name}`);

const client = createECDH("prime256v1");
client.setPrivateKey(scalar("client"));
const gate = createECDH("prime256v1");
gate.setPrivateKey(scalar("gate"));
const info = Buffer.from("15:doorward key v14:shop");
const secret = client.computeSecret(gate.getPublicKey());
const salt = sha256(Buffer.concat([client.getPublicKey(), gate.getPublicKey()]));
const K = Buffer.from(hkdfSync("sha256", secret, salt, info, 32));
const pass = { text: `dwp1.${url64(scalar("pass"))}`, id: url64(scalar("id").subarray(0, 16)) };
const created = 1_764_240_001;

const REQUESTS = [
  { name: "GET without a query", method: "GET", url: "https://api.shop.example/v1/items" },
  { name: "GET with a query", method: "GET", url: "https://api.shop.example:8443/a%2Fb?c=%20d&e" },
  { name: "an empty query", method: "HEAD", url: "http://localhost:8080/?" },
  { name: "a name in capitals, the scheme's own port", method: "GET",
    url: "https://API.Shop.Example:443/ü?ä=ö'" },
  { name: "POST of JSON", method: "POST", url: "https://api.shop.example/v1/chat?stream=1",
    content_type: "application/json", body: "{\"sum\":1}" },
  { name: "a form", method: "POST", url: "https://api.shop.example/form", body: "a=b+c",
    content_type: "application/x-www-form-urlencoded;charset=UTF-8" },
  { name: "bytes without a type", method: "PUT", url: "https://api.shop.example/raw",
    body: "\u00e9" },
  { name: "an empty body with a type", method: "POST", url: "https://api.shop.example/empty",
    content_type: "text/plain;charset=UTF-8", body: "" },
  { name: "a body of more than 1 MiB", method: "POST", url: "https://api.shop.example/upload",
    content_type: "video/mp4", body_length: 1_048_577 },
];

function signed(request, at) {
  const { method, url, content_type: type, body, body_length: length } = request;
  const { host, pathname, search } = new URL(url);
  const nonce = url64(scalar(`nonce ${at}`).subarray(0, 16));
  const digest = body ? `sha-256=:${sha256(body).toString("base64")}:` : undefined;
  const listed = [
    ["@method", method], ["@authority", host], ["@path", pathname], ["@query", search || "?"],
    ["content-digest", digest], ["content-length", length], ["content-type", type],
    ["doorward-pass", pass.text],
  ].filter(([, value]) => value !== undefined);
  const params = `(${listed.map(([name]) => `"${name}"`).join(" ")});created=${created}` +
    `;nonce="${nonce}";keyid="${pass.id}";alg="hmac-sha256";tag="doorward"`;
  const lines = listed.map(([name, value]) => `"${name}": ${value}`);
  const base = [...lines, `"@signature-params": ${params}`].join("\n");
  const signature = createHmac("sha256", K).update(base).digest("base64");
  return {
    ...request, authority: host, path: pathname, query: search || "?", created, nonce,
    content_digest: digest, base, signature_input: `doorward=${params}`,
    signature: `doorward=:${signature}:`,
  };
}

function worked({ authority, origin, key, time, bits }) {
  const text = ["doorward work v1", authority, origin, key, time].join("\n");
  const seed = sha256(text);
  const numbers = Buffer.alloc(32);
  for (let part = 0; part < 8; part += 1) {
    const block = Buffer.concat([seed, Buffer.from([part]), Buffer.alloc(4)]);
    for (let number = 0; ; number += 1) {
      block.writeUInt32BE(number, 33);
      if (sha256(block).readUInt32BE() >>> (32 - bits) === 0) {
        numbers.writeUInt32BE(number, part * 4);
        break;
      }
    }
  }
  return { authority, origin, key, time, bits, text, seed: hex(seed), work: url64(numbers) };
}

const place = {
  authority: "api.shop.example", origin: "https://shop.example",
  key: url64(client.getPublicKey()), time: 1_764_240_000,
};
const vectors = {
  about: "Made by make-vectors.mjs from docs/passes.md. Scalars, secrets and digests are in hex; " +
    "keys, info, nonce and work in base64url; bodies are text in UTF-8; numbers are the first " +
    "that are right, counted from 0.",
  key: {
    client_private: hex(client.getPrivateKey()), client_public: url64(client.getPublicKey()),
    gate_private: hex(gate.getPrivateKey()), gate_public: url64(gate.getPublicKey()),
    info: url64(info), secret: hex(secret), salt: hex(salt), K: hex(K),
  },
  pass,
  requests: REQUESTS.map(signed),
  work: [worked({ ...place, bits: 12 }),
    worked({ ...place, authority: "localhost:8080", origin: "http://localhost:8080", bits: 15 })],
  tickets: [
    { url: "https://api.shop.example/v1/events?room=1#top",
      body: "{\"method\":\"GET\",\"url\":\"/v1/events?room=1\"}",
      link: "https://api.shop.example/v1/events?room=1&doorward_ticket=dwt1.a.b#top" },
    { url: "https://api.shop.example/film?", method: "HEAD", for: "10m",
      body: "{\"method\":\"HEAD\",\"url\":\"/film\",\"for\":600}",
      link: "https://api.shop.example/film?doorward_ticket=dwt1.a.b" },
  ],
};
const file = new URL("vectors.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(vectors, null, 2)}\n`);
