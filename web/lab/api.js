// What the page asks its own server for. Nothing else is ever called.

/** @typedef {{ code: string, says: string, hint?: string, at?: number }} Fault */

const KEY = "doorward-lab-token";

/** The token of this run: from the address that the terminal printed, kept for later tabs. */
function readToken() {
  const found = /[#&]token=([0-9a-f]+)/.exec(location.hash);
  if (found) {
    localStorage.setItem(KEY, found[1]);
    // It does not stay in the address, where it could be copied with a link.
    history.replaceState(null, "", location.pathname + location.search);
    return found[1];
  }
  return localStorage.getItem(KEY) ?? "";
}

export const token = readToken();
/** The id of this page, for events that are meant for it. */
export const screen = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
  byte.toString(16).padStart(2, "0")).join("");

/** What a server said no to. */
export class Refusal extends Error {
  /** @param {Fault} fault @param {number} status */
  constructor(fault, status) {
    super(fault.says);
    this.fault = fault;
    this.status = status;
  }
}

/** @param {string} path @param {RequestInit} [init] */
async function call(path, init = {}) {
  const headers = { "Lab-Token": token, ...(init.body ? { "Content-Type": "application/json" } : {}) };
  const answer = await fetch(path, { ...init, headers });
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  const fault = said.error ?? { code: "server", says: `The lab answers ${answer.status}.` };
  throw new Refusal(fault, answer.status);
}

/** @param {string} path @returns {Promise<any>} */
export async function get(path) {
  return (await call(path)).json();
}

/** @param {string} path @returns {Promise<string>} */
export async function text(path) {
  return (await call(path)).text();
}

/** @param {string} path @param {unknown} body @returns {Promise<any>} */
export async function post(path, body) {
  const answer = await call(path, { method: "POST", body: JSON.stringify(body) });
  return answer.status === 204 ? undefined : answer.json();
}

/** @param {string} path @param {unknown} body @returns {Promise<string>} */
export async function postForText(path, body) {
  const answer = await call(path, { method: "POST", body: JSON.stringify(body) });
  return answer.text();
}

/**
 * Hears the events that are meant for this page, a line of JSON each, until the server is gone.
 * @param {(event: any) => void} hear
 */
export async function listen(hear) {
  const answer = await call(`/api/events?screen=${screen}`);
  if (!answer.body) throw new Error("the answer has no body");
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(JSON.parse(line));
  }
}
