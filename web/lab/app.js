// The page as a whole: what is always in sight, what is chosen, and the keys.

import { useEffect, useRef } from "/assets/vendor/hooks.js";
import { signal } from "/assets/vendor/signals-core.js";
import { Builder } from "./builder.js";
import { Desk } from "./desk.js";
import { Explain } from "./explain.js";
import { First } from "./first.js";
import { Help, help } from "./help.js";
import { html } from "./html.js";
import { Matrix } from "./matrix.js";
import * as stage from "./stage.js";
import {
  HOME, ROOMS, balances, broken, everything, go, had, lab, large, last, notice, remember, rename, reset,
  route, runStory, running, said, showEverything, tested, theme, tour,
} from "./state.js";
import { Story } from "./story.js";
import { Table } from "./table.js";
import { euros } from "./words.js";

export function App() {
  useEffect(() => {
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => arrive(route.value), [route.value.view, route.value.id]);
  const frames = useRef(null);
  useEffect(() => stage.setPlace(frames.current), []);
  const ready = lab.value && !broken.value;
  return html`
    <a class="skip" href="#main" onClick=${skip}>To the story</a>
    <${Top} />
    <div class=${everything.value ? "body" : "body first"}>
      ${ready && everything.value && html`<${Nav} />`}
      <main id="main" tabindex="-1">
        <${Notices} />
        ${broken.value ? html`<${Broken} />` : lab.value ? html`<${View} />` : html`<p class="loading">The lab is being asked what there is.</p>`}
      </main>
    </div>
    <div class="frames" ref=${frames} aria-hidden="true" inert></div>
    <p class="spoken" role="status" aria-live="polite">${said.value}</p>
    <${Help} />`;
}

/** The view that was shown last. */
let shown = "";

/** Another view begins at its top, and is heard from its beginning.
 * @param {import("./types").Route} at */
function arrive({ view, id }) {
  const now = `${view}/${id}`;
  if (shown && shown !== now) {
    scrollTo(0, 0);
    document.getElementById("main")?.focus({ preventScroll: true });
  }
  shown = now;
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function View() {
  const at = route.value;
  if (!everything.value && (at.view === "home" || at.id === "transfer")) return html`<${First} />`;
  switch (at.view) {
    case "matrix": return html`<${Matrix} />`;
    case "table": return html`<${Table} />`;
    case "desk": return html`<${Desk} />`;
    case "explain": return html`<${Explain} />`;
    case "builder": return html`<${Builder} />`;
    case "story": return html`<${Story} key=${at.id} />`;
    default: return html`<${First} />`;
  }
}

function Top() {
  const money = new Map(balances.value);
  const at = route.value;
  const hasSide = everything.value && at.view === "story";
  return html`
    <header class="top">
      <a class="name" href="#/">Doorward lab</a>
      <p class="ledger" aria-label="Ledger">
        <span>Ledger</span>
        ${["ann", "evil"].map((name) => html`<${Account} name=${name} money=${money.get(name) ?? 0} />`)}
        ${everything.value && html`<button class="plain" onClick=${() => reset()}>Reset</button>`}
      </p>
      ${hasSide && html`<${Gate} />`}
      <p class="engine">${lab.value?.["engine-name"] ?? ""}</p>
      <div class="looks">
        <button class="plain" aria-pressed=${large.value} onClick=${toggleLarge} title="Larger letters (p)">Aa</button>
        <button class="plain" onClick=${toggleTheme} title="Light or dark">${themeName()}</button>
        ${everything.value && html`<button class="plain" onClick=${() => { help.value = true; }} title="Keys (?)">?</button>`}
      </div>
    </header>`;
}

/** @param {{ name: string, money: number }} props */
function Account({ name, money }) {
  const change = money - (had.value.get(name) ?? money);
  const sign = change > 0 ? "+" : "−";
  return html`
    <span class="account">${name} <b>${euros(money)}</b>${change !== 0 && html` <span class="change">${sign}${euros(Math.abs(change))}</span>`}</span>`;
}

function toggleLarge() {
  large.value = !large.value;
  remember("large", large.value ? "yes" : "");
}

function isDark() {
  return theme.value === "dark" || (!theme.value && matchMedia("(prefers-color-scheme: dark)").matches);
}

function themeName() {
  return isDark() ? "Light" : "Dark";
}

function toggleTheme() {
  theme.value = isDark() ? "light" : "dark";
  remember("theme", theme.value);
}

function Gate() {
  const at = route.value;
  /** @param {import("./types").Side} side */
  const choose = (side) => go({ ...at, side, step: 0 });
  return html`
    <div class="gate" role="radiogroup" aria-labelledby="gate"><span id="gate" class="soft">gate</span>
      ${/** @type {const} */ (["off", "on"]).map((side) => html`
        <label><input type="radio" name="gate" checked=${at.side === side} onChange=${() => choose(side)} /> ${side}</label>`)}
    </div>`;
}

const broad = matchMedia("(min-width: 60rem)");
const wide = signal(broad.matches);
broad.addEventListener("change", () => { wide.value = broad.matches; });

function Nav() {
  const at = route.value;
  const stories = tour();
  /** @param {string} view @param {string} says */
  const tool = (view, says) => html`
    <li><a href=${`#/${view}`} class="tool" aria-current=${at.view === view ? "page" : undefined}>${says}</a></li>`;
  return html`
    <nav class="stories" aria-label="Stories">
      <details open=${wide.value}>
        <summary>Stories</summary>
        ${ROOMS.map(([room, says]) => {
          const own = stories.filter((story) => story.room === room);
          return own.length > 0 && html`
            <h2>${says}</h2>
            <ul>${own.map((story) => html`<${Entry} story=${story} />`)}</ul>`;
        })}
        <h2>Tools</h2>
        <ul>
          ${tool("builder", "Request builder")}
          ${tool("explain", "Why is my page not let?")}
          ${tool("desk", "Attacker's desk")}
          ${tool("matrix", "Defence matrix")}
          ${tool("table", "Closing table")}
        </ul>
      </details>
    </nav>`;
}

/** @param {{ story: import("./types").Story }} props */
function Entry({ story }) {
  const at = route.value;
  const runs = [last(story.id, "off"), last(story.id, "on")].filter((one) => one !== undefined);
  const wrong = runs.some((one) => !one.ok);
  const state = wrong ? "disagrees" : runs.length ? "was run" : "was not run";
  const shape = wrong ? "✗" : runs.length ? "●" : "○";
  const current = at.view === "story" && at.id === story.id;
  const href = `#/s/${story.id}${at.side === "on" ? "?gate=on" : ""}`;
  return html`
    <li><a href=${href} aria-current=${current ? "page" : undefined}>
      <span class=${wrong ? "mark wrong" : "mark"} role="img" aria-label=${state}>${shape}</span>
      <span class="number">${story.number ?? ""}</span> <span>${story.title}</span></a></li>`;
}

function Notices() {
  const test = tested.value;
  const names = test && !test.names;
  const said = notice.value;
  return html`
    ${said && html`
      <div class="notice" role="alert"><p>${said.says}${said.hint ? ` ${said.hint}` : ""}</p>
        <button class="plain" onClick=${() => { notice.value = null; }}>Close</button></div>`}
    ${names && html`<${Unresolved} />`}
    ${test?.names && !test.metadata && html`
      <div class="notice"><p>This browser does not say where requests come from
        (<code>Sec-Fetch-Site</code>). The gate then goes by <code>Origin</code>, and links and
        images of other sites look like nobody's.</p></div>`}`;
}

function Unresolved() {
  const plain = lab.value?.naming === "plain";
  if (plain) {
    return html`<div class="notice"><p>This browser does not reach <code>127.0.0.1</code> from here. Is a
      proxy set up for addresses of this machine?</p></div>`;
  }
  return html`
    <div class="notice">
      <p>This browser does not resolve names such as <code>shop.localhost</code>. The lab can
        use <code>localhost</code> against <code>127.0.0.1</code> instead; a sibling domain cannot be shown
        then. Or add this line to your hosts file and load the page again:</p>
      <pre>127.0.0.1 shop.localhost admin.shop.localhost promo.shop.localhost api.shop.localhost gate.shop.localhost cdn.shop.localhost evil.localhost ai.localhost</pre>
      <button onClick=${() => rename("plain")}>Use localhost and 127.0.0.1</button>
    </div>`;
}

function Broken() {
  return html`
    <section class="card">
      <h1>The lab does not answer this page</h1>
      <p>${broken.value?.message}</p>
      <p class="soft">The terminal in which <code>doorward lab</code> runs shows the address to open. It
        holds the token of this run, which keeps every other page from driving your lab.</p>
    </section>`;
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.closest("input, select, textarea, [contenteditable]")) return;
  if (event.key === "Escape") {
    help.value = false;
    return;
  }
  if (help.value || !lab.value) return;
  const at = route.value;
  const key = event.key;
  if (key === "?") help.value = true;
  else if (key === "d") {
    showEverything();
    go({ ...HOME, view: "desk" });
  } else if (key === "p") toggleLarge();
  else if (key === "r" && at.view === "story") void runStory(at);
  else if (key === "g" && at.view === "story") go({ ...at, side: at.side === "on" ? "off" : "on", step: 0 });
  else if (key === "ArrowDown" || key === "ArrowRight") move(1);
  else if (key === "ArrowUp" || key === "ArrowLeft") move(-1);
  else return;
  event.preventDefault();
}

/** To the next or the last story. @param {number} by */
function move(by) {
  if (!everything.value || running.value) return;
  const stories = tour();
  const at = stories.findIndex((story) => story.id === route.value.id);
  const next = stories[Math.min(Math.max(at + by, 0), stories.length - 1)];
  if (next) go({ ...HOME, view: "story", id: next.id, side: route.value.side });
}
