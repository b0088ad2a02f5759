// RFC 9421 in the one spelling that the gate takes.

import { base64, base64url, bytesOf } from "./bytes";
import type { Body } from "./body";
import type { Pass } from "./mint";

/** What of a request is signed. */
export interface Signing {
  method: string;
  url: URL;
  body: Body;
  contentType: string | null;
  /** By the gate's clock. */
  created: number;
  /** 16 bytes. */
  nonce: Uint8Array;
}

/** The signature base (RFC 9421 2.5) and the parameters that stand at its end. */
export function baseOf(signing: Signing, pass: Pick<Pass, "text" | "id">): [string, string] {
  const { method, url, body, contentType, created, nonce } = signing;
  const components: [string, string | null | undefined][] = [
    ["@method", method],
    ["@authority", url.host],
    ["@path", url.pathname],
    ["@query", url.search || "?"],
    ["content-digest", body.digest],
    ["content-length", body.length],
    ["content-type", contentType],
    ["doorward-pass", pass.text],
  ];
  const listed = components.filter(([, value]) => value != null);
  const names = listed.map(([name]) => `"${name}"`).join(" ");
  const parameters = `(${names});created=${created};nonce="${base64url(nonce)}"` +
    `;keyid="${pass.id}";alg="hmac-sha256";tag="doorward"`;
  const lines = listed.map(([name, value]) => `"${name}": ${value}\n`).join("");
  return [`${lines}"@signature-params": ${parameters}`, parameters];
}

/** The headers that a signed request has beside its own. */
export async function signatureOf(signing: Signing, pass: Pass): Promise<Record<string, string>> {
  const [base, parameters] = baseOf(signing, pass);
  const signature = base64(await pass.sign(bytesOf(base)));
  const { digest } = signing.body;
  return {
    "Doorward-Pass": pass.text,
    ...(digest ? { "Content-Digest": digest } : {}),
    "Signature-Input": `doorward=${parameters}`,
    Signature: `doorward=:${signature}:`,
  };
}
