// An XMLHttpRequest that signs. It is the browser's own, with two differences: what is sent waits
// for its signature, and a refusal stays unseen until it is known that it is the last word.

import type { Core } from "./gate";
import { History } from "./judge";
import type { Pass } from "./mint";
import { type Prepared, prepare } from "./prepare";
import { HEADER } from "./refusal";
import { orAborted } from "./waiting";

type XhrBody = Document | XMLHttpRequestBodyInit | null | undefined;

const SEEN = ["readystatechange", "loadstart", "progress", "load", "loadend"];

const native = globalThis.XMLHttpRequest ?? EventTarget;
/** A page has one gate; what it makes by `new XMLHttpRequest()` cannot be told another. */
let core: Core;

export function gatedXhr(given: Core): typeof XMLHttpRequest {
  core = given;
  return Signing;
}

class Signing extends native {
  /** How it was opened; none: it is not ours to sign. */
  #opened: [method: string, url: string | URL] | undefined;
  #given: [name: string, value: string][] = [];
  #prepared: Prepared | undefined;
  #pass: Pass | null = null;
  #history = new History();
  #waiting: AbortController | undefined;
  #isHiding = false;
  #isSpeaking = false;

  constructor() {
    super();
    // The first to listen, before the page can: so it may keep an event from the page.
    for (const type of SEEN) this.addEventListener(type, (event) => this.#see(event));
  }

  override open(method: string, url: string | URL, isAsync = true): void {
    this.#waiting?.abort();
    this.#waiting = undefined;
    this.#isHiding = false;
    this.#prepared = undefined;
    const isGuarded = core.guards(url);
    if (isGuarded && !isAsync) {
      core.world.say("warn", `a synchronous request cannot be signed: ${method} ${url}`);
    }
    this.#opened = isGuarded && isAsync ? [method, url] : undefined;
    this.#given = [];
    // As many arguments as there were: one that is undefined is not one that is missing.
    Reflect.apply(super.open, this, arguments);
  }

  override setRequestHeader(name: string, value: string): void {
    this.#mustBeIdle();
    super.setRequestHeader(name, value);
    this.#given.push([name, value]);
  }

  override send(body?: XhrBody): void {
    this.#mustBeIdle();
    if (!this.#opened || this.readyState !== 1) return super.send(body);
    this.#history = new History();
    void this.#signAndSend(body);
  }

  override abort(): void {
    this.#isHiding = false;
    if (this.#waiting) this.#giveUp("abort");
    else super.abort();
  }

  #mustBeIdle(): void {
    if (this.#waiting) throw new DOMException("not yet", "InvalidStateError");
  }

  async #signAndSend(body: XhrBody): Promise<void> {
    const stop = new AbortController();
    this.#waiting = stop;
    const { timeout } = this;
    const timer = timeout ? setTimeout(() => this.#giveUp("timeout"), timeout) : undefined;
    let signed: Record<string, string> = {};
    try {
      this.#prepared ??= await this.#prepare(body);
      this.#pass = await orAborted(core.sender.passes.current(), stop.signal);
      signed = await core.sender.sign(this.#prepared, this.#pass);
    } catch {
      // It goes unsigned: the gate says why that is not enough.
    }
    clearTimeout(timer);
    if (stop.signal.aborted) return;
    this.#waiting = undefined;
    const type = this.#prepared?.headers.get("Content-Type");
    const isGiven = new Headers(this.#given).has("Content-Type");
    if (type && !isGiven) super.setRequestHeader("Content-Type", type);
    for (const name in signed) super.setRequestHeader(name, signed[name]!);
    super.send(this.#prepared ? this.#prepared.body.bytes : body);
  }

  async #prepare(body: XhrBody): Promise<Prepared> {
    const [method, url] = this.#opened!;
    const headers = new Headers(this.#given);
    const isBare = /^(get|head)$/i.test(method);
    let sent = isBare ? null : body;
    if (typeof Document !== "undefined" && sent instanceof Document) {
      const type = `${sent.contentType};charset=UTF-8`;
      sent = new Blob([new XMLSerializer().serializeToString(sent)], { type });
    }
    const init: RequestInit = { method, headers, body: (sent ?? null) as BodyInit | null };
    return prepare(String(url), init, core.world);
  }

  /** Sees each event before the page. */
  #see(event: Event): void {
    if (this.#isSpeaking) return;
    const { type } = event;
    if (type === "readystatechange") {
      const { readyState, status } = this;
      if (readyState === 2) {
        // Where it was sent on, what answers is not what was asked: the first may have run.
        const isFirst = this.responseURL === this.#prepared?.url.href;
        // Asked for less often than it could be: browsers complain where a header is hidden.
        this.#isHiding = isFirst && status > 399 && !!this.getResponseHeader(HEADER);
      }
      if (readyState === 4 && !status) this.#isHiding = false;
    }
    if (!this.#isHiding) return;
    event.stopImmediatePropagation();
    if (type === "loadend") void this.#decide();
  }

  /** A refusal is there, unseen by the page: sends it again, or lets the page see it. */
  async #decide(): Promise<void> {
    const stop = new AbortController();
    const { signal } = stop;
    this.#waiting = stop;
    const { response, responseType, status } = this;
    const body = responseType === "json" ? JSON.stringify(response) : response;
    const code = this.getResponseHeader(HEADER)!;
    const headers = { "Retry-After": this.getResponseHeader("Retry-After") ?? "" };
    // What fetch would give.
    const refusal = new Response(body, { status, headers });
    const prepared = { ...this.#prepared!, signal };
    const isRepeated = await core.sender.judge(prepared, this.#pass, refusal, code, this.#history)
      .catch(() => false);
    if (signal.aborted) return;
    this.#waiting = undefined;
    if (isRepeated) return this.#again();
    this.#isHiding = false;
    this.#speak("readystatechange", "load", "loadend");
  }

  #again(): void {
    super.open(...this.#opened!, true);
    for (const [name, value] of this.#given) super.setRequestHeader(name, value);
    void this.#signAndSend(undefined);
  }

  /** It was waiting, so the browser has nothing to end: the page hears it from here. */
  #giveUp(type: "abort" | "timeout"): void {
    this.#waiting?.abort();
    this.#waiting = undefined;
    super.abort();
    this.#speak("readystatechange", type, "loadend");
  }

  #speak(...types: string[]): void {
    this.#isSpeaking = true;
    for (const type of types) {
      this.dispatchEvent(new (type === "readystatechange" ? Event : ProgressEvent)(type));
    }
    this.#isSpeaking = false;
  }
}
