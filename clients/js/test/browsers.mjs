// Runs the client in real browsers: node test/browsers.mjs chromium firefox …/MiniBrowser
// Each is started without a window, opens the pages below, and tells what it saw.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGate } from "./gate.js";
import { dist } from "./kit.js";

const FLAGS = {
  chromium: (home) => ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${home}`],
  // Needs a display (xvfb-run), and keeps nothing.
  MiniBrowser: () => ["--private"],
  firefox: (home) => ["--headless", "--no-remote", "--profile", home],
};
const CORS = {
  "Access-Control-Allow-Credentials": "true", "Access-Control-Max-Age": "0",
  "Access-Control-Expose-Headers": "Doorward-Refusal, Retry-After",
};

/** What a page does; `gate` and `tell` are its own. */
const CHECKS = `
  const is = (holds, text) => { if (!holds) throw new Error(text); };
  const xhr = (method, url, body) => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.onloadend = () => resolve(request);
    request.open(method, url);
    request.send(body);
  });
  async function all(fetch, EventSource) {
    const calls = Array.from({ length: 20 }, (_, at) => fetch(gate + "/v1/" + at));
    const many = await Promise.all(calls);
    is(many.every(({ status }) => status === 200), "twenty " + many.map(({ status }) => status));
    const form = new FormData();
    form.set("file", new File(["abc"], "a.txt"));
    const large = new Uint8Array(1100000);
    for (const body of ["é", form, new Blob(["x"], { type: "a/b" }), new URLSearchParams("a=b"),
      "", large, new Blob([large])]) {
      const { status } = await fetch(gate + "/body?x=%20", { method: "POST", body });
      is(status === 200, "body " + Object.prototype.toString.call(body) + status);
    }
    const init = { method: "PUT", body: "x", referrerPolicy: "origin" };
    const request = new Request(gate + "/r", init);
    is((await fetch(request)).status === 200, "Request");
    const source = new EventSource(gate + "/events");
    const seen = [];
    await new Promise((resolve) => source.addEventListener("named", ({ data }) => {
      if (seen.push(data) === 2) resolve();
    }));
    source.close();
  }`;
const AUTO = (own, src) => `<!doctype html><script src="${src}/.doorward/auto.js"></script>
<script nonce="n">const gate = "${src}"; ${CHECKS}
  async function run() {
    await all((...all) => fetch(...all), EventSource);
    for (const body of ["é", new Blob(["x"]), new FormData()]) {
      is((await xhr("POST", gate + "/xhr", body)).status === 200, "xhr " + body);
    }
    is((await xhr("GET", gate + "/refuse")).status === 200, "xhr that is mended");
    const socket = new WebSocket(gate.replace("http", "ws") + "/chat?a", "v1");
    const said = await new Promise((resolve, reject) => {
      socket.onopen = () => socket.send("hi");
      socket.onerror = () => reject(new Error("socket"));
      socket.onmessage = ({ data, origin }) => resolve([data, socket.readyState, socket.protocol]);
    });
    is(String(said) === "hello,1,v1" && socket instanceof WebSocket, "socket " + said);
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.send("bye");
    const { code } = await closed;
    is(code === 1000 && socket.readyState === WebSocket.CLOSED, "closed " + code);
    is(navigator.sendBeacon(gate + "/log", "bye") === true, "beacon");
    ${own ? `await navigator.serviceWorker.register("/.doorward/worker.js", { scope: "/" });
    await new Promise((resolve) => navigator.serviceWorker.controller ? resolve() :
      navigator.serviceWorker.oncontrollerchange = resolve);
    await new Promise((resolve, reject) => {
      const image = new Image();
      image.onload = resolve;
      image.onerror = () => reject(new Error("image"));
      image.src = "/image.svg";
    });` : ""}
  }
  run().then(() => "ok", String).then((text) => navigator.sendBeacon("/tell", text));
</script>`;
const MODULE = (src) => `<!doctype html><script type="module" nonce="n">
  const gate = "${src}"; ${CHECKS}
  const { connect } = await import("${src}/.doorward/client.js");
  const { fetch, EventSource } = await connect();
  all(fetch, EventSource).then(() => "ok", String)
    .then((text) => navigator.sendBeacon("/tell", text));
</script>`;
const SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>";

function serve(t, meet) {
  const server = createServer(meet);
  t.after(() => server.close() && server.closeAllConnections());
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () =>
    resolve(`http://127.0.0.1:${server.address().port}`)));
}

