// Why a page is not let: a call, a line of curl or a console's error, judged without sending it.

import { useState } from "/assets/vendor/hooks.js";
import { signal } from "/assets/vendor/signals-core.js";
import { Refusal, post } from "./api.js";
import { html } from "./html.js";
import { said } from "./state.js";

/**
 * @typedef {{ method: string, url: string, page: string, engine: string, works: boolean,
 *   sent: boolean, steps: string[], why: { id: string, section: string, link: string, says: string,
 *   detail: string }, consoles: [string, string | null][], others: [string, string][],
 *   changes: string[], "page-changes": string[], hints: string[], warnings: string[],
 *   notes: string[] }} Told
 */

const EMPTY = { text: "", from: "", answers: "", engine: "" };
const wish = signal(EMPTY);
const told = signal(/** @type {Told | null} */ (null));
const fault = signal(/** @type {import("./api.js").Fault | null} */ (null));

/** @type {[string, typeof EMPTY][]} */
const SAMPLES = [
  ["No header at all", {
    ...EMPTY,
    text: 'fetch("https://api.shop.example/cart")',
    from: "https://shop.example",
    answers: "HTTP/1.1 200 OK\nContent-Type: application/json",
  }],
  ["A preflight that must sign in", {
    ...EMPTY,
    text: 'fetch("https://api.shop.example/cart", {\n  method: "PUT",\n  headers: { "Content-Type": "application/json" },\n  body: JSON.stringify({ chairs: 2 }),\n})',
    from: "https://shop.example",
    answers: "HTTP/1.1 401 Unauthorized\nAccess-Control-Allow-Origin: https://shop.example\n\nHTTP/1.1 200 OK\nAccess-Control-Allow-Origin: https://shop.example",
  }],
  ["A star with cookies", {
    ...EMPTY,
    text: 'fetch("https://api.shop.example/me", { credentials: "include" })',
    from: "https://shop.example",
    answers: "Access-Control-Allow-Origin: *\nAccess-Control-Allow-Credentials: true",
  }],
  ["A console's error", {
    ...EMPTY,
    text: "Access to fetch at 'https://api.shop.example/cart' from origin 'https://shop.example' has been blocked by CORS policy: Request header field content-type is not allowed by Access-Control-Allow-Headers in preflight response.",
  }],
];

const ENGINES = [["", "as the text says"], ["chromium", "Chromium"], ["firefox", "Firefox"], ["webkit", "WebKit"]];

export function Explain() {
  const [busy, setBusy] = useState(false);
  const ask = async () => {
    setBusy(true);
    try {
      told.value = await post("/api/explain", wish.value);
      fault.value = null;
      const { works, why } = /** @type {Told} */ (told.value);
      said.value = `${works ? "The page reads the answer." : "The page does not read the answer."} ${why.says}`;
    } catch (error) {
      fault.value = error instanceof Refusal ? error.fault : { code: "", says: String(error) };
      told.value = null;
    } finally {
      setBusy(false);
    }
  };
  const byKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void ask();
  };
  return html`
    <section class="desk">
      <h1>Why is my page not let?</h1>
      <p>Paste a <code>fetch</code> call, a line of curl or the browser's error, and what the server answers.
        The model of a browser judges it; nothing is sent.</p>
      <p class="samples">${SAMPLES.map(([name, sample]) => html`
        <button class="plain" onClick=${() => { wish.value = sample; fault.value = null; told.value = null; }}>${name}</button>`)}</p>
      <label for="asked">The call, the line or the error</label>
      <textarea id="asked" rows="6" spellcheck=${false} autocomplete="off" value=${wish.value.text}
        ...${marks("text")} onInput=${set("text")} onKeyDown=${byKey}></textarea>
      <div class="controls">
        <label>the page <input placeholder="http://localhost:5173" spellcheck=${false} autocomplete="off"
          value=${wish.value.from} ...${marks("from")} onInput=${set("from")} /></label>
        <label>browser <select value=${wish.value.engine} onChange=${set("engine")}>
          ${ENGINES.map(([word, name]) => html`<option value=${word} selected=${word === wish.value.engine}>${name}</option>`)}</select></label>
      </div>
      <label for="answered">The server's answer: status and headers, that to the preflight first where there are two</label>
      <textarea id="answered" rows="6" spellcheck=${false} autocomplete="off" value=${wish.value.answers}
        ...${marks("answers")} onInput=${set("answers")} onKeyDown=${byKey}></textarea>
      ${fault.value && html`
        <div id="unclear" class="faults" role="alert">
          <p>${fault.value.says}${fault.value.hint ? `: ${fault.value.hint}` : ""}</p>
        </div>`}
      <p class="actions">
        <button class="run" disabled=${busy} onClick=${ask}>Explain</button>
        <span class="soft">Ctrl Enter</span>
      </p>
      ${told.value && html`<${Answer} of=${told.value} />`}
    </section>`;
}

/** @param {keyof typeof EMPTY} name */
function set(name) {
  return (/** @type {any} */ event) => { wish.value = { ...wish.value, [name]: event.target.value }; };
}

/** What tells a reader that a field is wrong. @param {string} name */
function marks(name) {
  return fault.value?.code === name ? { "aria-invalid": "true", "aria-describedby": "unclear" } : {};
}

/** @param {{ of: Told }} props */
function Answer({ of }) {
  return html`
    <div class="witnesses">
      <section class="column" aria-label="The browser">
        <h2>${of.engine}</h2>
        <p><code>${of.method} ${of.url}</code><br /><span class="soft">from a page of ${of.page}</span></p>
        <ol>${of.steps.map((step) => html`<li>${step}</li>`)}</ol>
        ${of.others.map(([engine, end]) => html`<p class="soft">${engine} ends otherwise: ${end}</p>`)}
      </section>
      <section class="column" aria-label="Why">
        <h2>why</h2>
        <p>${of.why.says}${of.why.detail && html` <code>${of.why.detail}</code>`}</p>
        <p><a href=${of.why.link} rel="noreferrer" target="_blank">${of.why.section}</a> <span class="soft">${of.why.id}</span></p>
        <${Lines} title="look at" lines=${of.hints} />
      </section>
    </div>
    ${!of.works && html`<${Mending} of=${of} />`}
    <${Lines} title="but" lines=${of.warnings} />
    ${of.consoles.some(([, line]) => line) && html`
      <h2>what each console prints</h2>
      <dl class="facts">${of.consoles.map(([engine, line]) => html`
        <div><dt>${engine}</dt><dd>${line ? html`<code>${line}</code>` : "nothing, or words that are not known"}</dd></div>`)}</dl>`}
    <${Lines} title="read so" lines=${of.notes} />`;
}

/** @param {{ of: Told }} props */
function Mending({ of }) {
  const { changes, "page-changes": calls } = of;
  if (!changes.length && !calls.length) {
    return html`<p>No change of the answer's headers or status makes it work.</p>`;
  }
  return html`
    ${changes.length > 0 && html`
      <h2>the server's smallest change that makes it work, tried</h2>
      <pre>${changes.join("\n")}</pre>`}
    <${Lines} title=${changes.length ? "or in the call" : "in the call"} lines=${calls} />`;
}

/** @param {{ title: string, lines: string[] }} props */
function Lines({ title, lines }) {
  if (!lines.length) return null;
  return html`<h2>${title}</h2><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}
