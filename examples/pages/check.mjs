// Tries the examples in a browser, behind a real gate, on loopback and free ports:
// node check.mjs GATE CHROMIUM NODE_MODULES
// The last is a folder that `npm ci` made in vite-react-axios. Prints a line for each example;
// exits with 1 when one is wrong.
import { spawn } from "node:child_process";
import * as files from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const [gateBinary, browserBinary, modules] = process.argv.slice(2).map((path) => resolve(path));
if (!modules) {
  console.error("node check.mjs GATE CHROMIUM NODE_MODULES");
  process.exit(2);
}
const HERE = dirname(fileURLToPath(import.meta.url));
const EXAMPLE_MS_MAX = 60_000;
/** What the examples call the gate; it is put in the place of this where it really listens. */
const WRITTEN = "http://localhost:8080";
const MODEL_KEY = "sk-of-the-check-and-of-nobody-else";
const JSON_TYPE = { "content-type": "application/json" };

const products = { method: "GET", path: "/api/products" };
const order = { method: "POST", path: "/api/orders", body: '{"product":1}', headers: JSON_TYPE };
const chat = { method: "POST", path: "/v1/chat", body: '{"question":"?"}', headers: JSON_TYPE };
const news = { method: "GET", path: "/v1/news" };
const shop = { backend: "plain/backend.mjs", pages: { "/": /Tea\s+Bread[^]*Order \d+: Tea/ } };

/** What each starts, what its pages must show, and the calls that are refused without a pass. */
const EXAMPLES = [
  { ...shop, name: "plain", folder: "plain", serve: fromFolder("."), calls: [products, order] },
  {
    ...shop, name: "vite-react-axios, dev", folder: "vite-react-axios",
    serve: fromVite, calls: [products, order],
  },
  {
    ...shop, name: "vite-react-axios, built", folder: "vite-react-axios",
    serve: fromFolder("dist"), build: true, calls: [products, order],
  },
  {
    name: "sse-chat", folder: "sse-chat", backend: "sse-chat/backend.mjs",
    serve: fromFolder("."), config: "doorward.toml", calls: [chat, news],
    pages: {
      "/": /You asked: May I come in\? That depends[^]*done, in ([2-9]|1\d) pieces/,
      "/news.html": /nobody came in twice\.[^]*done, in 13 events/,
    },
  },
];

// Processes.

