// Checks Doorward-Admitted: whether this very request came through the gate. No dependencies.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

const key = Buffer.from(process.env.DOORWARD_ADMISSION_KEY ?? "", "base64url");
const gate = process.env.DOORWARD_GATE_ID ?? "doorward";

export function admitted(proof, method, target, body = "") {
  const [version, time, id, identity, digest, mac, ...more] = String(proof).split(".");
  const fields = [version, gate, time, id, method, target, identity, digest].map(String);
  const text = fields.map((field) => `${Buffer.byteLength(field)}:${field}`).join("");
  const want = createHmac("sha256", key).update(text).digest();
  const got = Buffer.from(mac ?? "", "base64url");
  if (key.length !== 32 || more.length || got.length !== want.length) return false;
  if (!timingSafeEqual(got, want) || version !== "dwa1") return false;
  const sum = createHash("sha256").update(body).digest("base64url");
  return Math.abs(Date.now() / 1000 - Number(time)) <= 60 && (digest === "-" || digest === sum);
}
