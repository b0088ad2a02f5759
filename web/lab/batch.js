// Many runs, one after the other, for a table that they fill; and the table as a file.

import { text } from "./api.js";
import { html } from "./html.js";
import { runMany, running, tell } from "./state.js";
import { download } from "./story.js";

/** @typedef {{ value: { done: number, all: number } | null }} Progress */
/** @typedef {Parameters<typeof runMany>[0]} Wishes */

/**
 * @param {{ says: string, wishes: Wishes, progress: Progress, load: () => Promise<unknown>,
 *   rows: unknown, path: string, file: string }} props
 */
export function Batch({ says, wishes, progress, load, rows, path, file }) {
  const busy = progress.value;
  const fill = async () => {
    progress.value = { done: 0, all: wishes.length };
    await runMany(wishes, (done) => {
      if (progress.value) progress.value = { done, all: wishes.length };
      void load();
    }, () => progress.value !== null);
    progress.value = null;
    void load();
  };
  const save = async (/** @type {"md" | "json"} */ form) => {
    try {
      const body = form === "json" ? JSON.stringify(rows, null, 2) : await text(`${path}?format=markdown`);
      download(body, `${file}.${form}`, "text/plain");
    } catch (error) {
      tell(error);
    }
  };
  return html`
    <p class="actions">
      <button class="run" disabled=${running.value !== null} onClick=${fill}>${says}: ${wishes.length} runs</button>
      ${busy && html`
        <progress max=${busy.all} value=${busy.done} aria-label="Runs so far"></progress>
        <span role="status">${busy.done} of ${busy.all}</span>
        <button class="plain" onClick=${() => { progress.value = null; }}>Stop</button>`}
      <button class="plain" onClick=${() => save("md")}>Markdown</button>
      <button class="plain" onClick=${() => save("json")}>JSON</button>
    </p>`;
}
