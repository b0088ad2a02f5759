// What client.js and auto.js offer beside fetch.

import type { Gate, TicketOptions } from "./api";
import { choosing } from "./choosing";
import { Source } from "./events";
import type { Core } from "./gate";
import { Socket } from "./sockets";
import { linkOf, ticketOf } from "./tickets";

export function waysOf(core: Core): Omit<Gate, "axios"> {
  const { world, sender, fetch } = core;
  const scope = globalThis as Partial<typeof globalThis>;
  const ticket = (url: string | URL, options?: TicketOptions) => ticketOf(core, url, options);
  return {
    fetch,
    ticket,
    link: async (url, options) => linkOf(url, await ticket(url, options), world),
    EventSource: choosing(scope.EventSource, Source, core),
    WebSocket: choosing(scope.WebSocket, Socket, core),
    sendBeacon: (url, body = null) => {
      // The page may be gone before an answer comes; nobody is left to hear of an error.
      const init: RequestInit = { method: "POST", keepalive: true, credentials: "same-origin", body };
      fetch(url, init).catch(() => undefined);
      return true;
    },
    ready: async () => void (await sender.passes.current()),
  };
}
