import type { Doubt, RecordedError, StoredRecord } from "../../core/index.ts";
import type { Backend, JobRecord } from "../fleet/index.ts";
import { LOAD, loadValues } from "./load.ts";
import type { Query } from "./reads.ts";

const PAGE = 500;
const JOB = `j.id, j.lane AS place, coalesce(j.long_lane, j.lane) AS lane, j.pool, j.adapter, j.plugin, j.handler, j.payload, j.seen::text AS digest, j.stored_at AS "storedAt",
  j.failed, j.errors`;

interface JobRow extends Omit<JobRecord, "runAt" | "steps"> {
  /** The lane as the index has it. */
  readonly place: string;
}

type LivingRow = JobRow & { readonly seq: number; readonly runAt: number; readonly heldUntil: number };
type DeadRow = JobRow & { readonly diedAt: number };

/**
 * All data of a schema on its way to another storage, or from one.
 * @param write runs a statement on the connection that writes
 */
export function createTransfer(query: Query, write: Query): Pick<Backend, "holdings" | "dump" | "load"> {
  /** Rows behind `from`, an indexed page at a time. */
  async function* pages<Row>(
    sql: string,
    from: readonly unknown[],
    next: (row: Row) => unknown[],
  ): AsyncGenerator<Row[]> {
    for (let after = from; ; ) {
      const rows = (await query<Row & object>(`${sql} LIMIT ${PAGE}`, after)) as readonly Row[];
      if (rows.length > 0) yield [...rows];
      if (rows.length < PAGE) return;
      after = next(rows[rows.length - 1]!);
    }
  }

  async function* withSteps<Row extends JobRow>(found: AsyncIterable<Row[]>) {
    for await (const rows of found) {
      const steps = new Map<number, [string, string][]>(rows.map(({ id }) => [id, []]));
      type StepRow = { readonly job: number; readonly key: string; readonly value: string };
      const sql = "SELECT job, coalesce(long_key, key) AS key, value FROM step WHERE job = ANY ($1) ORDER BY job, key";
      for (const { job, key, value } of await query<StepRow>(sql, [[...steps.keys()]]))
        steps.get(job)!.push([key, value]);
      for (const row of rows) yield { row, job: storedJob(row, steps.get(row.id)!) };
    }
  }

  async function* jobs(): AsyncGenerator<StoredRecord> {
    const inLanes = pages<LivingRow>(
      `SELECT ${JOB}, j.seq, j.run_at AS "runAt", coalesce(l.attempts, 0) AS attempts, coalesce(l.held_until, 0) AS "heldUntil"
      FROM job AS j LEFT JOIN lane AS l ON l.key = j.lane AND l.head = j.id
      WHERE j.seq IS NOT NULL AND (j.lane, j.seq) > ($1, $2) ORDER BY j.lane, j.seq`,
      ["", -1],
      ({ place, seq }) => [place, seq],
    );
    const delayed = pages<LivingRow>(
      `SELECT ${JOB}, j.run_at AS "runAt", 0 AS attempts, 0 AS "heldUntil"
      FROM job AS j WHERE j.seq IS NULL AND (j.run_at, j.id) > ($1, $2) ORDER BY j.run_at, j.id`,
      [-1, -1],
      ({ runAt, id }) => [runAt, id],
    );
    for (const found of [inLanes, delayed]) {
      for await (const { row, job } of withSteps(found)) {
        yield { kind: "job", ...job, runAt: row.runAt, heldUntil: row.heldUntil };
      }
    }
  }

  async function* dead(): AsyncGenerator<StoredRecord> {
    const found = pages<DeadRow>(
      `SELECT ${JOB}, j.attempts, j.died_at AS "diedAt" FROM dead AS j WHERE j.id > $1 ORDER BY j.id`,
      [-1],
      ({ id }) => [id],
    );
    for await (const { row, job } of withSteps(found)) yield { kind: "dead", ...job, diedAt: row.diedAt };
  }

  async function* seen(): AsyncGenerator<StoredRecord> {
    type Row = { readonly digest: string; readonly at: number };
    const sql = "SELECT hash::text AS digest, at FROM seen WHERE hash >= $1::bigint ORDER BY hash";
    const behind = ({ digest }: Row) => [String(BigInt(digest) + 1n)];
    for await (const rows of pages<Row>(sql, [String(-(2n ** 63n))], behind)) {
      for (const row of rows) yield { kind: "seen", ...row };
    }
  }

  async function* values(): AsyncGenerator<StoredRecord> {
    type Row = { readonly place: string; readonly key: string; readonly value: string; readonly until: number | null };
    const columns = "SELECT key AS place, coalesce(long_key, key) AS key, value, until FROM value";
    const sql = `${columns} WHERE value.key > $1 ORDER BY value.key`;
    // No key comes before the empty one, and it is one.
    const first = await query<Row>(`${columns} WHERE value.key = ''`);
    const rest = pages<Row>(sql, [""], ({ place }) => [place]);
    const all = (async function* () {
      yield [...first];
      yield* rest;
    })();
    for await (const rows of all) {
      for (const { key, value, until } of rows) {
        yield { kind: "value", key, value, ...(until === null ? {} : { until }) };
      }
    }
  }

  async function* counts(): AsyncGenerator<StoredRecord> {
    type Row = Omit<Extract<StoredRecord, { kind: "count" }>, "kind">;
    const rows = await query<Row>(
      `SELECT to_char(date '1970-01-01' + day, 'YYYY-MM-DD') AS day, adapter, plugin, sum(received)::bigint AS received,
        sum(done)::bigint AS done, sum(ignored)::bigint AS ignored, sum(discarded)::bigint AS discarded,
        sum(duplicates)::bigint AS duplicates
      FROM ledger GROUP BY ledger.day, adapter, plugin ORDER BY ledger.day, adapter, plugin`,
    );
    for (const row of rows) yield { kind: "count", ...row };
  }

  async function* doubts(): AsyncGenerator<StoredRecord> {
    type Row = Doubt & { readonly id: number };
    const sql = "SELECT id, at, job, adapter, plugin, step, outcome FROM doubt WHERE id > $1 ORDER BY id";
    for await (const rows of pages<Row>(sql, [-1], ({ id }) => [id])) {
      for (const { id: _, ...doubt } of rows) yield { kind: "doubt", ...doubt };
    }
  }

  return {
    async holdings() {
      const [found] = await query<Awaited<ReturnType<Backend["holdings"]>>>(
        `SELECT (SELECT count(*) FROM job) AS job, (SELECT count(*) FROM dead) AS dead, (SELECT count(*) FROM seen) AS seen,
          (SELECT count(*) FROM value) AS value, (SELECT count(*) FROM ledger) AS count, (SELECT count(*) FROM doubt) AS doubt`,
      );
      return found!;
    },
    async *dump() {
      type Row = { readonly instance: string; readonly next: number };
      const [data] = await query<Row>(
        `SELECT (SELECT value FROM meta WHERE key = 'instance') AS instance,
          (SELECT value::bigint FROM meta WHERE key = 'next_id') AS next`,
      );
      yield { kind: "data", instance: data!.instance, nextId: data!.next };
      yield* jobs();
      yield* dead();
      yield* seen();
      yield* values();
      yield* counts();
      yield* doubts();
    },
    async load(records, { now, doubtsToPass }) {
      await write(LOAD, loadValues(records, now, doubtsToPass));
    },
  };
}

function storedJob(row: JobRow, steps: readonly (readonly [string, string])[]) {
  const { id, lane, pool, adapter, plugin, handler, payload, digest, storedAt, attempts, failed, errors } = row;
  return {
    ...{ id, lane, pool, adapter, plugin, handler, payload, storedAt, attempts, failed, steps },
    ...(digest === null ? {} : { digest }),
    errors: JSON.parse(errors) as RecordedError[],
  };
}
