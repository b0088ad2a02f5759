// Drop-in classes: one that is ours for guarded addresses, and the browser's own for all others.

import type { Core } from "./gate";

type Class = new (...parameters: any[]) => object;
type Ours<Native> = new (core: Core, native: Native | undefined, ...parameters: any[]) => object;

/** `native` as it is, but that it makes one of ours where the gate guards the address. */
export function choosing<Native extends Class>(
  native: Native | undefined, ours: Ours<Native>, core: Core,
): Native {
  // So that `instanceof` holds. Ours shadows all that it inherits from there.
  if (native) Object.setPrototypeOf(ours.prototype, native.prototype);
  else Object.assign(ours, { CONNECTING: 0, OPEN: 1, CLOSED: 2 });
  return new Proxy(native ?? (ours as unknown as Native), {
    construct: (_, parameters, chosen) => native && !core.guards(parameters[0])
      ? Reflect.construct(native, parameters, chosen)
      : new ours(core, native, ...parameters),
  });
}

/** Fires an event, at listeners and at the one that was assigned. */
export function fire(target: EventTarget, event: Event): void {
  target.dispatchEvent(event);
  const assigned = (target as unknown as Record<string, unknown>)[`on${event.type}`];
  if (typeof assigned === "function") assigned.call(target, event);
}
