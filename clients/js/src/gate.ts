// The parts of a client that all its ways in have in common.

import { passesOf } from "./passes";
import { type Place, addressOf, isGuarded } from "./place";
import { isRequest } from "./prepare";
import { type Sender, senderOf } from "./sender";
import type { World } from "./world";

export interface Core {
  place: Place;
  world: World;
  sender: Sender;
  guards(input: unknown): boolean;
  /** As fetch; signs what is guarded. */
  fetch: typeof fetch;
}

export function coreOf(place: Place, world: World): Core {
  const sender = senderOf(world, passesOf(place, world));
  const guards = (input: unknown) => isGuarded(place, addressOf(input, world));
  const signed: typeof fetch = (input, init) => {
    const mode = init?.mode ?? (isRequest(input) ? input.mode : undefined);
    // Without CORS a browser takes our headers away again.
    const isOurs = guards(input) && mode !== "no-cors";
    return isOurs ? sender.send(input, init) : world.fetch(input, init);
  };
  return { place, world, sender, guards, fetch: signed };
}
