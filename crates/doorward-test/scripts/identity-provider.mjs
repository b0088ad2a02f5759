// A real identity provider on a free port of this machine, steered over stdin and stdout: one line
// of JSON asks, one answers. It ends with its stdin.
// identity-provider.mjs PACKAGES
import { createHash, createPublicKey, generateKeyPair, randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const [packages] = process.argv.slice(2);
// Stdout is for answers alone.
console.info = console.error;
console.log = console.error;
// Older releases of Node that the provider does not mind otherwise have none.
URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);
const { Provider } = await import(
  pathToFileURL(createRequire(`${packages}/`).resolve("oidc-provider")));

const SECRET = "secret-of-the-tests-and-of-nobody-else";
const BACK = "https://shop.test/back";
const SCOPES = "read write";
/** What the resources of other names have: signed tokens of ES256. */
const RESOURCES = {
  "https://rsa.api.test": { jwt: { sign: { alg: "RS256" } } },
  "https://opaque.api.test": { accessTokenFormat: "opaque" },
};
/** Lives of access tokens by client, in seconds. */
const LIVES = { brief: 1 };

function client(id) {
  return {
    client_id: id, client_secret: SECRET, redirect_uris: [BACK],
    grant_types: ["authorization_code", "client_credentials", "refresh_token"],
    id_token_signed_response_alg: "ES256",
    introspection_signed_response_alg: "ES256",
    token_endpoint_auth_method: "client_secret_basic",
  };
}

/** What the provider keeps, across its keys: by model and id. */
const kept = new Map();

/** The provider's memory. */
class Memory {
  constructor(model) { this.model = model; }
  key(id) { return `${this.model} ${id}`; }
  async upsert(id, payload) { kept.set(this.key(id), payload); }
  async find(id) { return kept.get(this.key(id)); }
  async destroy(id) { kept.delete(this.key(id)); }
  async consume(id) { kept.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
  async findByUid(uid) { return [...kept.values()].find((one) => one.uid === uid); }
  async findByUserCode(code) { return [...kept.values()].find((one) => one.userCode === code); }
  async revokeByGrantId(id) {
    for (const [key, payload] of kept) if (payload.grantId === id) kept.delete(key);
  }
}

const pair = promisify(generateKeyPair);
let generation = 0;

/** Two fresh keys, of ES256 and of RS256. */
async function freshKeys() {
  generation += 1;
  const [elliptic, rsa] = await Promise.all([
    pair("ec", { namedCurve: "P-256" }), pair("rsa", { modulusLength: 2048 })]);
  const key = ({ privateKey }, alg, kid) =>
    ({ ...privateKey.export({ format: "jwk" }), alg, kid, use: "sig" });
  return [key(elliptic, "ES256", `es-${generation}`), key(rsa, "RS256", `rs-${generation}`)];
}

/** The provider with these keys; of each kind the first signs. */
function provider(keys) {
  const made = new Provider(issuer, {
    adapter: Memory,
    clients: [client("shop"), client("brief"), client("gate")],
    jwks: { keys },
    cookies: { keys: ["of no use here"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    pkce: { required: () => false },
    scopes: ["openid", "offline_access", ...SCOPES.split(" ")],
    issueRefreshToken: async (_, __, code) => code.scopes.has("offline_access"),
    ttl: {
      AccessToken: (_, __, { clientId }) => LIVES[clientId] ?? 3600,
      ClientCredentials: (_, __, { clientId }) => LIVES[clientId] ?? 3600,
      AuthorizationCode: 60, Grant: 3600, IdToken: 3600, RefreshToken: 3600, Session: 3600,
      Interaction: 60,
    },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      jwtIntrospection: { enabled: true },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: SCOPES, accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } },
          ...RESOURCES[resource],
        }),
      },
    },
  });
  made.on("server_error", (_, error) => console.error(error));
  return made;
}

/**
 * A code, as it comes back from a sign-in at which nobody was asked anything. What is done with it
 * at the token endpoint is the provider's own.
 */
async function signIn(parameters) {
  const [user, id, resource] = ["user", "client", "resource"].map((name) => parameters.get(name));
  const scope = parameters.get("scope") ?? `openid ${SCOPES}`;
  const grant = new running.Grant({ accountId: user, clientId: id });
  grant.addOIDCScope(scope);
  if (resource) grant.addResourceScope(resource, scope);
  const code = new running.AuthorizationCode({
    accountId: user, client: await running.Client.find(id), grantId: await grant.save(),
    redirectUri: BACK, scope, resource: resource ?? undefined, gty: "authorization_code",
    authTime: Math.floor(Date.now() / 1000),
  });
  return { code: await code.save(), redirect_uri: BACK };
}

