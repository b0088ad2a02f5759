// Tickets, for what cannot carry headers.

import type { TicketOptions } from "./api";
import { DoorwardError, Refused } from "./errors";
import type { Core } from "./gate";
import { addressOf } from "./place";
import { codeOf, problemOf } from "./refusal";
import type { World } from "./world";

const PARAMETER = "doorward_ticket=";
const SECONDS: Record<string, number> = { m: 60, h: 3_600 };

/** Seconds of a number, or of "90s", "10m", "1h". */
export function secondsOf(time: number | string): number {
  const [, count, unit] = /^(\d+)([smh]?)$/.exec(String(time)) ?? [];
  if (!count) throw new TypeError(`for: ${time} is no time; write "10m" or seconds`);
  return Number(count) * (SECONDS[unit!] ?? 1);
}

export async function ticketOf(
  { place, sender, world }: Core, url: string | URL, options: TicketOptions = {},
): Promise<string> {
  const { method = "GET", for: time, signal } = options;
  const address = addressOf(url, world);
  if (address?.origin !== place.origin) throw new TypeError(`${url} is not of the gate`);
  const asked = {
    method,
    url: address.pathname + address.search,
    for: time === undefined ? undefined : secondsOf(time),
  };
  const response = await sender.send(`${place.own}/ticket`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(asked),
    credentials: "same-origin",
    cache: "no-store",
    signal: signal ?? null,
  });
  const code = codeOf(response);
  if (code) throw new Refused(await problemOf(response, code), response);
  const gone = `${place.own}/ticket gives no ticket.`;
  if (!response.ok) throw new DoorwardError("client/answer", gone);
  return (await response.json()).ticket;
}

/** The address with its ticket, which is always the last parameter. */
export function linkOf(url: string | URL, ticket: string, world: World): string {
  const link = new URL(String(url), world.base());
  // Appended as text: searchParams would write the query anew, and the ticket is for it as it is.
  link.search = `${link.search}${link.search ? "&" : "?"}${PARAMETER}${ticket}`;
  return link.href;
}
