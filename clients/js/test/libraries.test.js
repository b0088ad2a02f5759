// The libraries that README.md names, as their makers publish them.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import axios from "axios";
import OpenAI, { APIConnectionError, APIError } from "openai";
import { startGate } from "./gate.js";
import { client, hear } from "./kit.js";

/** A server that runs whatever comes, and says what it was. */
async function startEcho(t) {
  const ran = [];
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { method, url, headers } = request;
    ran.push({ method, url, headers, body: Buffer.concat(parts) });
    response.writeHead(200, { "Content-Type": "application/json" }).end("{}");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { ran, url: `http://127.0.0.1:${server.address().port}` };
}

/** What of a request axios makes, and not the engine. */
function meant({ method, url, headers, body }) {
  const { "content-type": type, accept, authorization, "x-own": own } = headers;
  return { method, url, type, accept, authorization, own, body: body.toString() };
}

/** Requests as applications write them. */
const WRITTEN = [
  { url: "/a" },
  { url: "/a?b=1#c", params: { d: [1, 2], e: { f: "g h" }, none: null, at: new Date(0) } },
  { url: "/a", params: { d: [1, 2] }, paramsSerializer: { indexes: null } },
  { url: "/a", params: { d: [1, { e: 2 }], f: "é:$,[]&=+" } },
  { url: "/a", params: new URLSearchParams({ d: "1 2" }) },
  { url: "a/b", baseURL: "/v1/" },
  { url: "/a", headers: { "X-Own": "1", Accept: "text/csv" }, auth: { username: "ann" } },
  { url: "/a", method: "post", data: { sum: 1, to: "bén" } },
  { url: "/a", method: "put", data: new URLSearchParams({ a: "b c" }) },
  { url: "/a", method: "patch", data: "text", headers: { "Content-Type": "text/plain" } },
  { url: "/a", method: "delete" },
];

test("axios: with the gate's adapter the backend gets what it gets with axios's own", async (t) => {
  const [gate, echo] = [await startGate(t), await startEcho(t)];
  const through = axios.create({ adapter: (await client(gate)).axios });
  const own = axios.create({ adapter: "fetch" });
  for (const written of WRITTEN) {
    const at = (url) => ({ ...written, baseURL: url + (written.baseURL ?? "") });
    const answer = await through.request(at(gate.url));
    assert.deepEqual([answer.status, typeof answer.data], [200, "object"]);
    await own.request(at(echo.url));
    assert.deepEqual(meant(gate.ran.at(-1)), meant(echo.ran.at(-1)), JSON.stringify(written));
  }
  // In Node axios gives a form a type without a boundary, which nobody can read.
  const data = new FormData();
  data.set("a", "b");
  await through.post(`${gate.url}/form`, data);
  assert.match(gate.ran.at(-1).headers["content-type"], /^multipart\/form-data; boundary=/);
  assert.match(gate.ran.at(-1).body.toString(), /name="a"/);
  assert.deepEqual([gate.came, gate.ran.length, gate.minted], [12, WRITTEN.length + 1, 1]);
});

test("axios: its interceptors, its answers, and many at once", async (t) => {
  const gate = await startGate(t);
  const api = axios.create({ baseURL: `${gate.url}/v1`, adapter: (await client(gate)).axios });
  api.interceptors.request.use((config) => {
    config.headers.set("X-Own", "yes");
    return config;
  });
  api.interceptors.response.use(({ data, headers }) => ({ data, type: headers.getContentType() }));
  const all = await Promise.all([1, 2, 3].map((sum) => api.post("/pay", { sum })));
  assert.deepEqual(all.map(({ data }) => JSON.parse(data.body).sum), [1, 2, 3]);
  assert.equal(all[0].type, "application/json");
  assert.deepEqual(gate.ran.map(({ headers }) => headers["x-own"]), ["yes", "yes", "yes"]);
  assert.equal(gate.minted, 1);
});

