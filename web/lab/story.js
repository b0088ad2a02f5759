// One story: what happens, what one thinks will happen, and what did.

import { useEffect, useState } from "/assets/vendor/hooks.js";
import { postForText } from "./api.js";
import { Backend, Browser, Faults, Predicted, isPage } from "./columns.js";
import { Fix } from "./fix.js";
import { html } from "./html.js";
import { link } from "./route.js";
import { before, guesses, last, lab, notice, route, runStory, running, story, tell, tour } from "./state.js";
import { Wire } from "./wire.js";
import { SHAPES, did, didKind, got, isWell, plain } from "./words.js";

export function Story() {
  const at = route.value;
  const own = story(at.id);
  if (!own) return html`<section class="card"><h1>There is no such story</h1><p>The link names <code>${at.id}</code>.</p></section>`;
  const ran = last(own.id, at.side);
  const waits = at.side === "on" && own["waits-for"].length > 0;
  const none = at.side === "off" && own["gate-only"];
  const busy = running.value?.id === own.id;
  const cannot = own["not-on-http"][lab.value?.engine ?? ""];
  return html`
    <article class="story">
      <header>
        <p class="soft">${own.number ? `Story ${own.number}` : "Your own story"}${own.letter ? `, ${own.letter} in the essay` : ""}</p>
        <h1>${own.title}</h1>
        <p>${own.story}</p>
      </header>
      ${cannot && !lab.value?.tls && html`
        <p class="notice">${lab.value?.["engine-name"]} cannot show this over http: ${cannot}. Start <code>doorward lab --tls</code> for it.</p>`}
      ${waits ? html`<p class="notice">With the gate: not built yet: ${own["waits-for"].join(", ")}. <a href=${link({ ...at, side: "off" })}>See it with CORS alone</a></p>`
        : none ? html`<p class="notice">This story has no side without the gate.</p>`
        : html`<${Ask} own=${own} ran=${ran} busy=${busy} />`}
      ${ran && html`<${Outcome} own=${own} ran=${ran} />`}
      ${!waits && !none && html`<${Fix} own=${own} ran=${ran} earlier=${before.value.get(own.id)} />`}
      <footer>
        <h2>What this does not stop</h2>
        <p>${own["not-stopped"]}</p>
        <${Next} id=${own.id} />
      </footer>
    </article>`;
}

/** @param {{ own: import("./types").Story, ran: import("./types").RanStory | undefined, busy: boolean }} props */
function Ask({ own, ran, busy }) {
  const at = route.value;
  const guess = guesses.value.get(own.id);
  /** @param {"yes" | "no"} answer */
  const pick = (answer) => { guesses.value = new Map(guesses.value).set(own.id, answer); };
  const truth = ran && isTrue(own, ran);
  const needs = own["needs-window"][at.side];
  return html`
    <section class="ask" aria-labelledby="question">
      <h2 id="question">${own.ask.question}</h2>
      ${ran ? html`
          <p class="truth" role="status"><b>${truth ? own.ask.yes : own.ask.no}.</b>
            ${guess && ((guess === "yes") === truth ? " As you said." : ` You said: ${own.ask[guess].toLowerCase()}.`)}</p>`
        : html`
          <div class="answers" role="group" aria-label="What will happen?">
            ${/** @type {const} */ (["yes", "no"]).map((answer) => html`
              <button class="answer" aria-pressed=${guess === answer} onClick=${() => pick(answer)}>${own.ask[answer]}</button>`)}
          </div>`}
      <p class="actions">
        <button class="run" disabled=${running.value !== null} onClick=${() => runStory(at)}>${busy ? "It runs" : ran ? "Run again" : "Run"}</button>
        ${busy ? html`<span class="soft" role="status">${running.value?.says}</span>`
          : needs && html`<span class="soft">It opens a window of its own: frames change which cookies travel.</span>`}
      </p>
    </section>`;
}

/** Whether what the question asks about happened.
 * @param {import("./types").Story} own @param {import("./types").RanStory} ran */
function isTrue(own, ran) {
  const at = own.ask.step - 1;
  const step = ran.steps.find((one) => one.step === at);
  if (!step) return false;
  if (own.ask.about === "read") return step.seen.gets === "read";
  if (own.ask.about === "cookie") return step.seen.cookies.includes(own.ask.cookie ?? "");
  return step.seen.executed >= (own.steps[at]?.times ?? 1);
}

