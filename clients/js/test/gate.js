// A strict gate with a backend behind it, written from docs/passes.md alone: it shares no code
// with the client.

import {
  createECDH, createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual,
} from "node:crypto";
import { createServer } from "node:http";

const INPUT = new RegExp("^doorward=(\\((.*)\\);created=(\\d+);nonce=\"([\\w-]{22})\"" +
  ";keyid=\"([\\w-]{22})\";alg=\"hmac-sha256\";tag=\"doorward\")$");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

/** Starts a gate on a free port. `t` ends it. */
export async function startGate(t, options = {}) {
  const gate = new Gate(options);
  const server = createServer((request, response) => gate.meet(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  gate.server = server;
  gate.url = `http://127.0.0.1:${port}`;
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return gate;
}

class Gate {
  origin = "https://shop.example";
  bits = 12;
  minted = 0;
  mints = [];
  /** What the backend ran. */
  ran = [];
  /** Requests that came, run or not. */
  came = 0;
  /** Whether each signature is taken once: not where passes are only watched, say. */
  claims = true;
  tickets = [];
  lastIds = [];
  /** What the backend answers to some targets: a type and a body each. */
  answers = {};
  /** One for each of the next guarded requests: a refusal's code, members, "cut" or "cut after". */
  next = [];
  /** The same for mints. */
  nextMint = [];
  now = () => Math.floor(Date.now() / 1_000);
  #passes = new Map();
  #keys = new Set();
  #nonces = new Set();

  constructor(options) {
    Object.assign(this, options);
  }

  async meet(request, response) {
    const body = await readAll(request);
    try {
      const { pathname } = new URL(request.url, this.url);
      if (pathname === "/.doorward/pass") return this.#mint(request, response, body);
      this.came += 1;
      const fault = this.next.shift();
      if (fault === "cut") return response.destroy();
      if (fault && fault !== "cut after") throw faultOf(fault);
      this.#judge(request, body);
      if (pathname === "/.doorward/ticket") return this.#ticket(response, body);
      if (fault === "cut after") {
        this.ran.push({ method: request.method, cut: true });
        return response.destroy();
      }
      this.#backend(request, response, body);
    } catch (error) {
      if (!error.code) throw error;
      this.#refuse(response, error);
    }
  }

  #refuse(response, { code, status = 403, headers = {}, ...members }) {
    const known = { "pass/used": 409 };
    const title = `Refused: ${code}`;
    response.writeHead(known[code] ?? status, {
      "Content-Type": "application/problem+json", "Doorward-Refusal": code, ...headers,
    });
    const problem = { title, code, detail: "What to do.", now: this.now(), executed: "no" };
    response.end(JSON.stringify({ ...problem, ...members }));
  }

  #mint(request, response, body) {
    const fault = this.nextMint.shift();
    if (fault === "cut") return response.destroy();
    if (fault === "no gate") return response.writeHead(404).end();
    if (fault) throw faultOf(fault);
    const { headers } = request;
    const must = (holds, code) => {
      if (!holds) throw { code, ...(code === "pass/work" ? { bits: this.bits } : {}) };
    };
    must(request.method === "POST" && body.length <= 4_096, "pass/malformed");
    must(headers["content-type"] === "text/plain;charset=UTF-8", "pass/malformed");
    must(!headers.cookie, "pass/malformed");
    must(headers.origin === this.origin, "pass/other-origin");
    const { key, time, work, plain, ...rest } = JSON.parse(body);
    must(Object.keys(rest).length === 0, "pass/malformed");
    const point = Buffer.from(key, "base64url");
    must(point.length === 65 && point[0] === 4, "pass/malformed");
    must(time <= this.now() + 30, "pass/from-the-future");
    must(time >= this.now() - 300, "pass/expired");
    const lines = ["doorward work v1", headers.host, this.origin, key, time];
    const seed = sha256(lines.join("\n"));
    must(isWorked(seed, Buffer.from(work, "base64url"), this.bits), "pass/work");
    must(!this.#keys.has(key), "pass/used");
    this.#keys.add(key);
    this.minted += 1;
    this.mints.push({ time, plain: plain ?? false });
    const granted = plain ? this.#plain() : agree(point);
    const { K, said } = granted;
    const id = randomBytes(16).toString("base64url");
    const pass = `dwp1.${randomBytes(150).toString("base64url")}`;
    const expires = this.now() + 600;
    this.#passes.set(pass, { K, id, expires });
    response.writeHead(200, { "Content-Type": "application/json" });
    const times = { now: this.now(), expires, max_age: 60, skew: 30 };
    response.end(JSON.stringify({ pass, id, ...said, ...times }));
  }

  #plain() {
    if (this.isProduction) throw { code: "pass/plain", detail: "Serve the page by https." };
    const K = randomBytes(32);
    return { K, said: { secret: K.toString("base64url") } };
  }

  /** Makes all passes so far unknown, as a restart does. */
  restart() {
    this.#passes.clear();
  }

  #judge(request, body) {
    const { headers } = request;
    const must = (holds, code) => {
      if (!holds) throw { code };
    };
    const text = headers["doorward-pass"];
    must(text, "pass/missing");
    const pass = this.#passes.get(text);
    must(pass, "pass/other-instance");
    must(pass.expires >= this.now(), "pass/expired");
    must(isFrom(request, this.origin), "pass/other-origin");
    const [, params, list, created, nonce, keyId] = INPUT.exec(headers["signature-input"]) ?? [];
    must(params && keyId === pass.id, "pass/malformed");
    const length = Number(headers["content-length"] ?? 0);
    const listed = ["@method", "@authority", "@path", "@query"];
    if (body.length) listed.push(length > 1_048_576 ? "content-length" : "content-digest");
    if (headers["content-type"] !== undefined) listed.push("content-type");
    listed.push("doorward-pass");
    must(list === listed.map((name) => `"${name}"`).join(" "), "pass/incomplete");
    const [path, ...query] = request.url.split("?");
    const own = {
      "@method": request.method, "@authority": headers.host, "@path": path,
      "@query": `?${query.join("?")}`,
    };
    const lines = listed.map((name) => `"${name}": ${own[name] ?? headers[name]}`);
    const base = [...lines, `"@signature-params": ${params}`].join("\n");
    const want = createHmac("sha256", pass.K).update(base).digest();
    const [, signature = ""] = /^doorward=:(.*):$/.exec(headers.signature) ?? [];
    const got = Buffer.from(signature, "base64");
    must(got.length === 32 && timingSafeEqual(got, want), "pass/forged");
    must(created <= this.now() + 30, "pass/from-the-future");
    must(created >= this.now() - 90, "pass/expired");
    if (listed.includes("content-digest")) {
      const digest = `sha-256=:${sha256(body).toString("base64")}:`;
      must(headers["content-digest"] === digest, "pass/body-differs");
    } else must(!headers["content-digest"], "pass/malformed");
    if (!this.claims) {
      if (headers["doorward-again"]) throw { code: "pass/used", executed: "unknown" };
      return;
    }
    if (this.#nonces.has(keyId + nonce)) throw { code: "pass/used", executed: "yes" };
    this.#nonces.add(keyId + nonce);
  }

  #ticket(response, body) {
    const asked = JSON.parse(body);
    this.tickets.push(asked);
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ ticket: `dwt1.a${this.tickets.length}.b`, expires: 1 }));
  }

  #backend(request, response, body) {
    const { method, url, headers } = request;
    this.ran.push({ method, url, headers, body });
    const own = this.answers[url];
    if (own) {
      response.writeHead(200, { "Content-Type": own.type });
      return response.end(own.body);
    }
    if (url.startsWith("/events")) {
      this.lastIds.push(headers["last-event-id"]);
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      const place = this.lastIds.length;
      return response.end(`retry: 1\nid: ${place}\ndata: one\ndata:two\r\n\r\nevent: named\n` +
        `data: ${place}\n\ndata: half`);
    }
    if (url === "/moved") return response.writeHead(303, { Location: "/a" }).end();
    response.writeHead(200, { "Content-Type": "application/json" });
    const said = { method, url, type: headers["content-type"], length: body.length };
    response.end(JSON.stringify({ ...said, body: body.toString("latin1").slice(0, 2_000) }));
  }
}

function agree(point) {
  const pair = createECDH("prime256v1");
  const own = pair.generateKeys();
  const info = randomBytes(60);
  const salt = sha256(Buffer.concat([point, own]));
  const K = Buffer.from(hkdfSync("sha256", pair.computeSecret(point), salt, info, 32));
  return { K, said: { key: own.toString("base64url"), info: info.toString("base64url") } };
}

function isWorked(seed, work, bits) {
  if (work.length !== 32) return false;
  for (let part = 0; part < 8; part += 1) {
    const number = work.subarray(part * 4, part * 4 + 4);
    const digest = sha256(Buffer.concat([seed, Buffer.from([part]), number]));
    if (digest.readUInt32BE() >>> (32 - bits) !== 0) return false;
  }
  return true;
}

/** A GET of the gate's own origin says nothing about where it comes from. */
function isFrom({ method, headers }, origin) {
  const isOwn = origin === `http://${headers.host}` && ["GET", "HEAD"].includes(method);
  return headers.origin === origin || (isOwn && headers.origin === undefined);
}

function faultOf(fault) {
  return typeof fault === "string" ? { code: fault } : fault;
}

async function readAll(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}
