import type { Add, Batch, JobRecord, Outcome } from "../fleet/index.ts";
import { int4Array, int8Array, textArray } from "./encode.ts";
import { fullKey, shorten } from "./long-key.ts";

/** A row that `apply` gives back: the first has the outcome, the others a claimed job each. */
export interface AppliedRow extends Omit<JobRecord, "steps"> {
  /** JSON. */
  readonly outcome: string | null;
  /** JSON: pairs. */
  readonly steps: string | null;
}

/** The statement, with the types that the values below have. */
export const APPLY_STATEMENT = `SELECT * FROM apply(
  $1, $2, $3, $4, $5::text[], $6, $7::bigint[], $8::text[], $9::text[], $10::bigint[], $11::text[], $12::bigint[], $13::integer[],
  $14::integer[], $15::bigint[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::bigint[],
  $23::bigint[], $24::bigint[], $25, $26, $27, $28, $29::json)`;

/** Times become whole milliseconds. @param from names this process to the others in a notification */
export function toValues(batch: Batch, from: string): readonly unknown[] {
  const { ends } = batch;
  // An entry a digest; what an end defers comes before what is added. `end`: the end it belongs to, from 1; 0 for an add.
  const entries: { readonly add: Add; readonly end: number }[] = [];
  ends.forEach((end, index) => {
    if (end.kind === "done" || end.kind === "dead") for (const add of end.defer) entries.push({ add, end: index + 1 });
  });
  for (const add of batch.adds) entries.push({ add, end: 0 });
  const jobs = entries.flatMap(({ add }, index) =>
    add.jobs.map((job) => ({ job, entry: index + 1, digest: toDigest(add) })),
  );
  const longLanes = jobs.flatMap(({ job: { id, lane } }) => (fullKey(lane) === undefined ? [] : [{ id, lane }]));
  return [
    batch.session,
    batch.number,
    Math.floor(batch.now),
    batch.hello ?? null,
    batch.pools === null ? null : textArray(batch.pools),
    from,
    int8Array(ends.map((end) => end.job)),
    textArray(ends.map((end) => shorten(end.lane))),
    textArray(ends.map((end) => end.kind)),
    int8Array(ends.map((end) => ("at" in end ? Math.floor(end.at) : 0))),
    textArray(ends.map((end) => ("errors" in end ? end.errors : ""))),
    int8Array(entries.map(({ add }) => toDigest(add))),
    int4Array(entries.map(({ end }) => end)),
    int4Array(jobs.map(({ entry }) => entry)),
    int8Array(jobs.map(({ job }) => job.id)),
    textArray(jobs.map(({ job }) => shorten(job.lane))),
    textArray(jobs.map(({ job }) => job.pool)),
    textArray(jobs.map(({ job }) => job.adapter)),
    textArray(jobs.map(({ job }) => job.plugin)),
    textArray(jobs.map(({ job }) => job.handler)),
    textArray(jobs.map(({ job }) => job.payload)),
    int8Array(jobs.map(({ digest }) => digest)),
    int8Array(jobs.map(({ job }) => Math.floor(job.storedAt))),
    int8Array(jobs.map(({ job }) => Math.floor(job.runAt))),
    batch.direct,
    batch.claim,
    batch.suspect,
    batch.leave,
    moreOf(batch, longLanes),
  ];
}

export function toOutcome(rows: readonly AppliedRow[]): Outcome {
  const [first, ...claimed] = rows;
  if (first === undefined) return GONE;
  const { added, values, dead, direct, budgets, nextAt, pending } = JSON.parse(first.outcome!) as Applied;
  return {
    alive: true,
    added: flags(added),
    direct,
    values: flags(values),
    dead: flags(dead),
    budgets,
    claimed: claimed.map(({ outcome: _, steps, ...job }) => ({
      ...job,
      steps: steps === null ? [] : (JSON.parse(steps) as JobRecord["steps"]),
    })),
    nextAt,
    pending,
  };
}

interface Applied extends Pick<Outcome, "direct" | "budgets" | "nextAt" | "pending"> {
  readonly added: string;
  readonly values: string;
  readonly dead: string;
}

const GONE: Outcome = {
  alive: false,
  ...{ added: [], direct: [], values: [], dead: [], budgets: [], claimed: [], nextAt: 0, pending: 0 },
};

const DAY_MS = 86_400_000;

// Of these lists most are empty in most batches.
function moreOf(batch: Batch, lanes: readonly object[]): string | null {
  const counts = batch.counts.map((count) => ({ ...count, day: Math.floor(Date.parse(count.day) / DAY_MS) }));
  const values = batch.values.map((write) => ({
    ...withShortKey(write),
    until: write.until === null ? null : Math.floor(write.until),
  }));
  const doubts = batch.doubts.map((doubt) => ({ ...doubt, at: Math.floor(doubt.at) }));
  const steps = batch.steps.map(withShortKey);
  const budgets = batch.budgets.map(withShortKey);
  const { reap, dead } = batch;
  const lists = Object.entries({ reap, steps, values, dead, counts, doubts, budgets, lanes }).filter(
    ([, list]) => list.length > 0,
  );
  return lists.length === 0 ? null : JSON.stringify(Object.fromEntries(lists));
}

const withShortKey = <T extends { readonly key: string }>(write: T) => ({
  ...write,
  key: shorten(write.key),
  long: fullKey(write.key),
});

const toDigest = ({ digest }: Add) => (digest === null ? null : BigInt(digest));
const flags = (text: string) => Array.from(text, (flag) => flag === "1");
