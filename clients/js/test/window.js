// As much of a page as auto.js touches.

import vm from "node:vm";
import { dist, ORIGIN } from "./kit.js";

const SHARED = [
  "fetch", "Request", "Response", "Headers", "FormData", "Blob", "URL", "URLSearchParams",
  "ReadableStream", "AbortController", "AbortSignal", "Event", "EventTarget", "MessageEvent",
  "DOMException", "TextEncoder", "TextDecoder", "MessageChannel", "crypto", "performance",
  "setTimeout", "clearTimeout", "atob", "btoa", "console", "Uint8Array", "ArrayBuffer",
];

export class FakeSocket extends EventTarget {
  static OPEN = 1;
  static made = [];
  readyState = 0;
  binaryType = "blob";
  sent = [];

  constructor(url, protocols) {
    super();
    Object.assign(this, { url, protocols, protocol: "" });
    FakeSocket.made.push(this);
  }

  send(text) {
    this.sent.push(text);
  }
}

export class FakeSource extends EventTarget {
  constructor(url) {
    super();
    this.url = url;
  }
}

/** XMLHttpRequest over fetch: events, headers and states as in a browser. */
export class FakeXhr extends EventTarget {
  readyState = 0;
  status = 0;
  responseText = "";
  responseType = "";
  timeout = 0;
  withCredentials = false;
  #on = {};
  #request;
  #headers;

  open(method, url, isAsync = true) {
    this.#request = { method, url: String(url), isAsync, headers: new Headers() };
    Object.assign(this, { status: 0, responseText: "" });
    this.#state(1);
  }

  setRequestHeader(name, value) {
    this.#request.headers.append(name, value);
  }

  getResponseHeader(name) {
    return this.#headers?.get(name) ?? null;
  }

  get response() {
    return this.responseType === "json" ? JSON.parse(this.responseText) : this.responseText;
  }

  async send(body) {
    const { method, url, headers } = this.#request;
    headers.set("Origin", ORIGIN);
    this.#fire("loadstart");
    try {
      const response = await fetch(url, { method, headers, body: body ?? null });
      this.status = response.status;
      this.responseURL = response.url;
      this.#headers = response.headers;
      this.#state(2);
      this.responseText = await response.text();
      this.#state(3);
      this.#state(4);
      this.#fire("load");
    } catch {
      this.status = 0;
      this.#state(4);
      this.#fire("error");
    }
    this.#fire("loadend");
  }

  abort() {}

  #state(state) {
    this.readyState = state;
    this.#fire("readystatechange");
  }

  #fire(type) {
    this.dispatchEvent(new Event(type));
  }

  static {
    // A handler that is assigned is a listener, in the order of its first assignment.
    for (const type of ["readystatechange", "load", "loadend", "error", "abort", "timeout"]) {
      Object.defineProperty(this.prototype, `on${type}`, {
        set(listen) {
          const call = (event) => this.#on[type].call(this, event);
          if (!this.#on[type]) this.addEventListener(type, call);
          this.#on[type] = listen;
        },
      });
    }
  }
}

/** A page in which auto.js ran. Says what the browser's own functions were asked. */
export function page({ src, dataset = {}, location = `${ORIGIN}/`, without = [], own = {} }) {
  const native = { fetched: [], beacons: [], scripts: [] };
  const origin = new URL(location).origin;
  const scope = Object.fromEntries(SHARED.map((name) => [name, globalThis[name]]));
  Object.assign(scope, {
    origin,
    location: { origin, href: location },
    ProgressEvent: Event,
    Request: class extends Request {
      constructor(input, init) {
        super(typeof input === "string" ? new URL(input, location) : input, init);
      }
    },
    XMLHttpRequest: FakeXhr,
    EventSource: FakeSource,
    WebSocket: FakeSocket,
    navigator: { sendBeacon: (...all) => native.beacons.push(all) > 0 },
    // A browser adds the origin.
    fetch: (input, init = {}) => {
      native.fetched.push(String(input.url ?? input));
      const headers = new Headers(init.headers);
      headers.set("Origin", origin);
      return fetch(input.url ? input : new URL(input, location), { ...init, headers });
    },
    document: {
      baseURI: location,
      currentScript: src && { src, dataset, nonce: "n1" },
      createElement: () => ({}),
      head: {
        append: (script) => {
          native.scripts.push(script);
          vm.runInContext(dist("work.js"), scope);
          script.onload();
        },
      },
    },
  });
  Object.assign(scope, own);
  for (const name of without) delete scope[name];
  const before = { ...scope };
  vm.createContext(scope);
  scope.globalThis = scope;
  vm.runInContext(dist("auto.js"), scope);
  return { scope, native, before };
}
