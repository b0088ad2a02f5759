// The closing table: what the browser blocks, and what the backend runs, without and with the gate.

import { useEffect, useState } from "/assets/vendor/hooks.js";
import { signal } from "/assets/vendor/signals-core.js";
import { get, text } from "./api.js";
import { html } from "./html.js";
import { lab, runMany, running, tell } from "./state.js";
import { download } from "./story.js";

/** @typedef {{ browser: string, backend: string, gate: string | null }} Cell */
/** @typedef {{ kind: string, caller: string, engine: string, scenario: string, essay: boolean, "waits-for": string[], off: Cell | null, on: Cell | null }} Row */

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
  const busy = progress.value;
  const load = () => get("/api/table").then(setRows, tell);
  useEffect(() => { void load(); }, []);
  const runAll = async () => {
    const all = wishes();
    progress.value = { done: 0, all: all.length };
    await runMany(all, (done) => {
      if (progress.value) progress.value = { done, all: all.length };
      void load();
    }, () => progress.value !== null);
    progress.value = null;
    void load();
  };
  const save = async (/** @type {"markdown" | "json"} */ format) => {
    const body = format === "json" ? JSON.stringify(rows, null, 2) : await text("/api/table?format=markdown");
    download(body, `closing-table.${format === "json" ? "json" : "md"}`, "text/plain");
  };
  return html`
    <section class="wide">
      <h1>Who stops what</h1>
      <p>Filled from what was seen in ${lab.value?.["engine-name"]}, here, since the lab was started. The
        first five rows are the essay's.</p>
      <p class="actions">
        <button class="run" disabled=${running.value !== null} onClick=${runAll}>Run all stories: ${wishes().length} runs</button>
        ${busy && html`<progress max=${busy.all} value=${busy.done} aria-label="Runs so far"></progress> <span role="status">${busy.done} of ${busy.all}</span>
          <button class="plain" onClick=${() => { progress.value = null; }}>Stop</button>`}
        <button class="plain" onClick=${() => save("markdown")}>Markdown</button>
        <button class="plain" onClick=${() => save("json")}>JSON</button>
      </p>
      <div class="scroll" tabindex="0" role="region" aria-label="The table">
        <table class="closing">
          <thead><tr><th scope="col">request</th><th scope="col">caller</th><th scope="col">the browser</th>
            <th scope="col">the backend, CORS alone</th><th scope="col">the backend, with the gate</th></tr></thead>
          <tbody>
            ${rows.map((row) => html`
              <tr class=${row.essay ? "essay" : ""}>
                <th scope="row"><a href=${`#/s/${row.scenario}`}>${row.kind}</a></th>
                <td>${row.caller}</td>
                <td>${row.off?.browser ?? html`<span class="soft">not run yet</span>`}</td>
                <td><${Side} cell=${row.off} /></td>
                <td><${Side} cell=${row.on} waits=${row["waits-for"]} /></td>
              </tr>`)}
          </tbody>
        </table>
      </div>
    </section>`;
}

/** @param {{ cell: Cell | null, waits?: string[] }} props */
function Side({ cell, waits = [] }) {
  if (!cell && waits.length) return html`<span class="soft">not built yet: ${waits.join(", ")}</span>`;
  if (!cell) return html`<span class="soft">not run yet</span>`;
  const runs = cell.backend.startsWith("executes");
  return html`<span class=${runs ? "shape executed" : "shape refused"} aria-hidden="true">${runs ? "■" : "□"}</span> ${cell.backend}${cell.gate ? html` <code>${cell.gate}</code>` : ""}`;
}
