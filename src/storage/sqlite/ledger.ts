import type { DatabaseSync } from "node:sqlite";
import type { Doubt, LedgerLine } from "../../core/index.ts";

type Column = "received" | "done" | "ignored" | "discarded" | "duplicates";

/** Counts what happened, in the same transaction as what it counts. */
export interface Ledger {
  /** Inside a transaction. `at`: when the job was stored, ms since 1970. */
  count(at: number, adapter: string, plugin: string, column: Column, by?: number): void;
  /** Outside a transaction: is written with the next one. */
  countLater(at: number, adapter: string, plugin: string, column: Column): void;
  readonly isDirty: boolean;
  write(): void;
  rolledBack(): void;
  committed(): void;
  lines(): readonly LedgerLine[];
  saveDoubt(doubt: Doubt): void;
  doubts(limit: number): readonly Doubt[];
}

type Counts = Record<Column, number>;
interface Delta extends Counts {
  readonly day: string;
  readonly adapter: string;
  readonly plugin: string;
}

const DAY_MS = 86_400_000;

export function createLedger(db: DatabaseSync): Ledger {
  const upsert = db.prepare(`
    INSERT INTO ledger (day, adapter, plugin, received, done, ignored, discarded, duplicates) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET received = received + excluded.received, done = done + excluded.done,
      ignored = ignored + excluded.ignored, discarded = discarded + excluded.discarded,
      duplicates = duplicates + excluded.duplicates`);
  const insertDoubt = db.prepare(
    "INSERT INTO doubt (at, job, adapter, plugin, step, outcome) VALUES (?, ?, ?, ?, ?, ?)",
  );
  // Of a handful of adapters and plugins: to compare is cheaper than to make a key.
  let inTransaction: Delta[] = [];
  let later: Delta[] = [];
  let dayNumber = 0;
  let day = "";

  function add(to: Delta[], at: number, adapter: string, plugin: string, column: Column, by: number) {
    if (Math.floor(at / DAY_MS) !== dayNumber) {
      dayNumber = Math.floor(at / DAY_MS);
      day = new Date(at).toISOString().slice(0, 10);
    }
    let delta = to.find((each) => each.plugin === plugin && each.adapter === adapter && each.day === day);
    if (delta === undefined) {
      delta = { day, adapter, plugin, received: 0, done: 0, ignored: 0, discarded: 0, duplicates: 0 };
      to.push(delta);
    }
    delta[column] += by;
  }

  return {
    count: (at, adapter, plugin, column, by = 1) => add(inTransaction, at, adapter, plugin, column, by),
    countLater: (at, adapter, plugin, column) => add(later, at, adapter, plugin, column, 1),
    get isDirty() {
      return later.length > 0;
    },
    write() {
      for (const deltas of [inTransaction, later]) {
        for (const d of deltas) {
          upsert.run(d.day, d.adapter, d.plugin, d.received, d.done, d.ignored, d.discarded, d.duplicates);
        }
      }
    },
    rolledBack() {
      inTransaction = [];
    },
    committed() {
      if (inTransaction.length > 0) inTransaction = [];
      if (later.length > 0) later = [];
    },
    lines() {
      return db
        .prepare(`
          WITH standing AS (
            SELECT date(stored_at / 1000, 'unixepoch') AS day, adapter, plugin, 0 AS dead, 1 AS inFlight FROM job
            UNION ALL SELECT date(stored_at / 1000, 'unixepoch'), adapter, plugin, 1, 0 FROM dead
          ), counted AS (
            SELECT day, adapter, plugin, received, done, ignored, 0 AS dead, discarded, 0 AS inFlight, duplicates FROM ledger
            UNION ALL SELECT day, adapter, plugin, 0, 0, 0, dead, 0, inFlight, 0 FROM standing
          )
          SELECT day, adapter, plugin, sum(received) AS received, sum(done) AS done, sum(ignored) AS ignored, sum(dead) AS dead,
            sum(discarded) AS discarded, sum(inFlight) AS inFlight, sum(duplicates) AS duplicates
          FROM counted GROUP BY day, adapter, plugin ORDER BY day, adapter, plugin`)
        .all() as unknown as readonly LedgerLine[];
    },
    saveDoubt: (d) => void insertDoubt.run(d.at, d.job, d.adapter, d.plugin, d.step, d.outcome),
    doubts: (limit) =>
      db
        .prepare("SELECT at, job, adapter, plugin, step, outcome FROM doubt ORDER BY id DESC LIMIT ?")
        .all(limit) as unknown as readonly Doubt[],
  };
}
