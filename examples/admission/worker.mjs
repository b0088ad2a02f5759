// A Worker (Cloudflare, Deno, Bun), by WebCrypto alone. The key is a secret of the worker.
const bytes = (text) => new TextEncoder().encode(text);
const decode = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

export async function admitted(env, proof, method, target, body = new Uint8Array()) {
  const [version, time, id, identity, digest, mac, ...more] = String(proof).split(".");
  const secret = decode(env.DOORWARD_ADMISSION_KEY ?? "");
  const whole = version === "dwa1" && more.length === 0 && /^[\w-]{43}$/.test(mac);
  if (secret.length !== 32 || !whole) return false;
  const gate = env.DOORWARD_GATE_ID ?? "doorward";
  const fields = [version, gate, time, id, method, target, identity, digest];
  const text = fields.map((field) => `${bytes(field).length}:${field}`).join("");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["verify"]);
  if (!(await crypto.subtle.verify("HMAC", key, decode(mac), bytes(text)))) return false;
  const sum = base64url(await crypto.subtle.digest("SHA-256", body));
  return Math.abs(Date.now() / 1000 - Number(time)) <= 60 && (digest === "-" || digest === sum);
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const target = url.href.slice(url.origin.length);
    const body = new Uint8Array(await request.clone().arrayBuffer());
    const proof = request.headers.get("doorward-admitted");
    if (!(await admitted(env, proof, request.method, target, body))) {
      return new Response("this request did not come through the gate\n", { status: 403 });
    }
    return Response.json({ items: [] });
  },
};
