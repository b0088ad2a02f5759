// The first view: one scene, one question, one button. All else comes when money has moved.

import { html } from "./html.js";
import { go, guesses, last, run, running, showEverything, story } from "./state.js";
import { Backend, Browser } from "./columns.js";

const ID = "transfer";

export function First() {
  const own = story(ID);
  if (!own) return html`<p class="loading">The first story is not here.</p>`;
  const guess = guesses.value.get(ID);
  const off = last(ID, "off");
  const on = last(ID, "on");
  const busy = running.value?.id === ID;
  /** @param {"yes" | "no"} answer */
  const pick = (answer) => { guesses.value = new Map(guesses.value).set(ID, answer); };
  return html`
    <section class="scene">
      <h1>A page on evil.localhost asks your bank to move 100 €. CORS is set up correctly and will
        refuse it. Will the money move?</h1>
      ${!off && html`
        <div class="answers" role="group" aria-label="Your answer">
          ${/** @type {const} */ (["no", "yes"]).map((answer) => html`
            <button class="answer" aria-pressed=${guess === answer} onClick=${() => pick(answer)}>
              ${own.ask[answer]}</button>`)}
        </div>
        <p><button class="run" disabled=${!guess || busy} onClick=${() => run({ scenario: ID, gate: "off" })}>
          ${busy ? "It is being sent" : "See"}</button></p>
        ${!guess && html`<p class="soft">Pick an answer first.</p>`}`}
      ${off && html`<${Witnesses} ran=${off} title="CORS alone" guess=${on ? undefined : guess} />`}
      ${on && html`<${Witnesses} ran=${on} title="With the gate" />`}
      ${off && html`
        <p class="lesson">${on ? "The gate refused it before the bank was asked." : own.lesson}</p>
        <p class="next">
          <a href="#/s/transfer" onClick=${showEverything}>Why</a>
          ${!on && html`<button disabled=${busy} onClick=${() => run({ scenario: ID, gate: "on" })}>Stop it</button>`}
          ${on && html`<a href="#/s/hidden-read" onClick=${showEverything}>The next story</a>`}
        </p>`}
      <p class="all"><button class="plain" onClick=${() => { showEverything(); go({ view: "story", id: ID }); }}>Show everything</button></p>
    </section>`;
}

/** Two witnesses who disagree.
 * @param {{ ran: import("./types").RanStory, title: string, guess?: "yes" | "no" }} props */
function Witnesses({ ran, title, guess }) {
  const step = ran.steps[0];
  const moved = step.seen.moved > 0;
  return html`
    ${guess && html`
      <p class="truth" role="status">${(guess === "yes") === moved ? "You were right: " : "It did: "}
        ${moved ? `${step.seen.moved} € moved.` : "nothing moved."}</p>`}
    <h2>${title}</h2>
    <div class="witnesses">
      <${Browser} step=${step} of=${title} />
      <${Backend} step=${step} attack=${true} of=${title} />
    </div>`;
}