const ENDPOINTS = {
  "/jwks": "jwks", "/token": "token", "/token/introspection": "introspection",
  "/token/revocation": "revocation", "/.well-known/openid-configuration": "discovery",
};
const asked = { jwks: 0, token: 0, introspection: 0, revocation: 0, discovery: 0 };
/** Moods by endpoint; none: it is well. */
const moods = {};
/** Milliseconds of a slow answer. */
const SLOW_MS = 300;
const JSON_HEADERS = { "Content-Type": "application/json" };

/** Answers by a mood; whether there is one that leaves nothing for the provider to do. */
function answerByMood(mood, response, well) {
  switch (mood) {
    case undefined: return well();
    case "slow": return void setTimeout(well, SLOW_MS);
    case "hangs": return undefined;
    case "closes": return response.destroy();
    case "redirects": return response.writeHead(302, { Location: `${issuer}/elsewhere` }).end();
    case "fails": return response.writeHead(500).end();
    case "long": return response.writeHead(200, JSON_HEADERS)
      .end(`{"keys":[],"more":"${"a".repeat(10 * 1024 * 1024)}"}`);
    case "nonsense": return response.writeHead(200, JSON_HEADERS).end('{"keys": "none"');
    default: throw new Error(`there is no mood ${mood}`);
  }
}

const server = createServer((request, response) => {
  const url = new URL(request.url, issuer);
  const endpoint = ENDPOINTS[url.pathname];
  if (endpoint) asked[endpoint] += 1;
  answerByMood(moods[endpoint], response, async () => {
    if (url.pathname !== "/sign-in") return running.callback()(request, response);
    const said = await signIn(url.searchParams);
    return response.writeHead(200, JSON_HEADERS).end(JSON.stringify(said));
  });
});
await new Promise((listens) => server.listen(0, "127.0.0.1", listens));
const issuer = `http://127.0.0.1:${server.address().port}`;
let keys = await freshKeys();
let next = [];
let running = provider(keys);

/** A key of a client's own, and what it proves at the token endpoint (RFC 9449 4.2). */
async function proof() {
  const { privateKey } = await pair("ec", { namedCurve: "P-256" });
  const { crv, kty, x, y } = createPublicKey(privateKey).export({ format: "jwk" });
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const head = part({ typ: "dpop+jwt", alg: "ES256", jwk: { crv, kty, x, y } });
  const body = part({
    jti: randomUUID(), htm: "POST", htu: `${issuer}/token`, iat: Math.floor(Date.now() / 1000),
  });
  const key = { key: privateKey, dsaEncoding: "ieee-p1363" };
  const signature = sign("sha256", Buffer.from(`${head}.${body}`), key).toString("base64url");
  // In the order of RFC 7638.
  const thumbprint = createHash("sha256").update(JSON.stringify({ crv, kty, x, y }));
  const pem = privateKey.export({ format: "pem", type: "pkcs8" });
  return { proof: `${head}.${body}.${signature}`, jkt: thumbprint.digest("base64url"), pem };
}

/** What can be asked over stdin. */
const commands = {
  /** A new key is told of, and signs nothing. */
  async publish() {
    next = await freshKeys();
    running = provider([...keys, ...next]);
  },
  /** It signs; the old one is still told of. */
  use() { running = provider([...next, ...keys]); },
  /** The old one is forgotten. */
  retire() {
    keys = next;
    running = provider(keys);
  },
  mood({ endpoint, mood }) {
    if (!(endpoint in asked)) throw new Error(`there is no endpoint ${endpoint}`);
    moods[endpoint] = mood === "well" ? undefined : mood;
  },
  asked: () => asked,
  proof,
};

createInterface({ input: process.stdin }).on("line", async (line) => {
  const command = JSON.parse(line);
  try {
    const said = await commands[command.do](command);
    process.stdout.write(`${JSON.stringify({ said: said ?? null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}).on("close", () => process.exit(0));
process.stdout.write(`${JSON.stringify({ issuer, secret: SECRET })}\n`);
