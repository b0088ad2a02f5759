// Fix it and run again: the backend's CORS, the gate's layers, and what they change.

import { html } from "./html.js";
import { go, lab, route, runStory, running } from "./state.js";
import { SHAPES, did, didKind, got } from "./words.js";
import { isPage } from "./columns.js";

/** @typedef {import("./types").RanStory} RanStory */

/** @param {{ own: import("./types").Story, ran: RanStory | undefined, earlier: RanStory | undefined }} props */
export function Fix({ own, ran, earlier }) {
  const at = route.value;
  const cors = at.cors || own.cors;
  /** @param {string} word */
  const choose = (word) => go({ ...at, cors: word === own.cors ? "" : word });
  /** @param {string} layer @param {boolean} on */
  const toggle = (layer, on) => {
    const off = at.off.filter((one) => one !== layer);
    go({ ...at, off: on ? off : [...off, layer] });
  };
  return html`
    <section class="fix" aria-labelledby="fix">
      <h2 id="fix">Fix it, and run again</h2>
      <div class="controls">
        <label>The backend's CORS
          <select value=${cors} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>
            ${lab.value?.cors.map(({ word, title }) => html`
              <option value=${word} selected=${word === cors}>${title}${word === own.cors ? " (the story's)" : ""}</option>`)}
          </select></label>
        <fieldset class="layers" disabled=${at.side === "off"}>
          <legend>The gate's layers${at.side === "off" ? " (the gate is off)" : ""}</legend>
          ${lab.value?.layers.filter((layer) => layer !== "pass" || own.passes).map((layer) => html`
            <label><input type="checkbox" checked=${!at.off.includes(layer)}
              onChange=${(/** @type {any} */ event) => toggle(layer, event.target.checked)} /> ${layer}</label>`)}
        </fieldset>
        <button disabled=${running.value !== null} onClick=${() => runStory(at)}>Run again</button>
      </div>
      ${ran?.config && html`
        <details><summary>The gate's file</summary><pre>${ran.config}</pre></details>`}
      ${ran && earlier && earlier.run !== ran.run && html`<${Change} earlier=${earlier} later=${ran} />`}
    </section>`;
}

/** @param {RanStory} ran */
function told(ran) {
  const off = typeof ran.layers === "object" && "without" in ran.layers ? ran.layers.without : [];
  const gate = ran.gate === "off" ? "gate off" : off.length ? `gate on, without ${off.join(", ")}` : "gate on";
  return `${gate}, CORS: ${ran.cors}`;
}

/** Before and after, side by side. @param {{ earlier: RanStory, later: RanStory }} props */
function Change({ earlier, later }) {
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Before and after">
      <table class="compare">
        <caption>Before and after</caption>
        <thead><tr><th scope="col">step</th><th scope="col">before: ${told(earlier)}</th><th scope="col">after: ${told(later)}</th></tr></thead>
        <tbody>
          ${later.steps.map((step) => html`
            <tr><th scope="row">${step.says}</th>
              <td><${Cell} step=${earlier.steps.find((one) => one.step === step.step)} /></td>
              <td><${Cell} step=${step} /></td></tr>`)}
        </tbody>
      </table>
    </div>`;
}

/** @param {{ step: import("./types").Step | undefined }} props */
function Cell({ step }) {
  if (!step) return html`<span class="soft">was not run</span>`;
  const kind = didKind(step.seen);
  return html`
    <span class=${`shape ${kind}`} aria-hidden="true">${SHAPES[kind]}</span> ${did(step.seen)}${step.seen.gate ? html` (<code>${step.seen.gate}</code>)` : ""}.
    <span class="soft">${got(step.seen.gets, isPage(step.caller))}.</span>`;
}
