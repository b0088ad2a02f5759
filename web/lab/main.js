// The lab's page begins here.

import { render } from "/assets/vendor/preact.js";
// Elements that read a signal are drawn again when it changes.
import "/assets/vendor/signals.js";
import { App } from "./app.js";
import { html } from "./html.js";
import { begin } from "./state.js";

const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
void begin();
