import type { Clock } from "../core/index.ts";

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Moves on to the next timer that is due by `until` and fires it; false when there is none, and the clock stands at `until`. */
  step(until: number): boolean;
}

export function createFakeClock(start: number): FakeClock {
  let now = start;
  let order = 0;
  const timers = new Map<number, { readonly at: number; readonly fn: () => void }>();
  return {
    now: () => now,
    steady: () => now,
    after(ms, fn) {
      const id = order++;
      timers.set(id, { at: now + Math.max(0, ms), fn });
      return () => timers.delete(id);
    },
    step(until) {
      let next: number | undefined;
      for (const [id, { at }] of timers) {
        if (at <= until && (next === undefined || at < timers.get(next)!.at)) next = id;
      }
      if (next === undefined) {
        now = Math.max(now, until);
        return false;
      }
      const { at, fn } = timers.get(next)!;
      timers.delete(next);
      now = Math.max(now, at);
      fn();
      return true;
    },
  };
}
