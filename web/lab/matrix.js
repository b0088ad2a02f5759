// The defence matrix: attacks and layers. Every cell was run; what was not run is empty.

import { useEffect, useState } from "/assets/vendor/hooks.js";
import { signal } from "/assets/vendor/signals-core.js";
import { get } from "./api.js";
import { Batch } from "./batch.js";
import { html } from "./html.js";
import { lab, story, tell } from "./state.js";

/** @typedef {{ stopped: boolean, how: string }} Cell */
/** @typedef {{ scenario: string, step: number, says: string, "has-gate": boolean, "has-off": boolean, cells: [any, Cell | null][] }} Row */

const progress = signal(/** @type {{ done: number, all: number } | null} */ (null));

/** Everything that fills the matrix. */
function wishes() {
  const stories = (lab.value?.scenarios ?? []).filter((own) => own.steps.some((step) => step.attack));
  return stories.flatMap((own) => {
    const off = { scenario: own.id, gate: /** @type {const} */ ("off"), window: own["needs-window"].off };
    const alone = own["gate-only"] ? [] : [off];
    if (own["waits-for"].length) return alone;
    const gate = /** @type {const} */ ("on");
    const layers = (lab.value?.layers ?? []).map((layer) => ({ only: layer }));
    return [...alone, ...[...layers, "all"].map((one) => ({
      scenario: own.id, gate, layers: /** @type {any} */ (one), window: own["needs-window"].on,
    }))];
  });
}

export function Matrix() {
  const [rows, setRows] = useState(/** @type {Row[]} */ ([]));
  const load = () => get("/api/matrix").then(setRows, tell);
  useEffect(() => { void load(); }, []);
  const columns = lab.value?.columns ?? [];
  return html`
    <section class="wide">
      <h1>The defence matrix</h1>
      <p>Each attack against CORS alone, against each layer of the gate by itself, and against all of
        them. A cell is filled by running it.</p>
      <${Batch} says="Fill it" wishes=${wishes()} progress=${progress} load=${load} rows=${rows}
        path="/api/matrix" file="defence-matrix" />
      <div class="scroll" tabindex="0" role="region" aria-label="The matrix">
        <table class="matrix">
          <thead><tr><th scope="col">attack</th>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
          <tbody>${rows.map((row) => html`<${Attack} row=${row} />`)}</tbody>
        </table>
      </div>
    </section>`;
}

/** @param {{ row: Row }} props */
function Attack({ row }) {
  const own = story(row.scenario);
  return html`
    <tr>
      <th scope="row"><a href=${`#/s/${row.scenario}`}>${own?.title}</a><span class="soft"> ${row.says}</span></th>
      ${row.cells.map(([column, cell]) => {
        if (!cell) {
          return html`<td class="empty">${empty(row, column === "none", own?.["waits-for"] ?? [])}</td>`;
        }
        return html`<td class=${cell.stopped ? "stopped" : "lands"}><span aria-hidden="true">${cell.stopped ? "□" : "■"}</span> ${cell.how}</td>`;
      })}
    </tr>`;
}

/** Why a cell is empty. @param {Row} row @param {boolean} alone @param {string[]} waits */
function empty(row, alone, waits) {
  if (alone) return row["has-off"] ? "not run yet" : "does not happen";
  return row["has-gate"] ? "not run yet" : waits.length ? `not built yet: ${waits.join(", ")}` : "does not happen";
}
