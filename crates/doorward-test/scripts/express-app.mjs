// A usual Express application on a free port of this machine: a login form, a session in a cookie,
// a JSON API, and the middlewares that docs/moving-from-express.md takes out of it. It is asked
// over stdin, a line of JSON each, what reached it. It ends with its stdin.
// express-app.mjs PACKAGES KEPT
// KEPT names the middlewares that are still there, with commas: cors,csrf,limit,cookie
// With DOORWARD_ADMISSION_KEY set it runs only what came through the gate; with REDIS_SOCKET set
// its sessions are in that Redis, else in its memory.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [packages, kept = ""] = process.argv.slice(2);
const keeps = (name) => kept.split(",").includes(name);
const load = createRequire(`${packages}/`);
const [express, cors, csurf, helmet, session] =
  ["express", "cors", "csurf", "helmet", "express-session"].map((name) => load(name));
const { rateLimit } = load("express-rate-limit");

const PAGES = ["https://app.shop.example"];
const PASSWORDS = { ann: "correct horse", ben: "battery staple" };
/** What reached the application, in its order: a method and a path each. */
const reached = [];
/** What it did: who ordered what. */
const orders = [];

const app = express();
// The address of a client is what the gate says it is: it stands on this machine.
app.set("trust proxy", "loopback");
app.use((request, response, next) => {
  reached.push(`${request.method} ${request.path}`);
  next();
});
app.use(helmet());
if (keeps("cors")) app.use(cors({ origin: PAGES, credentials: true }));
if (keeps("limit")) app.use(rateLimit({ windowMs: 60_000, limit: 40 }));
// Without its options the cookie is one that scripts may read, for every site, by plain http too.
const cookie = keeps("cookie")
  ? { httpOnly: true, sameSite: "lax", secure: "auto" }
  : { httpOnly: false };
app.use(session({
  secret: "secret-of-the-tests-and-of-nobody-else", resave: false, saveUninitialized: false, cookie,
  store: await storeOfSessions(),
}));

async function storeOfSessions() {
  const path = process.env.REDIS_SOCKET;
  if (!path) return undefined;
  const [{ RedisStore }, { createClient }] = ["connect-redis", "redis"].map((name) => load(name));
  const client = createClient({ socket: { path } });
  // It comes again by itself; a request in between hears of it.
  client.on("error", () => {});
  await client.connect();
  return new RedisStore({ client });
}

// The gate asks this by itself, so it stands before the proof of admission.
app.get("/whoami", (request, response) => {
  const { user } = request.session;
  return user ? response.json({ user: { id: user } }) : response.status(401).json({});
});

if (process.env.DOORWARD_ADMISSION_KEY) {
  const { admitted } = await import("../../../examples/admission/admission.mjs");
  app.use((request, response, next) => {
    if (admitted(request.get("doorward-admitted"), request.method, request.originalUrl)) {
      return next();
    }
    return response.status(403).json({ error: "this request did not come through the gate" });
  });
}

app.use(express.urlencoded({ extended: false }), express.json());
if (keeps("csrf")) app.use(csurf());

app.get("/", (request, response) => response.type("html").send("<h1>The shop</h1>"));
app.get("/login", (request, response) => {
  const token = request.csrfToken?.() ?? "";
  response.type("html").send(`<form method="post" action="/login">
    <input name="name"><input name="password" type="password">
    <input name="_csrf" type="hidden" value="${token}"><button>Sign in</button></form>`);
});
app.post("/login", (request, response, next) => {
  const { name, password } = request.body ?? {};
  if (!Object.hasOwn(PASSWORDS, name) || PASSWORDS[name] !== password) {
    return response.status(401).send("wrong name or password");
  }
  // A session that was planted before is not gone on with.
  return request.session.regenerate((error) => {
    if (error) return next(error);
    request.session.user = name;
    return response.redirect(303, "/");
  });
});
app.post("/logout", (request, response, next) => {
  request.session.destroy((error) => {
    if (error) return next(error);
    return response.clearCookie("connect.sid").redirect(303, "/");
  });
});
app.get("/csrf", (request, response) => response.json({ token: request.csrfToken?.() ?? null }));

// Which things are whose: this the application keeps, with or without a gate.
const signedIn = (request, response, next) =>
  request.session.user ? next() : response.status(401).json({ error: "sign in" });
app.get("/api/orders", signedIn, (request, response) =>
  response.json(orders.filter((order) => order.user === request.session.user)));
app.post("/api/orders", signedIn, (request, response) => {
  const order = { user: request.session.user, item: request.body?.item ?? null };
  orders.push(order);
  response.status(201).json(order);
});
// Here somebody forgot to ask who is calling: CORS was thought to be enough.
app.get("/api/stock", (request, response) => response.json({ apples: 40 }));

app.use((error, request, response, next) => {
  response.status(error.status ?? 500).json({ error: error.code ?? error.message });
});

const server = app.listen(0, "127.0.0.1", () =>
  console.log(JSON.stringify({ port: server.address().port })));
createInterface({ input: process.stdin })
  .on("line", () => console.log(JSON.stringify({ reached, orders })))
  .on("close", () => process.exit(0));
