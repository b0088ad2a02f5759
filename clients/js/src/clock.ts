// The gate's time, whatever this machine's clock says.

import type { World } from "./world";

/** The two clocks may drift apart by so much before it counts as a sleep. */
const DRIFT_MS = 5_000;

export interface Clock {
  /** Sets it by what the gate says is now. */
  set(now: number): void;
  /** Whole seconds since 1970. */
  seconds(): number;
  /**
   * Whether the machine slept, or someone set its clock: some browsers stop the monotonic clock in
   * a sleep, so that time passed of which it knows nothing. From then on it goes by what the
   * machine's clock went on; the gate's next answer sets it right.
   */
  hasJumped(): boolean;
}

export function clockOf({ monotonic, wall }: Pick<World, "monotonic" | "wall">): Clock {
  let wallAhead = wall() - monotonic();
  let offset = wallAhead;
  return {
    set: (now) => {
      offset = now * 1_000 - monotonic();
      wallAhead = wall() - monotonic();
    },
    seconds: () => Math.floor((monotonic() + offset) / 1_000),
    hasJumped: () => {
      const jump = wall() - monotonic() - wallAhead;
      if (Math.abs(jump) < DRIFT_MS) return false;
      offset += jump;
      wallAhead += jump;
      return true;
    },
  };
}
