import type { DatabaseSync } from "node:sqlite";
import type { ClaimedJob, JobInfo, JobNames, NewJob, RecordedError } from "../../core/index.ts";
import { fromText, toText } from "../shared/text.ts";
import type { Part } from "./writer.ts";

/** A row of `job`, as the statements below give it. */
export interface JobRow extends JobNames {
  readonly id: number;
  readonly payload: string;
  readonly seen: string | null;
  readonly stored_at: number;
  readonly run_at: number;
  readonly retry_at: number;
  readonly attempts: number;
  readonly failed: number;
  readonly errors: string;
}

/** What places a job in its lane. */
export type LaneEntry = Pick<JobRow, "id" | "lane" | "pool" | "run_at" | "retry_at" | "attempts" | "failed">;

/** A claimed job and what the storage remembers about it while it runs. */
export interface RunningJob extends ClaimedJob {
  readonly row: number;
  readonly digest: bigint | undefined;
  /** Steps of this job are in the file. */
  hasSteps: boolean;
  /** It has its verdict. */
  ended: boolean;
  /** Its verdict is `done`: what was not written of it yet need not be. */
  isDone: boolean;
  /** A step of it is not in the file yet. */
  readonly isSaving: boolean;
  saving(): void;
  saved(): void;
  /** When all of its steps are in the file. */
  onceSaved(act: () => void): void;
}

/** A job that the write of its entry has stored. */
export interface Inserted {
  readonly id: number;
  readonly job: NewJob;
  readonly digest: bigint | undefined;
  readonly storedAt: number;
  readonly isDue: boolean;
  /** It has its place already, and its first attempt is counted. */
  readonly isReserved: boolean;
}

/** What is known of a job beside what it was stored with. */
type Progress = Pick<RunningJob, "storedAt" | "digest" | "attempt" | "inDoubt" | "errors" | "steps">;

// A class, since one is made for every attempt: its method is made once.
class RunningRow implements RunningJob {
  readonly id: string;
  readonly row: number;
  readonly lane: string;
  readonly pool: string;
  readonly adapter: string;
  readonly plugin: string;
  readonly handler: string;
  readonly payload: unknown;
  readonly storedAt: number;
  readonly digest: bigint | undefined;
  readonly attempt: number;
  readonly inDoubt: boolean;
  readonly errors: readonly RecordedError[];
  readonly steps: ReadonlyMap<string, unknown>;
  hasSteps: boolean;
  ended = false;
  isDone = false;
  #unsaved = 0;
  #onSaved: (() => void) | undefined;
  readonly #isOpen: () => boolean;

  constructor(row: number, job: NewJob, isOpen: () => boolean, progress: Progress) {
    this.id = String(row);
    this.row = row;
    this.lane = job.lane;
    this.pool = job.pool;
    this.adapter = job.adapter;
    this.plugin = job.plugin;
    this.handler = job.handler;
    this.payload = job.payload;
    this.storedAt = progress.storedAt;
    this.digest = progress.digest;
    this.attempt = progress.attempt;
    this.inDoubt = progress.inDoubt;
    this.errors = progress.errors;
    this.steps = progress.steps;
    this.hasSteps = progress.steps.size > 0;
    this.#isOpen = isOpen;
  }

  isHeld(): boolean {
    return !this.ended && this.#isOpen();
  }

  get isSaving(): boolean {
    return this.#unsaved > 0;
  }

  saving(): void {
    this.#unsaved += 1;
  }

