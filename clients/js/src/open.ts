// open.js: for the gate's own page, where a person waits who opened an address that needs a pass.
// It stands behind auto.js.

import type { Gate } from "./api";

const { doorward } = globalThis as typeof globalThis & { doorward?: Pick<Gate, "link"> };
const status = document.getElementById("open")!;
const address = location.href.replace(/#.*/s, "");
const bare = address.replace(/[?&]doorward_ticket=[^&]*$/, "");

function say(text: string): void {
  status.textContent = text;
}

/** Opens the page's own address with a ticket. */
async function open(): Promise<void> {
  if (!doorward) return say("This browser lacks what a pass needs.");
  say("One moment\u2026");
  try {
    location.replace(await doorward.link(bare) + location.hash);
  } catch (error) {
    say((error as Error).message);
  }
}

if (bare === address) {
  open();
} else {
  // It was opened with a ticket before: a person says whether it is to be opened again, so that
  // nothing goes round in circles.
  const again = document.createElement("a");
  again.href = bare;
  again.textContent = "Open it again";
  status.replaceChildren(again);
}
