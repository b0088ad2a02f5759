"use strict";
const backend = "@BACKEND@";
const gate = "@GATE@";
const say = (id, text) => { document.getElementById(id).textContent = text; };

async function signIn() {
  const ways = [backend, gate].map((place) =>
    fetch(`${place}/login`, {
      method: "POST",
      body: new URLSearchParams({ user: "ann" }),
      credentials: "include",
    }));
  const answers = await Promise.all(ways);
  say("signed-in", answers.every((answer) => answer.ok)
    ? "Signed in as Ann, at the backend and through the gate."
    : "Signing in failed; the terminal says why.");
}

async function readLedger() {
  const answer = await fetch(`${gate}/api/ledger`, { credentials: "include" });
  say("ledger", JSON.stringify(await answer.json()));
}

const reported = (action) => () => action().catch((error) => say("signed-in", String(error)));
document.getElementById("sign-in").addEventListener("click", reported(signIn));
document.getElementById("read").addEventListener("click", reported(readLedger));