const running = new Set();
const homes = new Set();
process.on("exit", () => {
  running.forEach(kill);
  homes.forEach(remove);
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

function kill(child) {
  running.delete(child);
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

function newHome() {
  const home = files.mkdtempSync(join(tmpdir(), "doorward-pages-"));
  homes.add(home);
  return home;
}

function remove(home) {
  homes.delete(home);
  // What was killed may still be at its last file.
  files.rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

/** Starts a program in a group of its own; each of its lines is heard. */
function start(command, options = {}) {
  const child = spawn(command[0], command.slice(1), {
    stdio: ["ignore", "pipe", "pipe"], detached: true, ...options,
    env: { ...process.env, MODEL_KEY, NO_COLOR: "1", ...options.env },
  });
  running.add(child);
  const lines = [];
  const waiting = new Set();
  let end;
  const tell = () => waiting.forEach((look) => look());
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      tell();
    });
  }
  const close = (why) => {
    end ??= why;
    tell();
  };
  child.on("error", ({ message }) => close(message));
  child.on("close", (code) => close(`ended with ${code}`));
  /** The first match in a line that came, or is still to come. */
  const line = (pattern) => new Promise((resolve, reject) => {
    const look = () => {
      const found = lines.map((text) => text.match(pattern)).find(Boolean);
      if (!found && end === undefined) return;
      waiting.delete(look);
      if (found) resolve(found);
      else reject(new Error(`${command.join(" ")} ${end}\n${lines.join("\n")}`));
    };
    waiting.add(look);
    look();
  });
  return { child, lines, line };
}

function ended({ child, lines }) {
  return new Promise((resolve, reject) => child.on("close", (code) => {
    running.delete(child);
    if (code === 0) resolve();
    else reject(new Error(lines.join("\n")));
  }));
}

// The page's server, by kind. Each gives the address at which it really listens.

function fromFolder(below) {
  return async (folder, starting) => {
    const server = starting([process.execPath, join(HERE, "serve.mjs"), join(folder, below), "0"]);
    return (await server.line(/http:\S+/))[0];
  };
}

async function fromVite(folder, starting) {
  const server = starting(script(folder, "dev", "--port 0"), { cwd: folder });
  return (await server.line(/http:\/\/localhost:\d+/))[0];
}

/** Where the browser finds the page. The gate must be told this before it starts, and the page
    must be told the gate's address before its server does: so this port is held first. */
async function door() {
  let behind;
  const server = createServer((socket) => {
    const onward = connect(behind);
    socket.pipe(onward).pipe(socket);
    socket.on("error", () => onward.destroy());
    onward.on("error", () => socket.destroy());
  });
  await new Promise((listening) => server.listen(0, "localhost", listening));
  const lead = (address) => {
    const { hostname: host, port } = new URL(address);
    behind = { host, port };
  };
  return { origin: `http://localhost:${server.address().port}`, lead };
}

/** The command that `npm run` would start. */
function script(folder, name, more = "") {
  const { scripts } = JSON.parse(files.readFileSync(join(folder, "package.json")));
  return ["sh", "-c", `PATH="$PWD/node_modules/.bin:$PATH"; exec ${scripts[name]} ${more}`];
}

/** A copy of an example, in which the gate's address can be put in. */
function copy(folder, home) {
  const target = join(home, folder);
  // What was built or installed in the folder itself stays there.
  const isOwn = (path) => !/[\\/](node_modules|dist)$/.test(path);
  files.cpSync(join(HERE, folder), target, { recursive: true, filter: isOwn });
  if (folder !== "vite-react-axios") return target;
  // A folder of its own, since Vite writes into it; what is in it is elsewhere.
  files.mkdirSync(join(target, "node_modules"));
  for (const name of files.readdirSync(modules)) {
    files.symlinkSync(join(modules, name), join(target, "node_modules", name));
  }
  return target;
}

function putIn(folder, gate) {
  for (const below of [".", "src"]) {
    const all = files.existsSync(join(folder, below)) ? files.readdirSync(join(folder, below)) : [];
    for (const name of all.filter((each) => /\.(html|jsx)$/.test(each))) {
      const path = join(folder, below, name);
      const text = files.readFileSync(path, "utf8");
      files.writeFileSync(path, text.replaceAll(WRITTEN, gate));
    }
  }
}

// The browser, spoken to through a pipe: JSON with a zero byte behind each.

function openBrowser(home) {
  const { child, lines } = start([browserBinary, "--headless=new", "--no-sandbox", "--disable-gpu",
    "--disable-background-networking", "--disable-component-update", "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost", "--remote-debugging-pipe",
    `--user-data-dir=${join(home, "browser")}`, "about:blank"],
  { stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"] });
  const [, , , input, output] = child.stdio;
  const waiting = new Map();
  const hearers = new Set();
  let rest = "";
  let last = 0;
  output.setEncoding("utf8").on("data", (piece) => {
    const texts = (rest + piece).split("\0");
    rest = texts.pop();
    for (const text of texts) {
      const message = JSON.parse(text);
      const { resolve, reject } = waiting.get(message.id) ?? {};
      waiting.delete(message.id);
      if (message.error) reject?.(new Error(message.error.message));
      else resolve?.(message.result);
      hearers.forEach((hear) => hear(text, message));
    }
  });
  let over;
  const gone = new Promise((resolve) => {
    const fail = (why) => {
      over ??= new Error(`the browser is gone: ${why}\n${lines.join("\n")}`);
      waiting.forEach(({ reject }) => reject(over));
      resolve();
    };
    for (const end of [child, input, output]) end.on("error", ({ message }) => fail(message));
    child.on("close", fail);
  });
  const send = (method, params, sessionId) => new Promise((resolve, reject) => {
    if (over) return reject(over);
    waiting.set(last += 1, { resolve, reject });
    input.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
  });
  return { send, hearers, gone, end: () => kill(child) };
}

/** In the page: presses its button, where it has one, and waits until it says how it went. */
const PRESS_AND_WAIT = `new Promise((resolve) => {
  let isPressed = false;
  const look = () => {
    const state = document.getElementById("state")?.textContent ?? "";
    if (/^(done|failed)/.test(state)) return resolve(document.body.innerText);
    const button = document.querySelector("button:enabled");
    if (!button || isPressed) return;
    isPressed = true;
    button.click();
  };
  const whatever = { subtree: true, childList: true, attributes: true, characterData: true };
  new MutationObserver(look).observe(document, whatever);
  look();
})`;

/** Opens a page; gives what it shows in the end, and all that the browser told of it. */
async function visit({ send, hearers }, url) {
  const told = [];
  const errors = [];
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const hear = (text, { sessionId: from, method, params = {} }) => {
    if (from !== sessionId) return;
    told.push(text);
    const { level, text: what, url = "" } = params.entry ?? {};
    // The examples have no icon.
    if (level === "error" && !url.endsWith("/favicon.ico")) errors.push(`${what} ${url}`);
    if (method === "Runtime.exceptionThrown") errors.push(params.exceptionDetails.text);
  };
  hearers.add(hear);
  for (const domain of ["Network", "Log", "Page", "Runtime"]) {
    await send(`${domain}.enable`, {}, sessionId);
  }
  await send("Page.navigate", { url }, sessionId);
  const params = { expression: PRESS_AND_WAIT, awaitPromise: true, returnByValue: true };
  // A page that loads anew takes the question with it: then it is asked again.
  const asked = () => send("Runtime.evaluate", params, sessionId).catch((error) => {
    if (/context|navigated/i.test(error.message)) return asked();
    throw error;
  });
  const { result } = await asked();
  hearers.delete(hear);
  await send("Target.closeTarget", { targetId });
  return { text: result.value, told: told.join("\n"), errors };
}

// The checks.

function is(holds, text) {
  if (!holds) throw new Error(text);
}

/** A call by a program that says all that the page would say, but has no pass. */
async function isRefused({ method, path, body, headers }, gate, origin) {
  const said = { ...headers, origin, "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0" };
  const response = await fetch(gate + path, { method, body, headers: said });
  const code = response.headers.get("doorward-refusal");
  const text = `${method} ${path} without a pass: ${response.status} ${code}`;
  is(response.status === 403 && code === "pass/missing", text);
}

/** What the backend runs while something is done: what it tells until a call of our own. */
async function ranDuring(backend, address, does) {
  const before = backend.lines.length;
  await does();
  await (await fetch(`${address}/fence`)).arrayBuffer();
  await backend.line(/ran GET \/fence/);
  return backend.lines.slice(before).filter((line) => !line.endsWith("/fence"));
}

async function tryOut(example, browser, home, starting) {
  const folder = copy(example.folder, home);
  const backend = starting([process.execPath, join(HERE, example.backend), "0"]);
  const [upstream] = await backend.line(/http:\S+/);
  const { origin, lead } = await door();
  const config = example.config ? ["--config", join(folder, example.config)] : [];
  const guard = starting([gateBinary, "guard", upstream, ...config, "--origin", origin,
    "--listen", "127.0.0.1:0", "--log", "off"]);
  const [, port] = await guard.line(/listening on http:\/\/127\.0\.0\.1:(\d+)/);
  const gate = `http://localhost:${port}`;
  putIn(folder, gate);
  if (example.build) await ended(starting(script(folder, "build"), { cwd: folder }));
  lead(await example.serve(folder, starting));
  for (const [path, want] of Object.entries(example.pages)) {
    const { text, told, errors } = await visit(browser, origin + path);
    is(want.test(text), `${path} shows: ${text}\n${errors.join("\n")}`);
    is(!errors.length, `${path}: ${errors.join("\n")}`);
    is(told.includes("dwp1."), `${path}: no pass was sent`);
    is(!told.includes(MODEL_KEY), `${path}: the key was in the browser`);
  }
  for (const { method, path } of example.calls) {
    is(backend.lines.includes(`ran ${method} ${path}`), `the backend did not run ${path}`);
  }
  const all = () => Promise.all(example.calls.map((call) => isRefused(call, gate, origin)));
  const ran = await ranDuring(backend, upstream, all);
  is(!ran.length, `the backend ran what was refused: ${ran.join(", ")}`);
  if (example.config) {
    const { method, path, body } = chat;
    const { status } = await fetch(upstream + path, { method, body });
    is(status === 401, `the model answers without its key: ${status}`);
  }
}

/** Tries one example; what it started is ended. Gives whether all was well. */
async function tried(example, browser) {
  const home = newHome();
  const own = [];
  const starting = (...all) => {
    own.push(start(...all));
    return own.at(-1);
  };
  let timer;
  const late = new Promise((_, reject) => {
    const tellAll = () => own.flatMap(({ lines }) => lines.slice(-5)).join("\n");
    const tooLate = () => reject(new Error(`nothing in ${EXAMPLE_MS_MAX} ms\n${tellAll()}`));
    timer = setTimeout(tooLate, EXAMPLE_MS_MAX);
  });
  const begin = performance.now();
  try {
    await Promise.race([tryOut(example, browser, home, starting), late]);
    const seconds = ((performance.now() - begin) / 1_000).toFixed(1);
    const refused = example.calls.map(({ method, path }) => `${method} ${path}`).join(", ");
    console.log(`${example.name}: well; without a pass refused: ${refused} (${seconds} s)`);
    return true;
  } catch (error) {
    console.log(`${example.name}: wrong: ${error.message}`);
    return false;
  } finally {
    clearTimeout(timer);
    own.forEach(({ child }) => kill(child));
    remove(home);
  }
}

const browser = openBrowser(newHome());
let isWell = true;
for (const example of EXAMPLES) isWell = (await tried(example, browser)) && isWell;
browser.end();
await browser.gone;
process.exit(isWell ? 0 : 1);
