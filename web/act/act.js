// What a page of a scenario does, and what it tells its own server of it.
"use strict";

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const act = JSON.parse(element("act").textContent ?? "");

/** The body that `fetch` and XMLHttpRequest are given. */
function payload() {
  const body = act.said.body;
  if (!body) return undefined;
  if ("text" in body) return body.text;
  if ("bytes" in body) return new Uint8Array(body.bytes);
  return new URLSearchParams(body.fields ?? body.encoded.fields);
}

/** A CSRF token of the gate's, where the story has one: none where the gate has none. */
async function csrf() {
  if (!act.said["with-csrf"]) return undefined;
  const url = new URL(act.url);
  const mark = url.searchParams.get("lab");
  const answer = await fetch(`${url.origin}/.doorward/csrf?lab=${mark}`, { credentials: "include" });
  return answer.ok ? (await answer.json()).token : undefined;
}

function fields() {
  const body = act.said.body ?? {};
  return Object.entries(body.fields ?? body.encoded?.fields ?? {});
}

async function byFetch() {
  const headers = new Headers();
  for (const [name, value] of Object.entries(act.said.headers)) headers.append(name, value);
  const token = await csrf();
  if (token) headers.append("X-CSRF-Token", token);
  /** @type {RequestInit} */
  const init = { method: act.method, headers };
  if (act.said.body) init.body = payload();
  if (act.said.mode) init.mode = act.said.mode;
  if (act.said.credentials) init.credentials = act.said.credentials;
  const answer = await fetch(act.url, init);
  if (answer.type === "opaque") return { outcome: "opaque" };
  const body = (await answer.text()).slice(0, 4096);
  return {
    outcome: "read", status: answer.status, headers: Object.fromEntries(answer.headers), body,
  };
}

async function byXhr() {
  const token = await csrf();
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(act.method, act.url);
    xhr.withCredentials = act.said.credentials === "include";
    for (const [name, value] of Object.entries(act.said.headers)) xhr.setRequestHeader(name, value);
    if (token) xhr.setRequestHeader("X-CSRF-Token", token);
    xhr.onload = () => resolve({
      outcome: "read", status: xhr.status, body: xhr.responseText.slice(0, 4096),
    });
    xhr.onerror = () => reject(new Error("XMLHttpRequest: error"));
    xhr.send(payload());
  });
}

async function byForm() {
  const token = await csrf();
  const form = document.createElement("form");
  form.method = act.method;
  const url = new URL(act.url);
  if (act.method.toUpperCase() === "GET") {
    // A form that gets writes its own query.
    for (const [name, value] of url.searchParams) add(form, name, value);
    url.search = "";
  }
  form.action = url.href;
  form.enctype = act.said.body?.encoded?.enctype ?? "application/x-www-form-urlencoded";
  for (const [name, value] of fields()) add(form, name, value);
  if (token) add(form, "_csrf", token);
  document.body.append(form);
  form.submit();
}

/** @param {HTMLFormElement} form @param {string} name @param {any} value */
function add(form, name, value) {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  input.value = value;
  form.append(input);
}

function byLink() {
  const link = document.createElement("a");
  link.href = act.url;
  document.body.append(link);
  link.click();
}

function byImage() {
  return new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve({ outcome: "loaded" });
    image.onerror = () => resolve({ outcome: "failed" });
    image.src = act.url;
  });
}

function byPrefetch() {
  return new Promise((resolve) => {
    const link = document.createElement("link");
    if (!link.relList.supports("prefetch")) {
      resolve({ outcome: "unsupported" });
      return;
    }
    link.rel = "prefetch";
    link.onload = () => resolve({ outcome: "loaded" });
    link.onerror = () => resolve({ outcome: "failed" });
    link.href = act.url;
    document.head.append(link);
  });
}

/** @type {Record<string, () => Promise<any> | void>} */
const ways = {
  fetch: byFetch, xhr: byXhr, form: byForm, link: byLink, image: byImage, prefetch: byPrefetch,
};

/** @type {Record<string, (seen: any) => string>} */
const words = {
  read: (seen) => `This page reads the answer: ${seen.status}.`,
  opaque: () => "The browser gives this page an answer without content.",
  threw: (seen) => `The browser tells this page: ${seen.error}`,
  loaded: () => "It was loaded. This page cannot read it.",
  failed: () => "It did not load as what it was embedded as. This page cannot read it.",
  unsupported: () => "This browser does not do that.",
};

async function run() {
  let seen;
  try {
    for (const line of act.said.sets) document.cookie = line;
    seen = await ways[act.way]();
  } catch (error) {
    seen = { outcome: "threw", error: String(error) };
  }
  // What navigates replaces this page: there is nobody left to tell.
  if (!seen) return;
  element("outcome").textContent = words[seen.outcome](seen);
  await fetch(act.report, { method: "POST", body: JSON.stringify(seen) });
}

run();
