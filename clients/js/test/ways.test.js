// Tickets, streams of events, sockets, beacons, axios.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startGate } from "./gate.js";
import { client, event } from "./kit.js";

test("a ticket is asked for with the path and query alone", async (t) => {
  const gate = await startGate(t);
  const { ticket, link } = await client(gate);
  assert.equal(await ticket(`${gate.url}/v1/events?room=1#top`), "dwt1.a1.b");
  assert.equal(await link(`${gate.url}/a?b=%20c#top`, { method: "HEAD", for: "10m" }),
    `${gate.url}/a?b=%20c&doorward_ticket=dwt1.a2.b#top`);
  assert.equal(await link(`${gate.url}/a`, { for: 90 }), `${gate.url}/a?doorward_ticket=dwt1.a3.b`);
  assert.deepEqual(gate.tickets, [
    { method: "GET", url: "/v1/events?room=1" },
    { method: "HEAD", url: "/a?b=%20c", for: 600 },
    { method: "GET", url: "/a", for: 90 },
  ]);
  await assert.rejects(ticket(`${gate.url}/a`, { for: "soon" }), TypeError);
  await assert.rejects(ticket("https://elsewhere.example/a"), TypeError);
  assert.equal(gate.minted, 1);
});

test("a refused ticket is an error with the members of the refusal", async (t) => {
  const gate = await startGate(t, { next: [{ code: "pass/other-request", id: "r1" }] });
  const { ticket } = await client(gate);
  t.mock.method(console, "error", () => undefined);
  const error = await ticket(`${gate.url}/a`).catch((reason) => reason);
  const { name, code, problem } = error;
  assert.deepEqual([name, code, problem.id], ["Refused", "pass/other-request", "r1"]);
  assert.equal((await error.response.json()).id, "r1");
});

test("events are read, and taken up again where they ended", async (t) => {
  const gate = await startGate(t);
  const { EventSource } = await client(gate);
  const source = new EventSource(`${gate.url}/events?room=1`);
  t.after(() => source.close());
  assert.deepEqual([source.readyState, source.url], [0, `${gate.url}/events?room=1`]);
  const heard = [];
  source.onopen = () => heard.push(`open ${source.readyState}`);
  source.onmessage = ({ data, lastEventId, origin }) => {
    assert.equal(origin, gate.url);
    heard.push(`${lastEventId}: ${data}`);
  };
  source.onerror = () => heard.push(`error ${source.readyState}`);
  const named = [(await event(source, "named")).data];
  named.push((await event(source, "named")).data);
  source.close();
  assert.equal(source.readyState, 2);
  assert.deepEqual(named, ["1", "2"]);
  assert.deepEqual(heard, ["open 1", "1: one\ntwo", "error 0", "open 1", "2: one\ntwo"]);
  assert.deepEqual(gate.lastIds, [undefined, "1"]);
});

test("a source that is no stream of events is closed", async (t) => {
  const gate = await startGate(t);
  const { EventSource } = await client(gate);
  const source = new EventSource(`${gate.url}/a`);
  await event(source, "error");
  assert.equal(source.readyState, EventSource.CLOSED);
  assert.equal(gate.came, 1);
});

test("a source waits when the gate says later", async (t) => {
  const later = { code: "quota/share", status: 429, headers: { "Retry-After": "0" } };
  const gate = await startGate(t, { next: [later, later] });
  const { EventSource } = await client(gate);
  const source = new EventSource(`${gate.url}/events`);
  t.after(() => source.close());
  await event(source, "error");
  assert.equal(source.readyState, 0);
});

test("a beacon is signed and sent", async (t) => {
  const gate = await startGate(t);
  const { sendBeacon } = await client(gate);
  assert.equal(sendBeacon(`${gate.url}/log`, new Blob(["bye"], { type: "text/plain" })), true);
  while (!gate.ran.length) await new Promise(setImmediate);
  assert.equal(gate.ran[0].body.toString(), "bye");
});

/** What axios 1 gives its adapters. */
const config = (members) => ({
  method: "get", validateStatus: (status) => status >= 200 && status < 300, headers: {}, ...members,
});

test("axios: the address, the body, the answer", async (t) => {
  const gate = await startGate(t);
  const { axios } = await client(gate);
  const params = { a: [1, 2], b: { c: "d e" }, none: null, at: new Date(0) };
  const answer = await axios(config({
    baseURL: `${gate.url}/v1/`, url: "/pay", params, method: "post", data: "{\"sum\":1}",
    headers: { toJSON: () => ({ "Content-Type": "application/json", Accept: "*/*" }) },
    auth: { username: "ann", password: "é" },
  }));
  const { url, type, body } = JSON.parse(answer.data);
  assert.equal(url, "/v1/pay?a%5B%5D=1&a%5B%5D=2&b%5Bc%5D=d+e&at=1970-01-01T00:00:00.000Z");
  assert.deepEqual([type, body, answer.status], ["application/json", "{\"sum\":1}", 200]);
  assert.equal(answer.headers["content-type"], "application/json");
  assert.equal(gate.ran[0].headers.authorization, "Basic YW5uOsOp");
  const bytes = await axios(config({ url: `${gate.url}/a`, responseType: "arraybuffer" }));
  assert.ok(bytes.data instanceof ArrayBuffer);
});

test("axios: a form goes without the type that axios gives it", async (t) => {
  const gate = await startGate(t);
  const { axios } = await client(gate);
  const data = new FormData();
  data.set("a", "b");
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const answer = await axios(config({ url: `${gate.url}/a`, method: "post", data, headers }));
  assert.match(JSON.parse(answer.data).type, /^multipart\/form-data; boundary=/);
});

test("axios: refusals, lost answers, and calls that are given up", async (t) => {
  t.mock.method(console, "error", () => undefined);
  const gate = await startGate(t, { next: ["pass/other-host", "cut", "cut"] });
  const { axios } = await client(gate);
  const url = `${gate.url}/a`;
  const tell = (call) => call.catch(({ isAxiosError, code, response, __CANCEL__ }) =>
    [isAxiosError, code, response?.status, __CANCEL__]);
  assert.deepEqual(await tell(axios(config({ url }))), [true, "ERR_BAD_REQUEST", 403, undefined]);
  assert.deepEqual(await tell(axios(config({ url, method: "post", data: "x" }))),
    [true, "client/outcome-unknown", undefined, undefined]);
  assert.deepEqual(await tell(axios(config({ url, signal: AbortSignal.abort() }))),
    [true, "ERR_CANCELED", undefined, true]);
  gate.next.push({ code: "quota/share", status: 429, headers: { "Retry-After": "5" } });
  assert.deepEqual(await tell(axios(config({ url, timeout: 1 }))),
    [true, "ECONNABORTED", undefined, undefined]);
});
