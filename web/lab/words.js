// The five words and their shapes, the same everywhere: executed, refused, hidden, sent, never sent.

/** @typedef {import("./types").Step} Step */
/** @typedef {import("./types").Gets} Gets */

export const SHAPES = { executed: "■", refused: "□", hidden: "┄", sent: "─", never: "⊘" };

export const ENGINES = /** @type {Record<string, string>} */ ({ chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" });

/** What somebody got, in words. @param {Gets | null} gets @param {boolean} page */
export function got(gets, page) {
  switch (gets) {
    case "read": return page ? "The page reads the answer" : "It reads the answer";
    case "hidden": return "The browser hides the answer: the script gets an error";
    case "opaque": return "The script gets an answer without content";
    case "throws": return "The call throws: nothing is sent";
    case "navigated": return "The visitor sees the answer; the page that asked cannot read it";
    case "silent": return "No script waits for an answer";
    case "nothing": return "Nothing came back";
    default: return "Not modelled";
  }
}

/** @param {Gets | null} gets */
export function gotKind(gets) {
  if (gets === "read" || gets === "navigated") return "sent";
  return gets === "throws" ? "never" : "hidden";
}

/** What the backend did, in words. @param {Step["seen"] | Step["predicted"]} said */
export function did(said) {
  const all = "statuses" in said ? total(said) : 0;
  if (all > 1 && said.executed < all) return `It runs ${said.executed} of ${all} requests`;
  if (said.executed > 1) return `It runs ${said.executed} requests`;
  if (said.executed === 1) {
    return said.backend.includes("asked") ? "It is asked, and runs the request" : "It runs the request";
  }
  if (said.backend.includes("refused")) return "It refuses by itself";
  if (said.backend.includes("asked")) return "It is asked; the request is never sent";
  if (said.backend.includes("missing")) return "It has no such route";
  if (said["from-cache"]) return "It is not contacted: the cache answers";
  return "It is not contacted";
}

/** @param {Step["seen"] | Step["predicted"]} said */
export function didKind(said) {
  if (said.executed > 0) return "executed";
  if (said.backend.includes("refused") || said.gate) return "refused";
  return "never";
}

/** Whether that was as it should be: attacks should not run, and one's own should.
 * @param {Step["seen"]} seen @param {boolean} attack */
export function isWell(seen, attack) {
  const all = total(seen);
  if (!attack) return true;
  // Of many, a share may run.
  return all > 1 ? seen.executed < all : seen.executed === 0;
}

/** What passes cost, in words. @param {import("./types").Price} price */
export function paid(price) {
  const work = `${price.bits} bits of work, ${Math.max(1, Math.round(price["work-ms"]))} ms`;
  const had = price.passes === 1 ? `one, for ${work}`
    : price.passes > 1 ? `${price.passes}, the dearest for ${work} in all` : "none";
  return price.refused ? `${had}; refused ${price.refused} times, for more work or beyond the share` : had;
}

/** How many requests a program sent. @param {Step["seen"]} seen */
export function total(seen) {
  return Object.values(seen.statuses).reduce((sum, count) => sum + count, 0);
}

/** @param {number} euros */
export function euros(euros) {
  return `${euros.toLocaleString("en")} €`;
}

/** One step in a sentence, for those who hear the page. @param {Step} step */
export function spoken(step) {
  const moved = step.seen.moved > 0 ? ` ${step.seen.moved} euros moved.` : "";
  const gate = step.seen.gate ? ` The gate refused: ${step.seen.gate}.` : "";
  const fault = step.faults.length ? " This does not agree with what was predicted." : "";
  return `${step.says}. ${got(step.seen.gets, true)}. The backend: ${did(step.seen)}.${gate}${moved}${fault}`;
}

/** A run as plain text, for a message. @param {import("./types").RanStory} ran @param {string} title */
export function plain(ran, title) {
  const gate = ran.gate === "on" ? "with the gate" : "CORS alone";
  const lines = [`${title}, ${gate} (${ran.engine})`];
  for (const step of ran.steps) {
    lines.push("", `${step.step + 1}. ${step.says}`, step.shown);
    lines.push(`   the caller:  ${got(step.seen.gets, true)}${step.seen.error ? `: ${step.seen.error}` : ""}`);
    lines.push(`   the backend: ${did(step.seen)}`);
    for (const line of step.seen.log) lines.push(`     ${line.kind} ${line.request}: ${line.what}`);
    if (step.seen.gate) lines.push(`   the gate:    refused, ${step.seen.gate}`);
    if (step.seen.price) lines.push(`   passes:      ${paid(step.seen.price)}`);
  }
  return lines.join("\n");
}
