import type { Random } from "../random.ts";

/** What strikes single calls and single deliveries, by chance. */
export const TROUBLES = [
  "duplicate",
  "late duplicate",
  "reordered",
  "lost acknowledgement",
  "429",
  "500",
  "lost answer",
  "slow answer",
  "silence",
] as const;

export type Trouble = (typeof TROUBLES)[number];

/** How likely each trouble is at the moment, and how often each has struck. */
export interface Weather {
  readonly counts: ReadonlyMap<Trouble, number>;
  /** Does it strike now? Counted if so. */
  strikes(trouble: Trouble): boolean;
  /** A trouble becomes more likely; the returned function ends that. */
  worsen(trouble: Trouble, share: number): () => void;
  /** Everyday troubles begin, or all ends. */
  set(mood: "everyday" | "calm"): void;
}

const EVERYDAY: Readonly<Record<Trouble, number>> = {
  duplicate: 0.02,
  "late duplicate": 0.005,
  reordered: 0.02,
  "lost acknowledgement": 0.004,
  "429": 0.001,
  "500": 0.002,
  "lost answer": 0.002,
  "slow answer": 0.002,
  silence: 0.0002,
};
const GRAIN = 1_000_000;

export function createWeather(random: Random): Weather {
  const shares = new Map<Trouble, number[]>();
  const counts = new Map<Trouble, number>(TROUBLES.map((trouble) => [trouble, 0]));
  let isCalm = true;
  return {
    counts,
    strikes(trouble) {
      if (isCalm) return false;
      const share = Math.max(EVERYDAY[trouble], ...(shares.get(trouble) ?? []));
      if (random.below(GRAIN) >= share * GRAIN) return false;
      counts.set(trouble, counts.get(trouble)! + 1);
      return true;
    },
    worsen(trouble, share) {
      const now = [...(shares.get(trouble) ?? []), share];
      shares.set(trouble, now);
      return () => {
        const left = shares.get(trouble) ?? [];
        shares.set(trouble, left.toSpliced(left.indexOf(share), left.includes(share) ? 1 : 0));
      };
    },
    set(mood) {
      isCalm = mood === "calm";
      if (isCalm) shares.clear();
    },
  };
}
