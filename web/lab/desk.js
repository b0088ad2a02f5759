// The attacker's desk: a line that is edited and sent for real.

import { useState } from "/assets/vendor/hooks.js";
import { signal } from "/assets/vendor/signals-core.js";
import { Refusal, post } from "./api.js";
import { html } from "./html.js";
import { balances, lab, notice, said } from "./state.js";

const line = signal("");
const answer = signal(/** @type {any} */ (null));
const fault = signal(/** @type {import("./api.js").Fault | null} */ (null));

/** Lines to begin with. */
function samples() {
  const api = lab.value?.api ?? "";
  const gate = lab.value?.gate ?? "";
  const shop = lab.value?.pages.find((page) => page.word === "shop")?.origin ?? "";
  return [
    ["Plain", `curl ${api}/api/data`],
    ["Your origin, typed by hand", `curl -H 'Origin: ${shop}' ${api}/api/data`],
    ["DELETE, never asked", `curl -X DELETE -H 'Origin: ${shop}' ${api}/api/items/1`],
    ["The transfer", `curl -d 'to=evil&amount=100' ${api}/transfer`],
    ["The same, to the gate", `curl -H 'Origin: https://evil.example' -H 'Sec-Fetch-Site: cross-site' -d 'to=evil&amount=100' ${gate}/transfer`],
    ["A GET that writes, to the gate", `curl '${gate}/transfer?to=evil&amount=100'`],
  ];
}

const FORMS = [["curl", "curl"], ["python", "Python"], ["node", "Node"], ["httpie", "HTTPie"]];

export function Desk() {
  const [busy, setBusy] = useState(false);
  if (!line.value) line.value = samples()[0][1];
  const send = async () => {
    setBusy(true);
    try {
      answer.value = await post("/api/desk", { line: line.value });
      fault.value = null;
      balances.value = answer.value.balances;
      said.value = `Status ${answer.value.status}. The backend: ${answer.value.log.map((/** @type {any} */ one) => `${one.kind} ${one.request}`).join(", ") || "was not contacted"}.`;
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  const copy = async (/** @type {string} */ form) => {
    try {
      const { text } = await post("/api/copy", { line: line.value, form });
      await navigator.clipboard.writeText(text).then(
        () => { notice.value = { says: "It was copied." }; },
        () => { notice.value = { says: `Your browser does not let this page copy. Here it is: ${text}` }; },
      );
    } catch (error) {
      failed(error);
    }
  };
  return html`
    <section class="desk">
      <h1>The attacker's desk</h1>
      <p>One curl line, sent for real by the lab's own client, with every header that you type. It calls
        the lab's sites and nobody else, and follows no redirect.</p>
      <p class="samples">${samples().map(([name, text]) => html`
        <button class="plain" onClick=${() => { line.value = text; fault.value = null; }}>${name}</button>`)}</p>
      <label for="line">The line</label>
      <textarea id="line" rows="4" spellcheck=${false} autocomplete="off" aria-invalid=${fault.value ? "true" : undefined}
        aria-describedby=${fault.value ? "fault" : undefined} value=${line.value}
        onInput=${(/** @type {any} */ event) => { line.value = event.target.value; }}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send(); }}></textarea>
      ${fault.value && html`<${Fault} fault=${fault.value} />`}
      <p class="actions">
        <button class="run" disabled=${busy} onClick=${send}>Send</button>
        <span class="soft">Ctrl Enter</span>
        <span class="copies">copy as ${FORMS.map(([form, name]) => html`<button class="plain" onClick=${() => copy(form)}>${name}</button>`)}</span>
      </p>
      ${answer.value && html`<${Answer} of=${answer.value} />`}
    </section>`;
}

/** @param {unknown} error */
function failed(error) {
  fault.value = error instanceof Refusal ? error.fault : { code: "", says: String(error) };
  answer.value = null;
}

/** Where the line is wrong. @param {{ fault: import("./api.js").Fault }} props */
function Fault({ fault: { says, hint, at } }) {
  const text = line.value;
  const start = Math.max(0, (at ?? 0) - 24);
  const shown = text.slice(start, (at ?? 0) + 24).replaceAll("\n", " ");
  return html`
    <div id="fault" class="faults" role="alert">
      ${at !== undefined && html`<pre>${shown}\n${" ".repeat((at ?? 0) - start)}^</pre>`}
      <p>${says}${hint ? `: ${hint}` : ""}</p>
    </div>`;
}

/** @param {{ of: any }} props */
function Answer({ of }) {
  return html`
    <div class="witnesses">
      <section class="column" aria-label="The answer">
        <h2>the answer</h2>
        <p>status <b>${of.status}</b></p>
        <pre>${of.headers.map((/** @type {[string, string]} */ [name, value]) => `${name}: ${value}`).join("\n")}</pre>
        ${of.body && html`<pre>${of.body}</pre>`}
      </section>
      <section class="column" aria-label="The backend">
        <h2>the backend</h2>
        ${of.log.length === 0 && html`<p>⊘ It was not contacted.</p>`}
        <ol class="log">${of.log.map((/** @type {any} */ one) => html`
          <li><span class=${`kind ${one.kind}`}>${one.kind}</span> <code>${one.request}</code> <span class="what">${one.what}</span></li>`)}</ol>
      </section>
    </div>`;
}
