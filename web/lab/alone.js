// The stage without the lab round it: for `doorward lab --headless`.

import { listen } from "./api.js";
import { openWindow, setPlace, show } from "./stage.js";

const state = /** @type {HTMLElement} */ (document.getElementById("state"));
setPlace(document.getElementById("frames"));

document.getElementById("open")?.addEventListener("click", () => {
  document.body.dataset.window = openWindow() ? "open" : "refused";
});

listen((event) => {
  if (event.type === "hello") {
    state.textContent = "Ready.";
    document.body.dataset.ready = event.engine;
  }
  if (event.type === "show") show(event.show);
}).then(
  () => { state.textContent = "The lab has ended."; },
  (error) => { state.textContent = String(error.message); },
);
