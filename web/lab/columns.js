// Three columns of truth: what was predicted, what the browser says, what the backend says.

import { html } from "./html.js";
import { ENGINES, SHAPES, did, didKind, got, gotKind, isWell, paid, total } from "./words.js";

/** @typedef {import("./types").Step} Step */

/** Lines of the log that are shown of a flood. */
const LINES = 4;
const PAGES = ["shop", "admin", "evil", "promo", "other-port", "own"];

/** @param {string} caller */
export function isPage(caller) {
  return PAGES.includes(caller);
}

/** @param {{ kind: keyof typeof SHAPES, well?: boolean, children?: any }} props */
export function Word({ kind, well, children }) {
  const tone = well === undefined ? "" : well ? " well" : " ill";
  return html`<p class=${`word ${kind}${tone}`}><span aria-hidden="true">${SHAPES[kind]}</span> ${children}</p>`;
}

/** A column's name, and whose it is where there are several. @param {string} name @param {string} [of] */
const named = (name, of) => of ? `${name}, ${of}` : name;

/** @param {{ step: Step, of?: string }} props */
export function Predicted({ step, of }) {
  const { predicted, faults } = step;
  const wrong = faults.some((fault) => fault.kind === "predicted");
  const page = isPage(step.caller);
  return html`
    <section class=${wrong ? "column wrong" : "column"} aria-label=${named("Predicted", of)}>
      <h3>predicted</h3>
      <${Word} kind=${gotKind(predicted.gets)}>${got(predicted.gets, page)}<//>
      <${Word} kind=${didKind(predicted)}>${did(predicted)}<//>
      <ul class="rules">
        ${predicted.rules.map((rule) => html`
          <li>${rule.says}${rule.detail ? html` <code>${rule.detail}</code>` : ""} <${Section} rule=${rule} /></li>`)}
      </ul>
      ${predicted.console && html`
        <p class="soft">Expected in the console:</p><pre class="console">${predicted.console}</pre>`}
      ${step.elsewhere.length > 0 && html`
        <dl class="facts elsewhere">${step.elsewhere.map((other) => html`
          <div><dt>in ${ENGINES[other.engine]}</dt><dd>${otherwise(predicted, other.predicted, page)}</dd></div>`)}</dl>`}
    </section>`;
}

/** What another engine does otherwise, in words.
 * @param {import("./types").Predicted} here @param {import("./types").Predicted} there
 * @param {boolean} page */
function otherwise(here, there, page) {
  const parts = [];
  if (String(here.cookies) !== String(there.cookies)) {
    parts.push(there.cookies.length ? `along go ${there.cookies.join(", ")}` : "no cookie goes along");
  }
  if (here.gets !== there.gets) parts.push(got(there.gets, page).toLowerCase());
  if (did(here) !== did(there)) parts.push(`the backend: ${did(there).toLowerCase()}`);
  return parts.join("; ");
}

/** @param {{ rule: import("./types").Rule }} props */
export function Section({ rule }) {
  if (!rule.link) return html`<span class="section">${rule.section}</span>`;
  return html`<a class="section" href=${rule.link} rel="noreferrer" target="_blank">${rule.section}</a>`;
}

/** @param {{ step: Step, of?: string }} props */
export function Browser({ step, of }) {
  const { seen } = step;
  const page = isPage(step.caller);
  const all = total(seen);
  return html`
    <section class="column" aria-label=${named(page ? "The browser" : "The program", of)}>
      <h3>${page ? "the browser" : "the program"}</h3>
      <${Word} kind=${gotKind(seen.gets)}>${got(seen.gets, page)}<//>
      ${seen.error && html`<pre class="console">${seen.error}</pre>`}
      ${seen.status !== null && html`<p>status <b>${seen.status}</b></p>`}
      ${all > 1 && html`<${Statuses} statuses=${seen.statuses} all=${all} />`}
      ${seen.body && html`<pre>${short(seen.body)}</pre>`}
      <dl class="facts">
        <div><dt>origin sent</dt><dd>${seen.origin ? html`<code>${seen.origin}</code>` : "no origin"}</dd></div>
        <div><dt>cookies sent</dt><dd>${seen.cookies.length ? seen.cookies.map((name) => html`<code>${name}</code> `) : "no cookie"}</dd></div>
        ${seen["set-cookies"].length > 0 && html`
          <div><dt>answers set</dt><dd>${seen["set-cookies"].map((line) => html`<code>${line}</code> `)}</dd></div>`}
        ${seen["retry-after"] && html`
          <div><dt>Retry-After</dt><dd>${seen.headers["retry-after"]} s</dd></div>`}
        ${seen.price && html`<div class="price"><dt>passes</dt><dd>${paid(seen.price)}</dd></div>`}
        ${looksForKey(step) && html`
          <div><dt>the key</dt><dd>${seen["shows-key"] ? "stands in what is sent here" : "stands in nothing that is written, sent or read here"}</dd></div>`}
      </dl>
    </section>`;
}

/** Whether the story is about where the paid service's key is. @param {Step} step */
function looksForKey({ seen, expected }) {
  return seen["shows-key"] || typeof expected?.["shows-key"] === "boolean";
}

/** @param {{ statuses: Record<string, number>, all: number }} props */
function Statuses({ statuses, all }) {
  return html`
    <ul class="statuses">
      ${Object.entries(statuses).map(([status, count]) => html`
        <li><code>${status}</code> <meter min="0" max=${all} value=${count} aria-label=${`answers with status ${status}`}></meter> ${count}</li>`)}
    </ul>`;
}

/** @param {{ step: Step, attack: boolean, of?: string }} props */
export function Backend({ step, attack, of }) {
  const { seen } = step;
  const well = isWell(seen, attack);
  const log = seen.executed > LINES ? seen.log.slice(0, LINES) : seen.log;
  return html`
    <section class="column" aria-label=${named("The backend", of)}>
      <h3>the backend</h3>
      <${Word} kind=${didKind(seen)} well=${seen.executed > 0 || seen.gate ? well : undefined}>${did(seen)}<//>
      ${seen.gate && html`<p>The gate refuses: <code>${seen.gate}</code></p>`}
      ${seen.log.length > 0 && html`
        <ol class="log" aria-label="The backend's log">
          ${log.map((line) => html`
            <li><span class=${`kind ${line.kind}`}>${line.kind}</span> <code>${line.request}</code>
              ${line.origin && html`<span class="soft"> origin ${line.origin}</span>`}
              <span class="what">${line.what}</span></li>`)}
        </ol>`}
      ${seen.executed > log.length && html`<p class="soft">and ${seen.executed - log.length} more</p>`}
      ${seen.moved > 0 && html`<p class="moved">${seen.moved} € moved to evil</p>`}
    </section>`;
}

/** What does not agree. @param {{ step: Step }} props */
export function Faults({ step }) {
  if (step.faults.length === 0) return null;
  return html`
    <div class="faults" role="alert">
      <p>This does not agree:</p>
      <ul>${step.faults.map((fault) => html`
        <li><b>${fault.about}</b>: ${fault.kind === "seen" ? "the story's file says" : "predicted was"}
          <code>${fault.wanted}</code>, seen was <code>${fault.got}</code></li>`)}</ul>
    </div>`;
}

/** @param {string} text */
function short(text) {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
