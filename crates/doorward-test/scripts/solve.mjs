// Pays for passes with ALTCHA's own solver, and prints what came of it.
// solve.mjs PACKAGES GATE ORIGIN
import { generateKeyPairSync } from "node:crypto";
import { request } from "node:http";
import { createRequire } from "node:module";

const [packages, gate, origin] = process.argv.slice(2);
const { solveChallenge } = createRequire(`${packages}/`)("altcha-lib/v1");

/** The 65 bytes of a fresh key's public half. */
function freshKey() {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  const bytes = [Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")];
  return Buffer.concat(bytes).toString("base64url");
}

/** Asks the gate, as a page of that origin does. */
function ask(path, body, from = origin) {
  const headers = { Origin: from, "Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain" };
  return new Promise((done, failed) => {
    const sent = request(`${gate}/.doorward${path}`, { method: "POST", headers }, (answer) => {
      let text = "";
      answer.on("data", (bytes) => { text += bytes; });
      answer.on("end", () => done({ code: answer.headers["doorward-refusal"], ...JSON.parse(text) }));
    });
    sent.on("error", failed);
    sent.end(JSON.stringify(body));
  });
}

/** What ALTCHA's widget puts into its form field. */
async function solve(challenge) {
  const { algorithm, maxnumber, salt, signature } = challenge;
  const { number, took } = await solveChallenge(
    challenge.challenge, salt, algorithm, maxnumber).promise;
  const whole = { algorithm, challenge: challenge.challenge, number, salt, signature, took };
  return { whole, text: Buffer.from(JSON.stringify(whole)).toString("base64") };
}

const begun = performance.now();
const key = freshKey();
const challenge = await ask("/challenge", { key });
const { whole, text } = await solve(challenge);
const wrong = Buffer.from(JSON.stringify({ ...whole, number: whole.number + 1 }));
const said = {
  maxnumber: challenge.maxnumber,
  otherKey: (await ask("/pass", { key: freshKey(), altcha: text })).code,
  wrong: (await ask("/pass", { key, altcha: wrong.toString("base64") })).code,
  both: (await ask("/pass", { key, altcha: text, work: "AA", time: 1 })).code,
  noKey: (await ask("/challenge", { key: "AA" })).code,
  stranger: (await ask("/challenge", { key }, "https://evil.example")).code,
  pass: (await ask("/pass", { key, altcha: text })).pass?.slice(0, 5),
  again: (await ask("/pass", { key, altcha: text })).code,
};
// Collected in advance they do not get passes cheaper: from the sixteenth on each costs more.
const many = [];
for (let number = 0; number < 16; number += 1) {
  const own = freshKey();
  many.push({ own, ...await solve(await ask("/challenge", { key: own })) });
}
const paid = [];
for (const { own, text } of many) {
  const { pass, code, bits } = await ask("/pass", { key: own, altcha: text });
  paid.push(pass ? "pass" : `${code} ${bits}`);
}
const seconds = (performance.now() - begun) / 1000;
said.paid = [paid.filter((one) => one === "pass").length, paid.at(-1), seconds];
console.log(JSON.stringify(said));
