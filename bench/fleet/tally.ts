import type { Began } from "./side.ts";

/** What went wrong with the jobs of a run. All must be 0. */
export interface Tally {
  /** Never ran. */
  readonly lost: number;
  /** Ran again. */
  readonly twice: number;
  /** Ran before the one before it in its lane; NaN where there are no lanes. */
  readonly disordered: number;
}

export const NO_FAULT: Tally = { lost: 0, twice: 0, disordered: 0 };

export const sumOf = (one: Tally, other: Tally): Tally => ({
  lost: one.lost + other.lost,
  twice: one.twice + other.twice,
  disordered: one.disordered + other.disordered,
});

/**
 * Compares what was stored with what ran.
 * @param issued so many ids from 0, spread over `lanes`
 * @param isDrained all must have run; otherwise only those that a later one of their lane has overtaken are lost
 */
export function tallyOf(
  logs: readonly Began[],
  {
    issued,
    lanes,
    isDrained,
    hasLanes,
  }: Record<"issued" | "lanes", number> & Record<"isDrained" | "hasLanes", boolean>,
): Tally {
  const ranAt = new Float64Array(issued).fill(Number.NaN);
  let twice = 0;
  for (const { ids, at } of logs) {
    ids.forEach((id, index) => {
      if (Number.isNaN(ranAt[id])) ranAt[id] = at[index]!;
      else twice++;
    });
  }
  let lost = 0;
  let disordered = 0;
  for (let lane = 0; lane < lanes; lane++) {
    let isOver = isDrained;
    for (let id = lane + lanes * Math.floor((issued - 1 - lane) / lanes); id >= lane; id -= lanes) {
      if (Number.isNaN(ranAt[id])) lost += isOver ? 1 : 0;
      else {
        isOver = isDrained || hasLanes;
        if (ranAt[id]! < ranAt[id - lanes]!) disordered++;
      }
    }
  }
  return { lost, twice, disordered: hasLanes ? disordered : Number.NaN };
}

/** In one line: `none lost, none twice, none out of order`. */
export function tallyLine({ lost, twice, disordered }: Tally): string {
  const say = (count: number): string => (count === 0 ? "none" : `${count}`);
  const order = Number.isNaN(disordered) ? "no order kept" : `${say(disordered)} out of order`;
  return `${say(lost)} lost, ${say(twice)} twice, ${order}`;
}