/** @param {{ own: import("./types").Story, ran: import("./types").RanStory }} props */
function Outcome({ own, ran }) {
  const at = route.value;
  const [chosen, setChosen] = useState(at.step);
  useEffect(() => setChosen(at.step), [at.step, ran.run]);
  const step = ran.steps[Math.min(chosen, ran.steps.length - 1)];
  if (!step) return null;
  const attack = own.steps[step.step]?.attack ?? false;
  return html`
    <section class="outcome" aria-label="What happened">
      ${ran.steps.length > 1 && html`
        <ol class="steps">
          ${ran.steps.map((one, index) => html`
            <li><button aria-pressed=${index === chosen} onClick=${() => setChosen(index)}>
              <${Summary} step=${one} attack=${own.steps[one.step]?.attack ?? false} /></button></li>`)}
        </ol>`}
      <${Faults} step=${step} />
      <pre class="shown" aria-label="The request">${step.shown}</pre>
      <${Wire} step=${step} attack=${attack} />
      <div class="columns">
        <${Predicted} step=${step} />
        <${Browser} step=${step} />
        <${Backend} step=${step} attack=${attack} />
      </div>
      <p class="lesson">${own.lesson}</p>
      <${Share} own=${own} ran=${ran} step=${chosen} />
    </section>`;
}

/** One step in a line. @param {{ step: import("./types").Step, attack: boolean }} props */
function Summary({ step, attack }) {
  const kind = didKind(step.seen);
  const tone = step.faults.length ? "wrong" : attack ? (isWell(step.seen, true) ? "well" : "ill") : "";
  return html`
    <span class=${`shape ${kind} ${tone}`} aria-hidden="true">${SHAPES[kind]}</span>
    <span class="says">${step.says}</span>
    <span class="soft">${got(step.seen.gets, isPage(step.caller))}. ${did(step.seen)}.</span>`;
}

/** @param {{ own: import("./types").Story, ran: import("./types").RanStory, step: number }} props */
function Share({ own, ran, step }) {
  const at = route.value;
  const address = `${location.origin}/${link({ ...at, step })}`;
  /** @param {string} text @param {string} what */
  const copy = async (text, what) => {
    try {
      await navigator.clipboard.writeText(text);
      notice.value = { says: `${what} was copied.` };
    } catch {
      notice.value = { says: `Your browser does not let this page copy. Here it is: ${text}` };
    }
  };
  const save = async () => {
    try {
      const page = await postForText("/api/record", { run: ran.run });
      download(page, `${own.id}-${ran.gate}.html`, "text/html");
    } catch (error) {
      tell(error);
    }
  };
  return html`
    <p class="share">
      <button class="plain" onClick=${() => copy(address, "The link")}>Copy the link</button>
      <button class="plain" onClick=${() => copy(plain(ran, own.title), "The result")}>Copy as text</button>
      <button class="plain" onClick=${() => copy(curl(ran, step), "The request")}>Copy as curl</button>
      <button class="plain" onClick=${save}>Save as a page</button>
    </p>`;
}

/** The request of a step as a curl line, as it travelled.
 * @param {import("./types").RanStory} ran @param {number} at */
function curl(ran, at) {
  const step = ran.steps[Math.min(at, ran.steps.length - 1)];
  if (!isPage(step.caller)) return step.shown;
  const requests = step.wire.filter((message) => message.kind === "request" && message.from === "caller");
  const request = requests.find((message) => message.method !== "OPTIONS") ?? requests[0];
  if (!request) return "# nothing was sent";
  const host = request.headers?.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "";
  const left = ["host", "connection", "content-length", "accept-encoding"];
  const quoted = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`;
  const headers = (request.headers ?? []).filter(([name]) => !left.includes(name.toLowerCase()));
  const scheme = lab.value?.tls ? "https" : "http";
  return [
    `curl -X ${request.method}`,
    ...headers.map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)}`),
    `  ${quoted(`${scheme}://${host}${request.target}`)}`,
  ].join(" \\\n");
}

/** @param {string} text @param {string} name @param {string} kind */
export function download(text, name, kind) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: kind }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** @param {{ id: string }} props */
function Next({ id }) {
  const stories = tour();
  const next = stories[stories.findIndex((one) => one.id === id) + 1];
  if (!next) return html`<p><a href="#/table">The closing table</a></p>`;
  return html`<p>Next: <a href=${link({ view: "story", id: next.id, side: route.value.side })}>${next.title}</a></p>`;
}
