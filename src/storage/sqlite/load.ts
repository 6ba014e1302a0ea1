import type { DatabaseSync } from "node:sqlite";
import type { StoredRecord } from "../../core/index.ts";
import { toText } from "../shared/text.ts";
import type { LaneEntry } from "./jobs.ts";
import type { Meta } from "./meta.ts";
import type { Writer } from "./writer.ts";

export interface LoaderOptions {
  readonly db: DatabaseSync;
  readonly meta: Meta;
  readonly push: Writer["push"];
  mend(error: unknown): Error;
  entered(job: LaneEntry): void;
  adoptSeen(digest: bigint, at: number): void;
  /** @throws HobnobError when there is data */
  refuse(): void;
}

type OfKind<K extends StoredRecord["kind"]> = Extract<StoredRecord, { kind: K }>;

/** Writes records of another storage's dump; each call is one commit. */
export function createLoader({ db, meta, push, mend, entered, adoptSeen, refuse }: LoaderOptions) {
  const statements = lazily(() => ({
    job: db.prepare(`
      INSERT OR IGNORE INTO job (id, lane, pool, adapter, plugin, handler, payload, seen, stored_at, run_at, retry_at, attempts, failed, errors)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    dead: db.prepare(`
      INSERT OR IGNORE INTO dead (id, lane, pool, adapter, plugin, handler, payload, seen, stored_at, died_at, attempts, failed, errors)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    step: db.prepare("INSERT OR IGNORE INTO step (job, key, value) VALUES (?, ?, ?)"),
    value: db.prepare("INSERT OR IGNORE INTO value (key, value, until) VALUES (?, ?, ?)"),
    count: db.prepare(`
      INSERT OR IGNORE INTO ledger (day, adapter, plugin, received, done, ignored, discarded, duplicates)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),
    doubt: db.prepare("INSERT INTO doubt (at, job, adapter, plugin, step, outcome) VALUES (?, ?, ?, ?, ?, ?)"),
    tail: db.prepare("SELECT run_at, id FROM temp.tail WHERE lane = ?"),
    putTail: db.prepare("INSERT OR REPLACE INTO temp.tail (lane, run_at, id) VALUES (?, ?, ?)"),
  }));
  // Of a move that broke off: doubts have no key, but they come in the same order again.
  let doubtsToPass = 0;

  // A lane is read in the order of time, then id; elsewhere ids may have been handed out in another order.
  function placeOf({ lane, runAt, id }: OfKind<"job">): number {
    const tail = statements().tail.get(lane) as { readonly run_at: number; readonly id: number } | undefined;
    if (tail === undefined || runAt > tail.run_at || (runAt === tail.run_at && id > tail.id)) return runAt;
    return id > tail.id ? tail.run_at : tail.run_at + 1;
  }

  function insertJob(job: OfKind<"job">): LaneEntry | undefined {
    const { id, lane, pool, heldUntil, attempts, failed } = job;
    const runAt = placeOf(job);
    const row = [...columnsOf(job), runAt, heldUntil, attempts, failed, JSON.stringify(job.errors)];
    if (statements().job.run(...row).changes === 0) return undefined;
    statements().putTail.run(lane, runAt, id);
    for (const [key, value] of job.steps) statements().step.run(id, toText(key), value);
    return { id, lane, pool, run_at: runAt, retry_at: heldUntil, attempts, failed };
  }

  function insert(record: StoredRecord): LaneEntry | undefined {
    const into = statements();
    switch (record.kind) {
      case "data":
        meta.adopt(record.instance, record.nextId);
        return undefined;
      case "job":
        return insertJob(record);
      case "dead": {
        const { attempts, failed, errors, diedAt } = record;
        into.dead.run(...columnsOf(record), diedAt, attempts, failed, JSON.stringify(errors));
        for (const [key, value] of record.steps) into.step.run(record.id, toText(key), value);
        return undefined;
      }
      case "seen":
        adoptSeen(BigInt(record.digest), record.at);
        return undefined;
      case "value":
        into.value.run(toText(record.key), record.value, record.until ?? null);
        return undefined;
      case "count": {
        const { day, adapter, plugin, received, done, ignored, discarded, duplicates } = record;
        into.count.run(day, adapter, plugin, received, done, ignored, discarded, duplicates);
        return undefined;
      }
      case "doubt":
        if (doubtsToPass > 0) doubtsToPass -= 1;
        else into.doubt.run(record.at, record.job, record.adapter, record.plugin, record.step, record.outcome);
        return undefined;
    }
  }

  function begin({ instance }: OfKind<"data">) {
    if (meta.moving !== instance) refuse();
    doubtsToPass = (db.prepare("SELECT count(*) AS n FROM doubt").get() as { n: number }).n;
    db.exec(`
      CREATE TABLE IF NOT EXISTS temp.tail (lane TEXT PRIMARY KEY, run_at INTEGER, id INTEGER) WITHOUT ROWID;
      DELETE FROM temp.tail;
      INSERT OR REPLACE INTO temp.tail SELECT lane, run_at, id FROM job ORDER BY run_at, id`);
  }

  return (records: readonly StoredRecord[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const [first] = records;
      if (first?.kind === "data") begin(first);
      else if (meta.moving === undefined) throw new TypeError("What is loaded begins with the record `data`.");
      const doubtsBefore = doubtsToPass;
      let stored: LaneEntry[] = [];
      push({
        run() {
          stored = [];
          for (const record of records) {
            const job = insert(record);
            if (job !== undefined) stored.push(job);
          }
          if (first === undefined) meta.settle();
        },
        undo() {
          doubtsToPass = doubtsBefore;
        },
        done() {
          for (const job of stored) entered(job);
          resolve();
        },
        failed: (error) => reject(mend(error)),
      });
    });
}

function columnsOf(job: OfKind<"job" | "dead">) {
  const { id, lane, pool, adapter, plugin, handler, payload, digest, storedAt } = job;
  return [id, lane, pool, adapter, plugin, handler, payload, digest === undefined ? null : BigInt(digest), storedAt];
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
