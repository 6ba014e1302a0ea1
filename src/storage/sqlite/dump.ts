import type { DatabaseSync } from "node:sqlite";
import type { Doubt, StoredRecord } from "../../core/index.ts";
import { assertEmpty } from "../shared/moving.ts";
import { fromText } from "../shared/text.ts";
import type { JobRow, LaneEntry } from "./jobs.ts";
import { createLoader } from "./load.ts";
import type { Meta } from "./meta.ts";
import { digestsOf, type LateRow, type Seen } from "./seen.ts";
import type { Writer } from "./writer.ts";

export interface TransferOptions {
  readonly db: DatabaseSync;
  readonly file: string;
  readonly meta: Meta;
  readonly seen: Seen;
  readonly push: Writer["push"];
  /** Writes what is pending, so that the file tells all. */
  settle(): void;
  mend(error: unknown): Error;
  /** A job was stored that was another storage's. */
  entered(job: LaneEntry): void;
}

/** All of a file's data on its way to another storage, or from one. */
export interface Transfer {
  /** All of the data is here: no move to this file has broken off. */
  readonly isWhole: boolean;
  dump(): AsyncIterable<StoredRecord>;
  load(records: readonly StoredRecord[]): Promise<void>;
}

const PAGE = 500;
const JOB =
  "lane, pool, adapter, plugin, handler, payload, CAST(seen AS TEXT) AS seen, stored_at, attempts, failed, errors";

export function createTransfer(options: TransferOptions): Transfer {
  const { db, file, meta, push, settle, mend } = options;
  const steps = db.prepare("SELECT key, value FROM step WHERE job = ? ORDER BY key");
  const count = (table: string, what = "count(*)") =>
    (db.prepare(`SELECT ${what} AS n FROM ${table}`).get() as { n: number }).n;
  let tables = 0;

  function stored(row: JobRow) {
    const { id, lane, pool, adapter, plugin, handler, payload, attempts, failed } = row;
    const found = steps.all(id) as unknown as readonly { key: string; value: string }[];
    return {
      ...{ id, lane, pool, adapter, plugin, handler, payload },
      ...(row.seen === null ? {} : { digest: row.seen }),
      ...{ storedAt: row.stored_at, attempts, failed },
      errors: JSON.parse(row.errors) as [],
      steps: found.map(({ key, value }) => [fromText(key), value] as const),
    };
  }

  /** Rows by a unique column, a page at a time: nothing is held open in between. */
  async function* pages<Row>(sql: string, from: unknown, next: (row: Row) => unknown): AsyncGenerator<Row> {
    const statement = db.prepare(`${sql} LIMIT ${PAGE}`);
    statement.setReadBigInts(typeof from === "bigint");
    for (let after = from; ; ) {
      const rows = statement.all(after as string) as unknown as readonly Row[];
      yield* rows;
      if (rows.length < PAGE) return;
      after = next(rows[rows.length - 1]!);
      await new Promise(setImmediate);
    }
  }

  // Their order has no index; a temporary table spares the memory.
  async function* jobs(): AsyncGenerator<StoredRecord> {
    const table = `temp.dump_${++tables}`;
    db.exec(`CREATE TABLE ${table} AS SELECT id AS job FROM job ORDER BY attempts = 0, run_at, id`);
    const sql = `SELECT o.rowid AS place, id, ${JOB}, run_at, retry_at FROM ${table} o JOIN job ON id = o.job
      WHERE o.rowid > ? ORDER BY o.rowid`;
    for await (const row of pages<JobRow & { readonly place: number }>(sql, 0, ({ place }) => place)) {
      yield { kind: "job", ...stored(row), runAt: row.run_at, heldUntil: row.retry_at };
    }
    db.exec(`DROP TABLE ${table}`);
  }

  async function* seen(): AsyncGenerator<StoredRecord> {
    type Row = { readonly hash: bigint; readonly at: bigint };
    const sql = "SELECT hash, at FROM seen WHERE hash >= ? ORDER BY hash";
    for await (const { hash, at } of pages<Row>(sql, -(2n ** 63n), (row) => row.hash + 1n)) {
      yield { kind: "seen", digest: String(hash), at: Number(at) };
    }
    const isSorted = db.prepare("SELECT 1 FROM seen WHERE hash = ?");
    const late = "SELECT id, at, hashes FROM seen_lately WHERE id > ? ORDER BY id";
    for await (const { at, hashes } of pages<LateRow>(late, 0, ({ id }) => id)) {
      for (const digest of digestsOf(hashes)) {
        if (isSorted.get(digest) === undefined) yield { kind: "seen", digest: String(digest), at };
      }
    }
  }

  async function* records(): AsyncGenerator<StoredRecord> {
    settle();
    yield { kind: "data", instance: meta.instance, nextId: meta.firstFree };
    yield* jobs();
    const dead = `SELECT id, ${JOB}, died_at FROM dead WHERE id > ? ORDER BY id`;
    for await (const row of pages<JobRow & { readonly died_at: number }>(dead, 0, ({ id }) => id)) {
      yield { kind: "dead", ...stored(row), diedAt: row.died_at };
    }
    yield* seen();
    type Value = { readonly key: string; readonly value: string; readonly until: number | null };
    // No key is before the empty one, and it is one.
    const first = db.prepare("SELECT key, value, until FROM value WHERE key = ''").all() as unknown as Value[];
    for (const row of first) yield recordOf(row);
    const values = "SELECT key, value, until FROM value WHERE key > ? ORDER BY key";
    for await (const row of pages<Value>(values, "", ({ key }) => key)) yield recordOf(row);
    const lines = db
      .prepare("SELECT day, adapter, plugin, received, done, ignored, discarded, duplicates FROM ledger")
      .all();
    for (const line of lines) yield { kind: "count", ...line } as StoredRecord;
    const doubts = "SELECT id, at, job, adapter, plugin, step, outcome FROM doubt WHERE id > ? ORDER BY id";
    for await (const { id: _, ...doubt } of pages<Doubt & { readonly id: number }>(doubts, 0, ({ id }) => id)) {
      yield { kind: "doubt", ...doubt };
    }
  }

  return {
    get isWhole() {
      return meta.moving === undefined;
    },
    async *dump() {
      try {
        yield* records();
      } catch (error) {
        throw mend(error);
      }
    },
    load: createLoader({
      ...{ db, meta, push, mend, entered: options.entered, adoptSeen: options.seen.adopt },
      refuse() {
        settle();
        assertEmpty(file, {
          ...{
            job: count("job"),
            dead: count("dead"),
            seen: count("seen") + count("seen_lately", "total(length(hashes)) / 8"),
          },
          ...{ value: count("value"), count: count("ledger"), doubt: count("doubt") },
        });
      },
    }),
  };
}

function recordOf({
  key,
  value,
  until,
}: {
  readonly key: string;
  readonly value: string;
  readonly until: number | null;
}): StoredRecord {
  return { kind: "value", key: fromText(key), value, ...(until === null ? {} : { until }) };
}
