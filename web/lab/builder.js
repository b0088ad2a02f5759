// The request builder: three lights, one for each condition of a simple request.

import { useEffect } from "/assets/vendor/hooks.js";
import { signal } from "/assets/vendor/signals-core.js";
import { Refusal, post } from "./api.js";
import { Backend, Browser, Predicted } from "./columns.js";
import { html } from "./html.js";
import { lab, last, ready, run, running } from "./state.js";
import { Wire } from "./wire.js";

/** @typedef {{ about: string, holds: boolean, found: string, rule: import("./types").Rule }} Condition */

const built = signal({
  caller: "evil", way: "fetch", method: "POST", path: "/api/data",
  headers: /** @type {[string, string][]} */ ([]),
  kind: "text", text: "{\"a\":1}", mode: "cors", credentials: "same-origin",
});
const judged = signal(/** @type {{ conditions: Condition[], shown: string } | null} */ (null));
const wrong = signal("");

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const PATHS = ["/api/data", "/api/items/1", "/transfer", "/api/ledger", "/status"];
const KINDS = [["none", "no body"], ["text", "a string"], ["bytes", "a typed array"], ["fields", "form fields"]];
const TYPES = ["", "text/plain", "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"];

/** What is asked of the server. */
function asked() {
  const { caller, way, method, path, headers, kind, text, mode, credentials } = built.value;
  const body = kind === "text" ? { text } : kind === "bytes" ? { bytes: [123, 125] }
    : kind === "fields" ? { fields: { to: "evil", amount: "10" } } : undefined;
  const own = Object.fromEntries(headers.filter(([name]) => name));
  return { caller, way, method, path, headers: own, body, mode: mode === "cors" ? undefined : mode, credentials };
}

async function judge() {
  try {
    judged.value = await post("/api/judge", asked());
    wrong.value = "";
  } catch (error) {
    judged.value = null;
    wrong.value = error instanceof Refusal ? error.fault.says : String(error);
  }
}

/** @param {Partial<typeof built.value>} change */
function set(change) {
  built.value = { ...built.value, ...change };
}

export function Builder() {
  const now = built.value;
  useEffect(() => { void judge(); }, [now]);
  const type = now.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  const others = now.headers.filter(([name]) => name.toLowerCase() !== "content-type");
  /** @param {string} value */
  const setType = (value) => set({ headers: value ? [...others, ["Content-Type", value]] : others });
  /** @param {import("./types").Side} gate */
  const go = (gate) => {
    const window = now.way !== "fetch" || now.credentials === "include";
    if (ready(window)) void run({ built: asked(), gate });
  };
  return html`
    <section class="builder">
      <h1>The request builder</h1>
      <p>A request is sent without asking when three conditions hold. Build one, watch the lights, and
        let a page send it.</p>
      <div class="controls">
        <label>page <select value=${now.caller} onChange=${pick("caller")}>
          ${lab.value?.pages.map(({ word, origin }) => html`<option value=${word} selected=${word === now.caller}>${origin}</option>`)}</select></label>
        <label>method <select value=${now.method} onChange=${pick("method")}>
          ${METHODS.map((one) => html`<option value=${one} selected=${one === now.method}>${one}</option>`)}</select></label>
        <label>path <select value=${now.path} onChange=${pick("path")}>
          ${PATHS.map((one) => html`<option value=${one} selected=${one === now.path}>${one}</option>`)}</select></label>
        <label>body <select value=${now.kind} onChange=${pick("kind")}>
          ${KINDS.map(([one, says]) => html`<option value=${one} selected=${one === now.kind}>${says}</option>`)}</select></label>
        <label>content type <select value=${type} onChange=${(/** @type {any} */ event) => setType(event.target.value)}>
          ${TYPES.map((one) => html`<option value=${one} selected=${one === type}>${one || "what the browser adds"}</option>`)}</select></label>
        <label>mode <select value=${now.mode} onChange=${pick("mode")}>
          ${["cors", "no-cors", "same-origin"].map((one) => html`<option value=${one} selected=${one === now.mode}>${one}</option>`)}</select></label>
        <label>credentials <select value=${now.credentials} onChange=${pick("credentials")}>
          ${["omit", "same-origin", "include"].map((one) => html`<option value=${one} selected=${one === now.credentials}>${one}</option>`)}</select></label>
      </div>
      <${HeaderRows} rows=${others} change=${(/** @type {[string, string][]} */ rows) => set({ headers: type ? [...rows, ["Content-Type", type]] : rows })} />
      ${wrong.value && html`<p class="faults" role="alert">${wrong.value}</p>`}
      ${judged.value && html`<${Lights} conditions=${judged.value.conditions} />`}
      ${judged.value && html`<pre class="shown" aria-label="The request">${judged.value.shown}</pre>`}
      <p class="actions">
        <button class="run" disabled=${running.value !== null} onClick=${() => go("off")}>Send it: CORS alone</button>
        <button disabled=${running.value !== null} onClick=${() => go("on")}>Send it: with the gate</button>
      </p>
      <${Came} side="off" title="CORS alone" />
      <${Came} side="on" title="With the gate" />
    </section>`;
}

/** @param {string} name */
function pick(name) {
  return (/** @type {any} */ event) => set({ [name]: event.target.value });
}

/** @param {{ rows: [string, string][], change: (rows: [string, string][]) => void }} props */
function HeaderRows({ rows, change }) {
  /** @param {number} at @param {0 | 1} part @param {string} value */
  const edit = (at, part, value) => change(rows.map((row, index) => index !== at ? row
    : /** @type {[string, string]} */ (part === 0 ? [value, row[1]] : [row[0], value])));
  return html`
    <fieldset class="header-rows">
      <legend>headers that the script sets</legend>
      ${rows.map(([name, value], at) => html`
        <div class="header-row">
          <input aria-label="name" value=${name} onInput=${(/** @type {any} */ event) => edit(at, 0, event.target.value)} />
          <input aria-label="value" value=${value} onInput=${(/** @type {any} */ event) => edit(at, 1, event.target.value)} />
          <button class="plain" onClick=${() => change(rows.filter((_, index) => index !== at))}>Remove</button>
        </div>`)}
      <button class="plain" onClick=${() => change([...rows, ["X-API-Key", "made-up"]])}>Add a header</button>
    </fieldset>`;
}

/** @param {{ conditions: Condition[] }} props */
function Lights({ conditions }) {
  const simple = conditions.every((one) => one.holds);
  return html`
    <div class="lights">
      <ul>
        ${conditions.map((one) => html`
          <li class=${one.holds ? "holds" : "fails"}>
            <span class="light" aria-hidden="true">${one.holds ? "●" : "○"}</span>
            <b>${one.about}</b> <code>${one.found}</code>
            <span>${one.holds ? "could be a form's" : "no form can send this"}</span>
          </li>`)}
      </ul>
      <p role="status"><b>${simple ? "Simple: the request goes out without asking." : "Not simple: the browser asks first."}</b></p>
    </div>`;
}

/** @param {{ side: import("./types").Side, title: string }} props */
function Came({ side, title }) {
  const ran = last("built", side);
  if (!ran) return null;
  const step = ran.steps[0];
  return html`
    <section class="outcome" aria-label=${title}>
      <h2>${title}</h2>
      <${Wire} step=${step} attack=${true} of=${title} />
      <div class="columns">
        <${Predicted} step=${step} of=${title} />
        <${Browser} step=${step} of=${title} />
        <${Backend} step=${step} attack=${true} of=${title} />
      </div>
    </section>`;
}