test("axios: its errors are its own", async (t) => {
  const said = hear(t);
  const gate = await startGate(t, { next: ["pass/other-host", "cut", "cut"] });
  const api = axios.create({ baseURL: gate.url, adapter: (await client(gate)).axios });
  const refused = await api.get("/a").catch((error) => error);
  assert.ok(axios.isAxiosError(refused));
  const { ERR_BAD_REQUEST } = axios.AxiosError;
  assert.deepEqual([refused.response.status, refused.code], [403, ERR_BAD_REQUEST]);
  assert.equal(refused.response.headers.get("Doorward-Refusal"), "pass/other-host");
  assert.equal(refused.response.data.code, "pass/other-host");
  assert.match(said().join(), /pass\/other-host/);
  const lost = await api.post("/a", { sum: 1 }).catch((error) => error);
  assert.ok(axios.isAxiosError(lost));
  assert.deepEqual([lost.code, lost.response], ["client/outcome-unknown", undefined]);
  const stop = new AbortController();
  const given = api.get("/a", { signal: stop.signal });
  stop.abort();
  assert.ok(axios.isCancel(await given.catch((error) => error)));
  const source = axios.CancelToken.source();
  const old = api.get("/a", { cancelToken: source.token });
  source.cancel("enough");
  const { message } = await old.catch((error) => error);
  assert.equal(message, "enough");
});

const CHAT = { model: "any", messages: [{ role: "user", content: "Grüße" }] };
const COMPLETION = {
  type: "application/json",
  body: JSON.stringify({ id: "1", choices: [{ message: { role: "assistant", content: "Hi" } }] }),
};

/** OpenAI's client, as README.md makes it. */
async function openai(gate, options = {}) {
  return new OpenAI({
    baseURL: `${gate.url}/v1`, apiKey: "of no use: the gate adds the real one",
    fetch: (await client(gate)).fetch, dangerouslyAllowBrowser: true, ...options,
  });
}

test("OpenAI: a completion is signed with its body", async (t) => {
  const answers = { "/v1/chat/completions": COMPLETION };
  const gate = await startGate(t, { answers });
  const ai = await openai(gate);
  const { choices: [{ message }] } = await ai.chat.completions.create(CHAT);
  assert.equal(message.content, "Hi");
  const [{ method, headers, body }] = gate.ran;
  assert.equal(method, "POST");
  assert.ok(headers["content-digest"] && headers["x-stainless-lang"]);
  assert.deepEqual(JSON.parse(body), CHAT);
});

test("OpenAI: a stream comes piece by piece", async (t) => {
  const piece = (content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
  const body = `${piece("H")}${piece("i")}data: [DONE]\n\n`;
  const answers = { "/v1/chat/completions": { type: "text/event-stream", body } };
  const gate = await startGate(t, { answers });
  const pieces = [];
  const stream = await (await openai(gate)).chat.completions.create({ ...CHAT, stream: true });
  for await (const { choices: [{ delta }] } of stream) pieces.push(delta.content);
  assert.deepEqual(pieces, ["H", "i"]);
  assert.equal(gate.ran.length, 1);
});

test("OpenAI: what the gate refuses is an error of its status", async (t) => {
  hear(t);
  const gate = await startGate(t, { next: ["pass/other-host"] });
  const error = await (await openai(gate)).models.list().catch((reason) => reason);
  assert.ok(error instanceof APIError);
  assert.deepEqual([error.status, error.headers.get("Doorward-Refusal")], [403, "pass/other-host"]);
});

test("OpenAI: what has restarted is asked for a new pass, and the call runs once", async (t) => {
  const gate = await startGate(t, { answers: { "/v1/chat/completions": COMPLETION } });
  const ai = await openai(gate);
  await ai.chat.completions.create(CHAT);
  gate.restart();
  await ai.chat.completions.create(CHAT);
  assert.deepEqual([gate.ran.length, gate.minted], [2, 2]);
});

test("OpenAI: a lost answer is told, and not asked for again unless it retries", async (t) => {
  hear(t);
  const answers = { "/v1/chat/completions": COMPLETION };
  const gate = await startGate(t, { answers, next: ["cut after"] });
  const once = await openai(gate, { maxRetries: 0 });
  const error = await once.chat.completions.create(CHAT).catch((reason) => reason);
  assert.ok(error instanceof APIConnectionError);
  assert.equal(error.cause.code, "client/outcome-unknown");
  assert.equal(gate.ran.length, 1);
  // Its own retries are new calls: with them the model answers, and is paid, twice.
  gate.next.push("cut after");
  const again = await openai(gate, { maxRetries: 1 });
  await again.chat.completions.create(CHAT);
  assert.equal(gate.ran.length, 3);
});
