// The wire: who sends what to whom, in the order in which it happened, step by step.

import { useEffect, useState } from "/assets/vendor/hooks.js";
import { Section, isPage } from "./columns.js";
import { html } from "./html.js";
import { SHAPES, got, gotKind, total } from "./words.js";

/** @typedef {import("./types").Step} Step */
/**
 * @typedef {{ from: string, to: string, kind: string, text: string, at: number | null,
 *   headers: [string, string][], asked?: boolean, aside?: boolean, follows?: boolean }} Row
 */

/** The longest that a replay may take. */
const REPLAY_MS = 1500;
/** Exchanges of a flood that are drawn. */
const FLOOD_EXCHANGES = 2;

const NAMES = /** @type {Record<string, string>} */ ({
  page: "page", browser: "browser", program: "program", cache: "cache", gate: "gate",
  backend: "backend", paid_ai: "paid service",
});

/** @param {Step} step @returns {{ nodes: string[], rows: Row[] }} */
function drawn(step) {
  const page = isPage(step.caller);
  const caller = page ? "browser" : "program";
  /** @param {string} node */
  const node = (node) => (node === "caller" ? caller : node);
  const first = step.wire[0]?.at_us ?? 0;
  const last = step.wire.some((message) => message.to === "paid_ai") ? "paid_ai" : "backend";
  const between = ["cache", "gate"].filter((name) =>
    step.wire.some((message) => message.from === name || message.to === name));
  const nodes = [...(page ? ["page"] : []), caller, ...between, last];
  /** @type {Row[]} */
  const rows = [];
  if (page) {
    // What its script writes into its cookies stands before what it asks for.
    const lines = step.shown.split("\n");
    const writes = lines.filter((line) => line.startsWith("document.cookie = "));
    for (const text of [...writes, lines.find((line) => !writes.includes(line)) ?? ""]) {
      rows.push({ from: "page", to: "browser", kind: "sent", text: brief(text), at: null, headers: [] });
    }
  }
  const log = [...step.seen.log];
  const questions = new Set(step.wire.filter((message) => message.method === "OPTIONS").map((message) => message.exchange));
  // Where nothing follows on a question, its answer decides alone.
  const follows = step.wire.some((message) => message.kind === "request" && message.method !== "OPTIONS");
  // What a page's script asks the gate for by itself: no rule of the request's decides there.
  const asides = new Set(step.wire.filter((message) => message.target?.startsWith("/.doorward/")).map((message) => message.exchange));
  for (const message of beginning(step)) {
    const aside = asides.has(message.exchange);
    const [from, to] = [node(message.from), node(message.to)];
    const at = (message.at_us - first) / 1000;
    const headers = message.headers ?? [];
    if (message.kind === "request") {
      rows.push({ from, to, kind: "sent", text: `${message.method} ${message.target}`, at, headers, aside });
      if (to === last) {
        const line = log.shift();
        if (line) rows.push({ from: to, to, kind: line.kind, text: line.what, at: null, headers: [] });
      }
    } else {
      const code = headers.find(([name]) => name.toLowerCase() === "doorward-refusal")?.[1];
      const refused = code && from === "gate";
      const text = message.kind === "broken" ? "no answer" : `${message.status}${code ? ` ${code}` : ""}`;
      rows.push({ from, to, kind: refused ? "refused" : "answer", text, at, headers, aside, follows, asked: follows && questions.has(message.exchange) });
    }
  }
  if (page) {
    const kind = gotKind(step.seen.gets);
    const text = step.seen.error || got(step.seen.gets, true);
    rows.push({ from: "browser", to: "page", kind, text, at: null, headers: [] });
  }
  return { nodes, rows };
}

/** Of a flood the first exchanges tell enough. @param {Step} step */
function beginning(step) {
  if (total(step.seen) <= 1) return step.wire;
  const asked = step.wire.filter((message) => message.from === "caller").slice(0, FLOOD_EXCHANGES);
  const last = asked.at(-1);
  const answer = step.wire.findLastIndex((message) => message.exchange === last?.exchange);
  return step.wire.slice(0, answer + 1);
}

/** The beginning of what the page does. @param {string} line */
function brief(line) {
  return line.length > 44 ? `${line.slice(0, 43)}…` : line;
}

