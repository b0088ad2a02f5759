// What the page knows, and what can be done with it.

import { effect, signal } from "/assets/vendor/signals-core.js";
import * as api from "./api.js";
import { HOME, link, parse } from "./route.js";
import * as stage from "./stage.js";
import { spoken } from "./words.js";

/** @typedef {import("./types").Lab} Lab */
/** @typedef {import("./types").RanStory} RanStory */
/** @typedef {import("./types").Side} Side */
/** @typedef {import("./types").Layers} Layers */
/** @template T @typedef {{ value: T }} Signal */

/** @type {Signal<Lab | null>} */
export const lab = signal(null);
/** Why the page cannot work, if it cannot. @type {Signal<api.Refusal | Error | null>} */
export const broken = signal(null);
/** What to tell the person now. @type {Signal<{ says: string, hint?: string } | null>} */
export const notice = signal(null);
/** What those hear who do not see the page. @type {Signal<string>} */
export const said = signal("");
/** @type {Signal<import("./types").Route>} */
export const route = signal(parse(location.hash));
/** @type {Signal<[string, number][]>} */
export const balances = signal([]);
/** What everybody had before the last run. @type {Signal<Map<string, number>>} */
export const had = signal(new Map());
/** What is running: which story, and how far it is. @type {Signal<{ id: string, says: string } | null>} */
export const running = signal(null);
/** The last run of each story and side, by `id/side`. @type {Signal<Map<string, RanStory>>} */
export const ran = signal(new Map());
/** The run before it, for before and after. @type {Signal<Map<string, RanStory>>} */
export const before = signal(new Map());
/** What was guessed, by story. @type {Signal<Map<string, "yes" | "no">>} */
export const guesses = signal(new Map());
/** What this browser can be shown. @type {Signal<{ names: boolean, metadata: boolean, secure: boolean } | null>} */
export const tested = signal(null);
/** Everything is shown, not only the first scene. */
export const everything = signal(remembered("everything") === "yes");
/** Larger letters, for a room. */
export const large = signal(remembered("large") === "yes");
/** "", "light" or "dark". */
export const theme = signal(remembered("theme"));

/** @param {string} name */
function remembered(name) {
  return localStorage.getItem(`doorward-lab-${name}`) ?? "";
}

/** @param {string} name @param {string} value */
export function remember(name, value) {
  localStorage.setItem(`doorward-lab-${name}`, value);
}

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  document.documentElement.dataset.large = large.value ? "yes" : "";
});

window.addEventListener("hashchange", () => {
  route.value = parse(location.hash);
  notice.value = null;
});

/** @param {Partial<import("./types").Route>} to */
export function go(to) {
  location.hash = link(to);
}

/** @param {string} id */
export function story(id) {
  return lab.value?.scenarios.find((one) => one.id === id);
}

/** @param {string} id @param {Side} side */
export function last(id, side) {
  return ran.value.get(`${id}/${side}`);
}

/** Begins: what there is, who listens, and what this browser can be shown. */
export async function begin() {
  try {
    lab.value = await api.get("/api/lab");
    balances.value = lab.value?.balances ?? [];
  } catch (error) {
    broken.value = /** @type {Error} */ (error);
    return;
  }
  const ended = api.listen(hear).then(
    () => new Error("The lab has ended. Start it again in the terminal."),
    (error) => error,
  );
  void ended.then((error) => { broken.value = error; });
}

/** @param {any} event */
function hear(event) {
  if (event.type === "hello") void selfTest();
  if (event.type === "show") stage.show(event.show);
  if (event.type === "step-began" && running.value) {
    running.value = { ...running.value, says: event.says };
  }
  if (event.type === "step-ended") {
    balances.value = event.balances;
    said.value = spoken(event.step);
  }
}

async function selfTest() {
  try {
    const { names, metadata } = await api.post("/api/self-test", { screen: api.screen });
    await api.post("/api/secure-cookie", {});
    const { secure } = await api.get(`/api/secure-cookie?screen=${api.screen}`);
    tested.value = { names, metadata, secure };
  } catch (error) {
    tell(error);
  }
}

/** @param {"names" | "plain"} naming */
export async function rename(naming) {
  await api.post("/api/naming", { naming });
  lab.value = await api.get("/api/lab");
  await selfTest();
}

/** @param {unknown} error */
export function tell(error) {
  const fault = error instanceof api.Refusal ? error.fault : { says: String(error) };
  notice.value = fault;
}

/** Sees to the window that some stories need. Only in answer to a click or a key.
 * @param {boolean} needed */
export function ready(needed) {
  if (!needed || stage.openWindow()) return true;
  notice.value = {
    says: "This story needs a window of its own, and your browser did not open one.",
    hint: "Allow pop-ups for this page, and run it again.",
  };
  return false;
}

/**
 * Runs something and keeps what came of it.
 * @param {{ scenario?: string, built?: unknown, gate: Side, cors?: string, layers?: Layers }} wish
 * @returns {Promise<RanStory | undefined>}
 */
export async function run(wish) {
  const id = wish.scenario ?? "built";
  running.value = { id, says: "It is being set up" };
  had.value = new Map(balances.value);
  notice.value = null;
  try {
    /** @type {RanStory} */
    const done = await api.post("/api/runs", { screen: api.screen, ...wish });
    const key = `${id}/${done.gate}`;
    const earlier = last(id, done.gate) ?? last(id, done.gate === "on" ? "off" : "on");
    if (earlier) before.value = new Map(before.value).set(id, earlier);
    ran.value = new Map(ran.value).set(key, done);
    balances.value = done.balances;
    return done;
  } catch (error) {
    tell(error);
    return undefined;
  } finally {
    running.value = null;
  }
}

/** Runs a story as the address says it. @param {import("./types").Route} at */
export async function runStory(at) {
  const own = story(at.id);
  if (!own || running.value) return undefined;
  if (!ready(own["needs-window"][at.side])) return undefined;
  /** @type {Layers} */
  const layers = at.off.length ? { without: at.off } : "all";
  const wish = { scenario: at.id, gate: at.side, layers };
  return run(at.cors ? { ...wish, cors: at.cors } : wish);
}

export function showEverything() {
  everything.value = true;
  remember("everything", "yes");
}

export async function reset() {
  const done = await api.post("/api/reset", {});
  balances.value = done.balances;
  had.value = new Map(balances.value);
  said.value = "Everybody has again what they had in the beginning.";
}

/** Runs many, one after the other, telling how far it is.
 * @param {{ scenario: string, gate: Side, layers?: Layers, window: boolean }[]} wishes
 * @param {(done: number) => void} progress @param {() => boolean} goesOn */
export async function runMany(wishes, progress, goesOn) {
  if (!ready(wishes.some((wish) => wish.window))) return;
  let done = 0;
  for (const { scenario, gate, layers } of wishes) {
    if (!goesOn()) return;
    const came = await run({ scenario, gate, layers: layers ?? "all" });
    if (!came) return;
    done += 1;
    progress(done);
  }
}

/** Rooms, in the order of the guided tour. */
export const ROOMS = [
  ["hidden", "Hidden, not stopped"],
  ["preflight", "Asked first"],
  ["forms", "Forms and cookies"],
  ["programs", "No browser at all"],
  ["mistakes", "Mistakes of CORS"],
  ["abuse", "Too much of it"],
  ["own", "Your own"],
];

/** All stories in the order of the tour. */
export function tour() {
  const all = lab.value?.scenarios ?? [];
  return ROOMS.flatMap(([room]) => all.filter((story) => story.room === room));
}

export { HOME };