/** A backend that takes "v1" beside a ticket, says hello when spoken to, closes (RFC 6455). */
function chat({ headers, url }, socket) {
  const asked = headers["sec-websocket-protocol"]?.split(", ");
  const isRight = url === "/chat?a" && String(asked) === "doorward.dwt1.a1.b,doorward,v1";
  if (!isRight) return socket.destroy();
  const id = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const accept = createHash("sha1").update(headers["sec-websocket-key"] + id).digest("base64");
  socket.write(["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`, "Sec-WebSocket-Protocol: v1", "", ""].join("\r\n"));
  // One thing at a time: Firefox drops messages that come with the end.
  socket.once("data", () => {
    socket.write(Buffer.from([0x81, 5, ...Buffer.from("hello")]));
    socket.once("data", () => socket.end(Buffer.from([0x88, 2, 1_000 >> 8, 1_000 & 255])));
  });
}

/** Opens one page in one browser; gives what it told. */
async function open(binary, kind, way) {
  const ends = [];
  const t = { after: (end) => ends.push(end) };
  let hear;
  const told = new Promise((resolve) => (hear = resolve));
  const gate = await startGate(t);
  gate.server.on("upgrade", chat);
  const html = () => way === "module" ? MODULE(gate.url) : AUTO(way === "front", gate.url);
  const tell = async (request) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    hear(Buffer.concat(parts).toString());
  };
  const policy = `default-src 'none'; script-src 'nonce-n' ${gate.url}; connect-src *` +
    ` ${gate.url.replace("http", "ws")}`;
  const head = { "Content-Type": "text/html", ...(way === "strict" ? {
    "Content-Security-Policy": policy,
  } : {}) };
  const pages = await serve(t, (request, response) => {
    if (request.url === "/tell") void tell(request);
    else response.writeHead(200, head).end(request.url === "/" ? html() : "");
  });
  gate.origin = way === "front" ? gate.url : pages;
  let refused = false;
  const worked = [];
  const meet = gate.meet.bind(gate);
  gate.meet = async (request, response) => {
    const { url, method, headers } = request;
    for (const name in CORS) response.setHeader(name, CORS[name]);
    response.setHeader("Access-Control-Allow-Origin", headers.origin ?? gate.origin);
    if (method === "OPTIONS") {
      response.setHeader("Access-Control-Allow-Methods", "*, PUT");
      const asked = headers["access-control-request-headers"] ?? "";
      return response.writeHead(204, { "Access-Control-Allow-Headers": asked }).end();
    }
    const [, script] = /^\/\.doorward\/(\w+\.js)$/.exec(url) ?? [];
    const type = { "Content-Type": "text/javascript", "Service-Worker-Allowed": "/" };
    if (script === "work.js") worked.push(headers["sec-fetch-dest"]);
    if (script) return response.writeHead(200, type).end(dist(script));
    if (url === "/.doorward/page") return response.writeHead(200, head).end(html());
    if (url === "/tell") return tell(request);
    if (url === "/refuse" && !refused) refused = !!gate.next.push("pass/expired");
    if (url === "/image.svg" && headers["doorward-pass"]) {
      return response.writeHead(200, { "Content-Type": "image/svg+xml" }).end(SVG);
    }
    return meet(request, response);
  };
  const home = mkdtempSync(join(tmpdir(), "doorward-browser-"));
  const start = way === "front" ? `${gate.url}/.doorward/page` : `${pages}/`;
  const child = spawn(binary, [...FLAGS[kind](home), start], { stdio: "ignore", detached: true });
  const late = setTimeout(() => hear("nothing in 60 s"), 60_000);
  const text = await told;
  clearTimeout(late);
  process.kill(-child.pid, "SIGKILL");
  ends.forEach((end) => end());
  await new Promise((resolve) => child.exitCode ?? child.on("exit", resolve));
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  return `${text} (${gate.minted} passes; work.js as ${worked.join(", ") || "nothing"})`;
}

let isWell = true;
for (const binary of process.argv.slice(2)) {
  for (const way of ["cross", "strict", "front", "module"]) {
    const kind = Object.keys(FLAGS).find((name) => binary.includes(name)) ?? "chromium";
    const text = await open(binary, kind, way);
    isWell &&= text.startsWith("ok");
    console.log(`${binary} ${way}: ${text}`);
  }
}
process.exitCode = isWell ? 0 : 1;
