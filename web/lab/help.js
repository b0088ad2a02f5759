// The list of keys.

import { useEffect, useRef } from "/assets/vendor/hooks.js";
import { signal } from "/assets/vendor/signals-core.js";
import { html } from "./html.js";

export const help = signal(false);

const KEYS = [
  ["↑ ↓", "the story before, the next one"],
  ["r", "run the story"],
  ["g", "the gate on or off"],
  ["d", "the attacker's desk"],
  ["p", "larger letters, for a room"],
  ["?", "this list"],
  ["Esc", "close it"],
];

export function Help() {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const open = help.value;
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return html`
    <dialog ref=${dialog} aria-labelledby="keys" onClose=${() => { help.value = false; }}>
      <h2 id="keys">Keys</h2>
      <dl class="keys">
        ${KEYS.map(([key, says]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${says}</dd></div>`)}
      </dl>
      <button onClick=${() => { help.value = false; }}>Close</button>
    </dialog>`;
}
