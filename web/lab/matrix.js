// The defence matrix: attacks and layers. Every cell was run; what was not run is empty.

import { useEffect, useState } from "/assets/vendor/hooks.js";
import { signal } from "/assets/vendor/signals-core.js";
import { get, text } from "./api.js";
import { html } from "./html.js";
import { lab, runMany, running, story, tell } from "./state.js";
import { download } from "./story.js";

/** @typedef {{ stopped: boolean, how: string }} Cell */
/** @typedef {{ scenario: string, step: number, says: string, "has-gate": boolean, cells: [any, Cell | null][] }} Row */

const progress = signal(/** @type {{ done: number, all: number } | null} */ (null));

/** Everything that fills the matrix. */
function wishes() {
  const stories = (lab.value?.scenarios ?? []).filter((own) => own.steps.some((step) => step.attack));
  return stories.flatMap((own) => {
    const alone = { scenario: own.id, gate: /** @type {const} */ ("off"), window: own["needs-window"].off };
    if (own["waits-for"].length) return own["gate-only"] ? [] : [alone];
    const gate = /** @type {const} */ ("on");
    const layers = (lab.value?.layers ?? []).map((layer) => ({ only: layer }));
    return [alone, ...[...layers, "all"].map((one) => ({
      scenario: own.id, gate, layers: /** @type {any} */ (one), window: own["needs-window"].on,
    }))];
  });
}

export function Matrix() {
  const [rows, setRows] = useState(/** @type {Row[]} */ ([]));
  const busy = progress.value;
  const load = () => get("/api/matrix").then(setRows, tell);
  useEffect(() => { void load(); }, []);
  const fill = async () => {
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
    const body = format === "json" ? JSON.stringify(rows, null, 2) : await text("/api/matrix?format=markdown");
    download(body, `defence-matrix.${format === "json" ? "json" : "md"}`, "text/plain");
  };
  const columns = lab.value?.columns ?? [];
  return html`
    <section class="wide">
      <h1>The defence matrix</h1>
      <p>Each attack against CORS alone, against each layer of the gate by itself, and against all of
        them. A cell is filled by running it.</p>
      <p class="actions">
        <button class="run" disabled=${running.value !== null} onClick=${fill}>Fill it: ${wishes().length} runs</button>
        ${busy && html`<progress max=${busy.all} value=${busy.done} aria-label="Runs so far"></progress> <span role="status">${busy.done} of ${busy.all}</span>
          <button class="plain" onClick=${() => { progress.value = null; }}>Stop</button>`}
        <button class="plain" onClick=${() => save("markdown")}>Markdown</button>
        <button class="plain" onClick=${() => save("json")}>JSON</button>
      </p>
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
          const waits = column !== "none" && !row["has-gate"];
          return html`<td class="empty">${waits ? `not built yet: ${own?.["waits-for"].join(", ")}` : "not run yet"}</td>`;
        }
        return html`<td class=${cell.stopped ? "stopped" : "lands"}><span aria-hidden="true">${cell.stopped ? "□" : "■"}</span> ${cell.how}</td>`;
      })}
    </tr>`;
}
