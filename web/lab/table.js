// The closing table: what the browser blocks, and what the backend runs, without and with the gate.

import { useEffect, useState } from "/assets/vendor/hooks.js";
import { signal } from "/assets/vendor/signals-core.js";
import { get } from "./api.js";
import { Batch } from "./batch.js";
import { html } from "./html.js";
import { ENGINES } from "./words.js";
import { link } from "./route.js";
import { lab, story, tell } from "./state.js";

/** @typedef {{ browser: string, backend: string, gate: string | null }} Cell */
/** @typedef {{ scenario: string, gate: import("./types").Side, step: number, says: string, engines: { engine: string, seen: boolean, says: string }[] }} Difference */
/** @typedef {{ kind: string, caller: string, engine: string, scenario: string, essay: boolean, "waits-for": string[], "is-off": boolean, "is-on": boolean, off: Cell | null, on: Cell | null }} Row */

const progress = signal(/** @type {{ done: number, all: number } | null} */ (null));

function wishes() {
  return (lab.value?.scenarios ?? []).flatMap((own) => {
    /** @type {{ scenario: string, gate: import("./types").Side, window: boolean }[]} */
    const both = [];
    if (!own["gate-only"]) both.push({ scenario: own.id, gate: "off", window: own["needs-window"].off });
    if (!own["waits-for"].length) both.push({ scenario: own.id, gate: "on", window: own["needs-window"].on });
    return both;
  });
}

export function Table() {
  const [rows, setRows] = useState(/** @type {Row[]} */ ([]));
  const [others, setOthers] = useState(/** @type {Difference[]} */ ([]));
  const load = () => Promise.all([get("/api/table").then(setRows), get("/api/differences").then(setOthers)]).catch(tell);
  useEffect(() => { void load(); }, []);
  return html`
    <section class="wide">
      <h1>Who stops what</h1>
      <p>Filled from what was seen in ${lab.value?.["engine-name"]}, here, since the lab was started. The
        first five rows are the essay's.</p>
      <${Batch} says="Run all stories" wishes=${wishes()} progress=${progress} load=${load} rows=${rows}
        path="/api/table" file="closing-table" />
      <div class="scroll" tabindex="0" role="region" aria-label="The table">
        <table class="closing">
          <thead><tr><th scope="col">request</th><th scope="col">caller</th><th scope="col">the browser</th>
            <th scope="col">the backend, CORS alone</th><th scope="col">the backend, with the gate</th></tr></thead>
          <tbody>
            ${rows.map((row) => html`
              <tr class=${row.essay ? "essay" : ""}>
                <th scope="row"><a href=${`#/s/${row.scenario}`}>${row.kind}</a></th>
                <td>${row.caller}</td>
                <td>${(row.off ?? (row["is-off"] ? null : row.on))?.browser ?? html`<span class="soft">not run yet</span>`}</td>
                <td><${Side} cell=${row.off} happens=${row["is-off"]} /></td>
                <td><${Side} cell=${row.on} happens=${row["is-on"]} waits=${row["waits-for"]} /></td>
              </tr>`)}
          </tbody>
        </table>
      </div>
      ${others.length > 0 && html`<${Engines} rows=${others} />`}
    </section>`;
}

/** Where the engines differ. @param {{ rows: Difference[] }} props */
function Engines({ rows }) {
  return html`
    <h2>Where the engines differ</h2>
    <p>What was run here was seen; the others are predicted, as they are installed. All three are run
      by <code>doorward lab --headless</code>.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Where the engines differ">
      <table>
        <thead><tr><th scope="col">request</th>${rows[0].engines.map((told) => html`<th scope="col">${ENGINES[told.engine]}</th>`)}</tr></thead>
        <tbody>
          ${rows.map((row) => html`
            <tr><th scope="row"><a href=${link({ view: "story", id: row.scenario, side: row.gate, step: row.step })}>${story(row.scenario)?.title}</a><span class="soft"> ${row.says}</span></th>
              ${row.engines.map((told) => html`<td>${told.says} <span class="soft">(${told.seen ? "seen" : "predicted"})</span></td>`)}</tr>`)}
        </tbody>
      </table>
    </div>`;
}

/** @param {{ cell: Cell | null, happens: boolean, waits?: string[] }} props */
function Side({ cell, happens, waits = [] }) {
  if (!cell && waits.length) return html`<span class="soft">not built yet: ${waits.join(", ")}</span>`;
  if (!cell) return html`<span class="soft">${happens ? "not run yet" : "does not happen"}</span>`;
  const runs = cell.backend.startsWith("executes");
  return html`<span class=${runs ? "shape executed" : "shape refused"} aria-hidden="true">${runs ? "■" : "□"}</span> ${cell.backend}${cell.gate ? html` <code>${cell.gate}</code>` : ""}`;
}
