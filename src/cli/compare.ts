import { createHash } from "node:crypto";
import type { LedgerLine, Storage, StoredRecord } from "../core/index.ts";

type Kind = Exclude<StoredRecord["kind"], "data">;

export type Counts = Record<Kind, number>;

export const noCounts = (): Counts => ({ job: 0, dead: 0, seen: 0, value: 0, count: 0, doubt: 0 });

/** What a storage holds, small enough to be compared. */
interface Summary {
  readonly instance: string;
  readonly nextId: number;
  readonly counts: Counts;
  /** Sums of digests: the order of a dump is its storage's own, but for the jobs of a lane. */
  readonly sums: Record<Kind, bigint>;
  readonly seen: Digests;
}

/** 64-bit numbers, eight bytes each: a million of them are no burden. */
interface Digests {
  add(digest: string): void;
  has(digest: string): boolean;
}

// Records are kept for 72 hours at least; those that are about to be dropped may be on one side only.
const SURELY_KEPT_MS = 71 * 3_600_000;

/**
 * Reads both sides back: is all that the source holds in the target, and nothing else?
 * @param read is told of every record that was read
 * @returns what differs, in sentences; none when nothing does
 */
export async function compare(source: Storage, target: Storage, read: () => void): Promise<readonly string[]> {
  const at = Date.now();
  const there = await summarize(target, at, read);
  let missing = 0;
  const here = await summarize(source, at, read, (record) => {
    if (record.at > at - SURELY_KEPT_MS && !there.seen.has(record.digest)) missing += 1;
  });
  const differences: string[] = [];
  if (here.instance !== there.instance) differences.push(`data: ${there.instance} in place of ${here.instance}`);
  if (here.nextId > there.nextId) differences.push(`data: ids begin at ${there.nextId}, and ${here.nextId} is free`);
  if (missing > 0) differences.push(`dedupe records: ${missing} of ${here.counts.seen} are missing`);
  for (const kind of ["job", "dead", "value", "count", "doubt"] as const) {
    const [mine, its] = [here.counts[kind], there.counts[kind]];
    if (mine !== its) differences.push(`${NAMES[kind]}: ${its} in place of ${mine}`);
    else if (here.sums[kind] !== there.sums[kind]) differences.push(`${NAMES[kind]}: as many, but not the same`);
  }
  const ledgers = [await source.ledger(), await target.ledger()].map(textOf);
  if (ledgers[0] !== ledgers[1]) differences.push("the ledger: its lines are not the same");
  return differences;
}

export const NAMES: Readonly<Record<Kind, string>> = {
  job: "jobs",
  dead: "dead letters",
  seen: "dedupe records",
  value: "values",
  count: "lines of the ledger",
  doubt: "posts in doubt",
};

async function summarize(
  storage: Storage,
  at: number,
  read: () => void,
  onSeen?: (record: Extract<StoredRecord, { kind: "seen" }>) => void,
): Promise<Summary> {
  const counts = noCounts();
  const sums = { job: 0n, dead: 0n, seen: 0n, value: 0n, count: 0n, doubt: 0n };
  const seen = createDigests();
  // The job before it, by lane.
  const before = new Map<string, number>();
  let data = { instance: "", nextId: 0 };
  for await (const record of storage.dump()) {
    read();
    if (record.kind === "data") {
      data = record;
      continue;
    }
    if (record.kind === "count" && isNothing(record)) continue;
    counts[record.kind] += 1;
    if (record.kind === "seen") {
      if (onSeen === undefined) seen.add(record.digest);
      else onSeen(record);
      continue;
    }
    let place = 0;
    if (record.kind === "job") {
      const lane = createHash("sha256").update(record.lane).digest("base64").slice(0, 14);
      place = before.get(lane) ?? 0;
      before.set(lane, record.id);
    }
    sums[record.kind] += digestOf(JSON.stringify(partsOf(record, at, place)));
  }
  return { ...data, counts, sums, seen };
}

/** What must be the same on both sides. */
function partsOf(record: Exclude<StoredRecord, { kind: "data" | "seen" }>, at: number, place: number): unknown[] {
  switch (record.kind) {
    case "job":
    case "dead": {
      const { id, lane, pool, adapter, plugin, handler, payload, digest, storedAt, attempts, failed } = record;
      const errors = record.errors.map((error) => [error.at, error.attempt, error.code, error.message]);
      const steps = record.steps.map(([key, value]) => [key, value]).sort(byText);
      // Times that have come mean nothing any more.
      const times = record.kind === "dead" ? [record.diedAt] : [later(record.runAt), later(record.heldUntil), place];
      return [
        id,
        lane,
        pool,
        adapter,
        plugin,
        handler,
        payload,
        digest,
        storedAt,
        attempts,
        failed,
        errors,
        steps,
        times,
      ];
    }
    case "value":
      return [record.key, record.value, record.until];
    case "count": {
      const { day, adapter, plugin, received, done, ignored, discarded, duplicates } = record;
      return [day, adapter, plugin, received, done, ignored, discarded, duplicates];
    }
    case "doubt":
      return [record.at, record.job, record.adapter, record.plugin, record.step, record.outcome];
  }
  function later(time: number) {
    return time > at ? time : 0;
  }
}

const byText = ([a]: readonly unknown[], [b]: readonly unknown[]) => (String(a) < String(b) ? -1 : 1);

const digestOf = (text: string) => createHash("sha256").update(text).digest().readBigUInt64BE();

type Line = Omit<LedgerLine, "dead" | "inFlight"> & Partial<LedgerLine>;

function isNothing({ received, done, ignored, discarded, duplicates, dead = 0, inFlight = 0 }: Line): boolean {
  return received + done + ignored + discarded + duplicates + dead + inFlight === 0;
}

function textOf(lines: readonly LedgerLine[]): string {
  return lines
    .filter((line) => !isNothing(line))
    .map((line) => JSON.stringify(Object.entries(line).sort(byText)))
    .sort()
    .join("\n");
}

function createDigests(): Digests {
  let list = new BigInt64Array(1024);
  let size = 0;
  let isSorted = true;
  return {
    add(digest) {
      if (size === list.length) {
        const grown = new BigInt64Array(size * 2);
        grown.set(list);
        list = grown;
      }
      list[size++] = BigInt(digest);
      isSorted = false;
    },
    has(digest) {
      if (!isSorted) list.subarray(0, size).sort();
      isSorted = true;
      const wanted = BigInt(digest);
      let [from, to] = [0, size];
      while (from < to) {
        const middle = (from + to) >> 1;
        if (list[middle]! < wanted) from = middle + 1;
        else to = middle;
      }
      return from < size && list[from] === wanted;
    },
  };
}
