// Links: what they hold is data. Nothing in one is run, and nothing in one becomes markup.

/** @typedef {import("./types").Route} Route */

const VIEWS = ["matrix", "table", "desk", "builder", "explain"];
const WORD = /^[a-z0-9-]{1,40}$/;
/** Longer links are nobody's. */
const LENGTH_MAX = 8192;

/** @type {Route} */
export const HOME = { view: "home", id: "", side: "off", cors: "", off: [], step: 0 };

/** @param {string} hash @returns {Route} */
export function parse(hash) {
  if (hash.length > LENGTH_MAX) return HOME;
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const said = new URLSearchParams(query);
  /** @param {string} name */
  const word = (name) => {
    const value = said.get(name) ?? "";
    return WORD.test(value) ? value : "";
  };
  /** @type {import("./types").Side} */
  const side = said.get("gate") === "on" ? "on" : "off";
  const off = (said.get("off") ?? "").split(",").filter((layer) => WORD.test(layer)).slice(0, 10);
  const step = Math.max(0, (parseInt(said.get("step") ?? "1", 10) || 1) - 1);
  const own = { side, cors: word("cors"), off, step };
  const [first, second = ""] = path.split("/");
  if (first === "s" && WORD.test(second)) return { view: "story", id: second, ...own };
  if (VIEWS.includes(first)) {
    return { ...HOME, view: /** @type {Route["view"]} */ (first), side };
  }
  return HOME;
}

/** @param {Partial<Route>} route */
export function link(route) {
  const { view, id, side, cors, off, step } = { ...HOME, ...route };
  const said = new URLSearchParams();
  if (side === "on") said.set("gate", "on");
  if (cors) said.set("cors", cors);
  if (off.length) said.set("off", off.join(","));
  if (step) said.set("step", String(step + 1));
  const query = said.toString();
  const path = view === "story" ? `s/${id}` : view === "home" ? "" : view;
  return `#/${path}${query ? `?${query}` : ""}`;
}
