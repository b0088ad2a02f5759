// A WebSocket with a ticket: it is asked for first, so the real socket opens a moment later.

import { fire } from "./choosing";
import type { Core } from "./gate";
import { addressOf } from "./place";
import { ticketOf } from "./tickets";

const OWN = "doorward";
const TYPES = ["open", "message", "error", "close"] as const;

type Assigned = ((event: Event) => void) | null;

export class Socket extends EventTarget {
  readonly url: string;
  onopen: Assigned = null;
  onmessage: Assigned = null;
  onerror: Assigned = null;
  onclose: Assigned = null;
  #socket: WebSocket | undefined;
  #state = 0;
  #binaryType: BinaryType = "blob";
  readonly #stop = new AbortController();

  constructor(
    core: Core,
    native: typeof WebSocket | undefined,
    url: string | URL,
    protocols: string | string[] = [],
  ) {
    super();
    const address = addressOf(url, core.world);
    if (!address || !native) throw new DOMException(`${url} is no address`, "SyntaxError");
    this.url = address.href.replace("http", "ws");
    this.#open(core, native, address, [protocols].flat()).catch(() => this.#fail());
  }

  get readyState(): number {
    return this.#socket?.readyState ?? this.#state;
  }

  /** Ours is no protocol of the application's. */
  get protocol(): string {
    const chosen = this.#socket?.protocol ?? "";
    return chosen === OWN ? "" : chosen;
  }

  get extensions(): string {
    return this.#socket?.extensions ?? "";
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    this.#binaryType = type;
    if (this.#socket) this.#socket.binaryType = type;
  }

  send(message: string | ArrayBufferLike | Blob | ArrayBufferView<ArrayBuffer>): void {
    if (this.#socket) return this.#socket.send(message as string);
    if (this.#state === 0) throw new DOMException("not yet", "InvalidStateError");
  }

  close(code?: number, reason?: string): void {
    if (this.#socket) return this.#socket.close(code, reason);
    if (this.#state !== 0) return;
    this.#state = 2;
    this.#stop.abort();
  }

  async #open(
    core: Core, real: typeof WebSocket, url: URL, protocols: string[],
  ): Promise<void> {
    const text = await ticketOf(core, url, { signal: this.#stop.signal });
    if (this.#state !== 0) throw new Error("closed");
    const socket = new real(this.url, [`${OWN}.${text}`, OWN, ...protocols]);
    socket.binaryType = this.#binaryType;
    this.#socket = socket;
    for (const type of TYPES) {
      // An event is read as the very members that the next is made of.
      const again = (event: Event) => fire(this, new (event.constructor as typeof Event)(
        type, event,
      ));
      socket.addEventListener(type, again);
    }
  }

  #fail(): void {
    this.#state = 3;
    fire(this, new Event("error"));
    const closed = { code: 1006, reason: "", wasClean: false };
    fire(this, Object.assign(new Event("close"), closed));
  }
}
