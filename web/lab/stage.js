// Shows the pages of a story: in frames, or in a window of their own. They come from their own
// sites, act there, and tell their own servers what they got; this page hears of none of it.

import { post } from "./api.js";

/** How many frames stay: the newest, for whoever wants to look. */
const FRAMES = 2;

/** @type {Window | null} */
let other = null;
/** @type {HTMLElement | null} */
let place = null;

/** Where frames are put. @param {HTMLElement | null} element */
export function setPlace(element) {
  place = element;
}

/** Whether the window for pages that need one is there. */
export function hasWindow() {
  return other !== null && !other.closed;
}

/** Opens that window. Browsers allow it only in answer to a click or a key. */
export function openWindow() {
  if (!hasWindow()) other = window.open("about:blank", "doorward-lab-stage", "popup,width=560,height=640");
  return hasWindow();
}

export function closeWindow() {
  other?.close();
  other = null;
}

/** @param {{ url: string, view: "frame" | "window" }} show */
export function show({ url, view }) {
  if (view === "window") {
    if (hasWindow() && other) other.location.href = url;
    else void post("/api/stage", { url });
    return;
  }
  if (!place) {
    void post("/api/stage", { url });
    return;
  }
  const frame = document.createElement("iframe");
  frame.src = url;
  frame.title = "A page of this story";
  place.append(frame);
  while (place.children.length > FRAMES) place.firstElementChild?.remove();
}
