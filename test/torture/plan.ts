import { createRandom } from "../random.ts";
import type { Trouble } from "./weather.ts";

/** What can be done to processes, clocks and the storage. */
export const BLOWS = [
  "kill",
  "restart",
  "freeze",
  "clock",
  "disk full",
  "storage killed",
  "storage restarted",
  "storage frozen",
] as const;

export type Blow = (typeof BLOWS)[number];

/** One entry of the schedule. */
export interface Step {
  /** Milliseconds after the round's begin. */
  readonly at: number;
  readonly what: Blow | Trouble;
  /** How long it lasts, ms. */
  readonly ms: number;
  /** Which node, as a whole number to be taken modulo their count. */
  readonly node: number;
  /** Of a trouble: how many of a hundred calls it strikes. Of a clock: by how many seconds it is wrong. */
  readonly amount: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly round: number;
  /** Milliseconds. */
  readonly length: number;
  /** The blows that this topology knows. */
  readonly blows: readonly Blow[];
  /** A freeze may be longer than this, ms: after it other processes take the jobs over. */
  readonly lease: number;
  /** Milliseconds between two entries, on average. */
  readonly every: number;
}

const WINDOWS: readonly Trouble[] = [
  "429",
  "500",
  "lost answer",
  "slow answer",
  "silence",
  "lost acknowledgement",
  "duplicate",
  "reordered",
];
const SHARES: Readonly<Partial<Record<Trouble, number>>> = { silence: 2, "429": 10, "slow answer": 20 };

// Seconds. One that is ahead puts off what it wants to do later by as much, so it is not far ahead.
const WRONG_BY = [-200, -60, -7, 7, 15] as const;

/** The troubles of one round: the same for the same seed. Every kind of blow comes before one comes again. */
export function planOf({ seed, round, length, blows, lease, every }: PlanOptions): readonly Step[] {
  const random = createRandom(seed * 1000 + round);
  const steps: Step[] = [];
  let left: Blow[] = [];
  for (let at = 300 + random.below(every); at < length; at += Math.ceil(every / 2) + random.below(every)) {
    const node = random.below(1000);
    if (random.below(3) === 0) {
      const what = random.pick(WINDOWS);
      steps.push({ at, what, node, ms: 500 + random.below(2500), amount: 5 + random.below(SHARES[what] ?? 35) });
      continue;
    }
    // Killing is the plainest and the worst: it stands there more than once.
    if (left.length === 0) left = ["kill", "kill", ...blows];
    const what = left.splice(random.below(left.length), 1)[0]!;
    const amount = what === "clock" ? random.pick(WRONG_BY) : 0;
    steps.push({ at, what, node, amount, ms: lengthOf(what, random.below(1000) / 1000, lease) });
  }
  return steps;
}

function lengthOf(what: Blow, share: number, lease: number): number {
  switch (what) {
    case "freeze":
      // Half of them longer than the lease.
      return share < 0.5 ? 300 + share * 2000 : lease + 500 + (share - 0.5) * 4000;
    case "clock":
      return 2000 + share * 5000;
    case "disk full":
      return 1000 + share * 2000;
    case "storage killed":
      return share * 2000;
    case "storage frozen":
      return 500 + share * 4000;
    default:
      return 0;
  }
}

/** A line for people. */
export function showStep({ at, what, node, ms, amount }: Step): string {
  const how = [`${(at / 1000).toFixed(1)} s`, what];
  if ((BLOWS as readonly string[]).includes(what)) how.push(what.startsWith("storage") ? "" : `node ${node}`);
  else how.push(`${amount} %`);
  if (what === "clock") how.push(`${amount} s wrong`);
  if (ms > 0) how.push(`for ${(ms / 1000).toFixed(1)} s`);
  return how.filter((part) => part !== "").join(", ");
}
