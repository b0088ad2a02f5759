// An EventSource over signed fetch. The browser's own cannot carry our headers, and would come back
// with a ticket that is used up.

import { bytesOf } from "./bytes";
import { fire } from "./choosing";
import type { Core } from "./gate";
import { addressOf } from "./place";
import { codeOf, followsFrom, retryAfter } from "./refusal";
import { readerOf } from "./stream";
import { pause } from "./waiting";

type Assigned = ((event: Event) => void) | null;

export class Source extends EventTarget {
  readonly url: string;
  readonly withCredentials: boolean;
  readyState = 0;
  onopen: Assigned = null;
  onmessage: Assigned = null;
  onerror: Assigned = null;
  readonly #fetch: typeof fetch;
  readonly #stop = new AbortController();
  readonly #reader = readerOf();

  constructor(core: Core, _: unknown, url: string | URL, init?: EventSourceInit) {
    super();
    this.#fetch = core.fetch;
    const address = addressOf(url, core.world);
    if (!address) throw new DOMException(`${url} is no address`, "SyntaxError");
    this.url = address.href;
    this.withCredentials = !!init?.withCredentials;
    void this.#run(address.origin);
  }

  close(): void {
    this.readyState = 2;
    this.#stop.abort();
  }

  async #run(origin: string): Promise<void> {
    while (this.readyState !== 2) {
      let waitMs = 0;
      try {
        waitMs = await this.#connect(origin);
      } catch {
        // The connection died, or was closed by the page.
      }
      if (this.readyState === 2) return;
      this.readyState = waitMs === Infinity ? 2 : 0;
      fire(this, new Event("error"));
      const longest = Math.max(waitMs, this.#reader.retryMs);
      if (waitMs < Infinity) await pause(longest, this.#stop.signal).catch(() => undefined);
    }
  }

  /** Reads to the end. Gives how long to wait at the least; for ever where all is over. */
  async #connect(origin: string): Promise<number> {
    const reader = this.#reader;
    const headers = new Headers({ Accept: "text/event-stream" });
    // A header's characters are bytes.
    const lastId = String.fromCharCode(...bytesOf(reader.lastId));
    if (lastId) headers.set("Last-Event-ID", lastId);
    const response = await this.#fetch(this.url, {
      headers,
      cache: "no-store",
      credentials: this.withCredentials ? "include" : "same-origin",
      signal: this.#stop.signal,
    });
    const isStream = /^text\/event-stream\b/i.test(response.headers.get("Content-Type") ?? "");
    if (response.status !== 200 || !isStream || !response.body) return waitAfter(response);
    this.readyState = 1;
    fire(this, new Event("open"));
    reader.begin();
    const texts = new TextDecoder();
    const chunks = response.body.getReader();
    for (;;) {
      const { value, done } = await chunks.read();
      if (done) return 0;
      for (const { type, text } of reader.read(texts.decode(value, { stream: true }))) {
        if (this.#stop.signal.aborted) return 0;
        const { lastId: lastEventId } = reader;
        fire(this, new MessageEvent(type, { data: text, origin, lastEventId }));
      }
    }
  }
}

/** A browser's EventSource ends at any refusal; one that says "later" is no end. */
function waitAfter(response: Response): number {
  response.body?.cancel().catch(() => undefined);
  const code = codeOf(response);
  const isLater = code && followsFrom(code, response.status) === "wait";
  return isLater ? retryAfter(response) * 1_000 : Infinity;
}