/** @param {{ step: Step, attack: boolean, of?: string }} props */
export function Wire({ step, attack, of }) {
  const { nodes, rows } = drawn(step);
  const [until, setUntil] = useState(rows.length);
  const [playing, setPlaying] = useState(false);
  useEffect(() => { setUntil(rows.length); setPlaying(false); }, [step]);
  useEffect(() => {
    if (!playing) return undefined;
    if (until >= rows.length) { setPlaying(false); return undefined; }
    const timer = setTimeout(() => setUntil(until + 1), REPLAY_MS / rows.length);
    return () => clearTimeout(timer);
  }, [playing, until, rows.length]);
  const replay = () => {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    setUntil(still ? rows.length : 0);
    setPlaying(!still);
  };
  // Of the rules about cookies, those of the cookies that went along.
  const said = step.predicted.rules.filter((rule) => rule.header !== "cookie" || step.seen.cookies.includes(rule.detail));
  const decided = new Map(said.flatMap((rule) => rule.header ? [[rule.header, rule]] : []));
  const columns = { gridTemplateColumns: `repeat(${nodes.length}, minmax(0, 1fr))` };
  return html`
    <section class=${attack ? "wire" : "wire meant"} aria-label=${of ? `The wire, ${of}` : "The wire"}>
      <div class="wire-head">
        <h3>the wire</h3>
        <button class="plain" onClick=${() => { setPlaying(false); setUntil(Math.max(1, until - 1)); }} disabled=${until <= 1}>Back</button>
        <button class="plain" onClick=${() => { setPlaying(false); setUntil(Math.min(rows.length, until + 1)); }} disabled=${until >= rows.length}>Forward</button>
        <button class="plain" onClick=${replay}>Replay</button>
      </div>
      <div class="nodes" style=${columns} aria-hidden="true">${nodes.map((name) => html`<span>${NAMES[name]}</span>`)}</div>
      <ol class="rows">
        ${rows.map((row, at) => html`<${Line} key=${at} row=${row} nodes=${nodes} columns=${columns} shown=${at < until} decided=${decided} />`)}
      </ol>
      ${total(step.seen) > 1 && html`<p class="soft">The beginning of ${total(step.seen)} requests.</p>`}
    </section>`;
}

/** @param {{ row: Row, nodes: string[], columns: any, shown: boolean, decided: Map<string, import("./types").Rule> }} props */
function Line({ row, nodes, columns, shown, decided }) {
  const [from, to] = [nodes.indexOf(row.from), nodes.indexOf(row.to)];
  const [left, right] = [Math.min(from, to), Math.max(from, to)];
  const own = from === to;
  const way = own ? "own" : from < to ? "right" : "left";
  const span = own ? `${from + 1} / ${from + 2}` : `${left + 1} / ${right + 2}`;
  const inset = { gridColumn: span, "--ends": String(right - left + 1) };
  const time = row.at === null ? "" : `${row.at.toFixed(1)} ms`;
  const names = own ? NAMES[row.from] : `${NAMES[row.from]} to ${NAMES[row.to]}`;
  const marked = row.headers.filter(([name]) => decides(name, row, decided));
  if (row.to === "browser" && row.kind === "answer" && !row.asked && !row.aside) marked.push(...missing(row, decided));
  const shape = row.kind === "executed" ? SHAPES.executed : row.kind === "refused" ? SHAPES.refused
    : row.kind === "hidden" ? SHAPES.hidden : row.kind === "never" ? SHAPES.never : "";
  return html`
    <li class=${`line ${row.kind} ${way}${shown ? "" : " unshown"}`} aria-hidden=${shown ? undefined : "true"}>
      <div class="track" style=${columns}>
        <div class="arrow" style=${inset}>
          <span class="names">${names}: </span>
          <span class="text">${shape} ${row.text}</span>${time && html` <span class="time">${time}</span>`}
        </div>
      </div>
      ${marked.length > 0 && html`<${Deciding} headers=${marked} decided=${decided} />`}
      ${row.headers.length > 0 && html`
        <details class="headers"><summary>${row.headers.length} headers<span class="spoken"> of ${names}</span></summary>
          <dl>${row.headers.map(([name, value]) => html`
            <div class=${decides(name, row, decided) ? "deciding" : ""}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
        </details>`}
    </li>`;
}

/** Rules about who reads: they do not look at the answer to a question. */
const READS = /^(origin|star|credentials)-/;

/** Whether a header stands where the rule that names it looks: in the request or in the answer.
 * @param {string} name @param {Row} row @param {Map<string, import("./types").Rule>} decided */
function decides(name, row, decided) {
  const own = name.toLowerCase();
  const id = decided.get(own)?.id;
  if (id === undefined || row.aside || (row.asked && READS.test(id))) return false;
  return ofAnswers(own) === (row.kind !== "sent");
}

/** @param {string} name */
function ofAnswers(name) {
  return name.startsWith("access-control-allow") || name === "set-cookie" || name === "location";
}

/** What a rule looked for in an answer and did not find.
 * @param {Row} row @param {Map<string, import("./types").Rule>} decided
 * @returns {[string, string][]} */
function missing(row, decided) {
  const there = new Set(row.headers.map(([name]) => name.toLowerCase()));
  // Which headers and methods are let by is asked before; the answer itself says nothing of them.
  const before = (/** @type {string} */ name) => row.follows && /-(headers|methods)$/.test(name);
  return [...decided.keys()].filter((name) => ofAnswers(name) && name.startsWith("access-control") && !there.has(name) && !before(name))
    .map((name) => [name, ""]);
}

/** The headers that decided, with the rule that read them.
 * @param {{ headers: [string, string][], decided: Map<string, import("./types").Rule> }} props */
function Deciding({ headers, decided }) {
  return html`
    <ul class="deciding-list">
      ${headers.map(([name, value]) => {
        const rule = decided.get(name.toLowerCase());
        const shown = value ? `${name}: ${value}` : `${name} is missing`;
        return html`<li><mark><code>${shown}</code></mark> <span class="soft">${rule?.says}</span>${rule && html` <${Section} rule=${rule} />`}</li>`;
      })}
    </ul>`;
}