  saved(): void {
    this.#unsaved -= 1;
    if (this.#unsaved === 0) this.#onSaved?.();
  }

  onceSaved(act: () => void): void {
    this.#onSaved = act;
  }
}

export interface JobRows extends Part {
  insert(job: Inserted): void;
  claim(id: number): RunningJob;
  /** Counts the first attempt of a job whose record is in memory. */
  claimFirst(id: number): void;
  /** A value that is no JSON is refused: thrown, it would be tried again for ever. */
  saveStep(job: RunningJob, key: string, value: unknown, refuse: (error: unknown) => void): void;
  done(job: RunningJob): void;
  retry(job: RunningJob, at: number, error: RecordedError): void;
  dead(job: RunningJob, now: number, error: RecordedError): void;
  release(job: RunningJob, at: number): void;
  /** Waiting jobs in the order in which they entered their lanes. */
  waiting(): IterableIterator<LaneEntry>;
  list(limit: number): readonly JobRow[];
  oldest(): number | undefined;
}

// Of a job that fails for days, the last errors tell enough.
const MOST_ERRORS = 20;

// `seen` is a 64-bit integer: as a number it would lose digits.
const COLUMNS =
  "id, lane, pool, adapter, plugin, handler, payload, CAST(seen AS TEXT) AS seen, stored_at, run_at, retry_at, attempts, failed, errors";

export function createJobRows(db: DatabaseSync, isOpen: () => boolean): JobRows {
  const insert = db.prepare(`
    INSERT INTO job (id, lane, pool, adapter, plugin, handler, payload, seen, stored_at, run_at, attempts)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const claim = db.prepare(`UPDATE job SET attempts = attempts + 1, retry_at = 0 WHERE id = ? RETURNING ${COLUMNS}`);
  const begun = createBundle(db, "UPDATE job SET attempts = 1 WHERE id IN");
  const done = createBundle(db, "DELETE FROM job WHERE id IN");
  const steps = db.prepare("SELECT key, value FROM step WHERE job = ?");
  const putStep = db.prepare("INSERT OR REPLACE INTO step (job, key, value) VALUES (?, ?, ?)");
  const removeSteps = db.prepare("DELETE FROM step WHERE job = ?");
  const remove = db.prepare("DELETE FROM job WHERE id = ?");
  const retry = db.prepare("UPDATE job SET failed = failed + 1, retry_at = ?, errors = ? WHERE id = ?");
  const release = db.prepare("UPDATE job SET attempts = attempts - 1, retry_at = ? WHERE id = ?");
  const bury = db.prepare(`
    INSERT INTO dead (id, lane, pool, adapter, plugin, handler, payload, seen, stored_at, died_at, attempts, failed, errors)
    SELECT id, lane, pool, adapter, plugin, handler, payload, seen, stored_at, ?, attempts, failed + 1, ? FROM job WHERE id = ?`);
  // The clock may have been set back since: what was due when it was stored is due, and goes behind what was stored before it.
  const waiting = db.prepare(`
    SELECT id, lane, pool, iif(run_at > stored_at, run_at, 0) AS run_at, retry_at, attempts, failed FROM job
    ORDER BY iif(run_at > stored_at, run_at, max(iif(run_at > stored_at, 0, stored_at)) OVER (ORDER BY id)), id`);
  const list = db.prepare(`SELECT ${COLUMNS} FROM job ORDER BY run_at, id LIMIT ?`);

  function readSteps(id: number): Map<string, unknown> {
    const rows = steps.all(id) as unknown as readonly { key: string; value: string }[];
    return new Map(rows.map(({ key, value }) => [fromText(key), JSON.parse(value) as unknown]));
  }
  const withError = (job: RunningJob, error: RecordedError) =>
    JSON.stringify([...job.errors, error].slice(-MOST_ERRORS));

  function forget() {
    begun.forget();
    done.forget();
  }

  return {
    insert({ id, job, digest, storedAt, isReserved }) {
      insert.run(
        id,
        job.lane,
        job.pool,
        job.adapter,
        job.plugin,
        job.handler,
        JSON.stringify(job.payload),
        digest ?? null,
        storedAt,
        Math.max(storedAt, job.runAt ?? 0),
        isReserved ? 1 : 0,
      );
    },
    claim(id) {
      const row = claim.get(id) as unknown as JobRow;
      const lost = row.attempts - 1 - row.failed;
      return new RunningRow(row.id, { ...row, payload: JSON.parse(row.payload) as unknown }, isOpen, {
        storedAt: row.stored_at,
        attempt: row.attempts,
        inDoubt: lost > 0,
        errors: JSON.parse(row.errors) as RecordedError[],
        // Also of a first attempt: a release and a retry from the dead begin the count anew and keep the steps.
        steps: readSteps(id),
        digest: row.seen === null ? undefined : BigInt(row.seen),
      });
    },
    claimFirst: begun.add,
    saveStep(job, key, value, refuse) {
      let json: string;
      try {
        json = JSON.stringify(value) ?? "null";
      } catch (error) {
        return refuse(error);
      }
      putStep.run(job.row, toText(key), json);
      job.hasSteps = true;
    },
    done(job) {
      done.add(job.row);
      if (job.hasSteps) removeSteps.run(job.row);
    },
    retry: (job, at, error) => void retry.run(at, withError(job, error), job.row),
    dead(job, now, error) {
      bury.run(now, withError(job, error), job.row);
      remove.run(job.row);
    },
    release: (job, at) => void release.run(at, job.row),
    write() {
      begun.write();
      done.write();
    },
    committed: forget,
    rolledBack: forget,
    waiting: () => waiting.iterate() as IterableIterator<JobRow>,
    list: (limit) => list.all(limit) as unknown as readonly JobRow[],
    oldest: () =>
      (db.prepare("SELECT stored_at AS at FROM job ORDER BY id LIMIT 1").get() as { at: number } | undefined)?.at,
  };
}

const NO_STEPS: ReadonlyMap<string, unknown> = new Map();
const NO_ERRORS: readonly RecordedError[] = [];

/** The record of a job that was stored a moment ago and never ran. */
export function firstAttempt({ id, job, storedAt, digest }: Inserted, isOpen: () => boolean): RunningJob {
  return new RunningRow(id, job, isOpen, {
    storedAt,
    digest,
    attempt: 1,
    inDoubt: false,
    errors: NO_ERRORS,
    steps: NO_STEPS,
  });
}

const BUNDLE = 16;

/** Runs one statement for many rows, at the end of the transaction: each call of SQLite costs more than what it does. */
function createBundle(db: DatabaseSync, statement: string) {
  const each = db.prepare(`${statement} (?)`);
  const many = db.prepare(`${statement} (${Array(BUNDLE).fill("?").join(", ")})`);
  let ids: number[] = [];
  return {
    add: (id: number) => void ids.push(id),
    write() {
      let at = 0;
      for (; at + BUNDLE <= ids.length; at += BUNDLE) many.run(...ids.slice(at, at + BUNDLE));
      for (; at < ids.length; at++) each.run(ids[at]!);
    },
    forget() {
      ids = [];
    },
  };
}

/** A row as operators see it. */
export function jobInfo(row: JobRow, state: JobInfo["state"]): JobInfo {
  const { id, lane, adapter, plugin, handler, pool, stored_at, run_at, retry_at, attempts } = row;
  const lastError = (JSON.parse(row.errors) as RecordedError[]).at(-1);
  return {
    ...{ id: String(id), state, lane, adapter, plugin, handler, pool, storedAt: stored_at },
    ...{ runAt: Math.max(run_at, retry_at), attempt: attempts },
    ...(lastError === undefined ? {} : { lastError }),
  };
}
