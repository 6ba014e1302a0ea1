/** Where all of Hobnob's time comes from, so that a test can run hours in milliseconds. */
export interface Clock {
  /** Milliseconds since 1970. They jump when the machine's time is set. */
  now(): number;
  /** Milliseconds since some moment; they only go on, at an even pace. For every wait and pace within a process. */
  steady(): number;
  /** Runs `fn` once after `ms` milliseconds; the returned function cancels it. */
  after(ms: number, fn: () => void): () => void;
}

// setTimeout overflows above this and fires at once.
const LONGEST = 2_147_483_647;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: Date.now,
  steady: () => performance.now(),
  after(ms, fn) {
    if (ms > LONGEST) {
      let cancel = systemClock.after(LONGEST, () => {
        cancel = systemClock.after(ms - LONGEST, fn);
      });
      return () => cancel();
    }
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

/** A length of time: milliseconds, or a number with its unit such as `"500ms"`, `"30s"`, `"10m"`, `"8h"`, `"3d"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration in milliseconds; undefined when it is not one. */
export function parseDuration(duration: Duration | string): number | undefined {
  if (typeof duration === "number") return Number.isFinite(duration) && duration >= 0 ? duration : undefined;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(duration.trim());
  return match ? Number(match[1]) * UNITS[match[2]!]! : undefined;
}
