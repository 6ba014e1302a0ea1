import { type Doubt, HobnobError, type JobNames, type LedgerLine, type StoredRecord } from "../../core/index.ts";
import type { Holdings } from "../shared/moving.ts";

/**
 * What a database does for a fleet of processes that share one storage. Everything that changes goes through `apply`: one
 * atomic, durable act for many operations. All rules about lanes, leases and retries that need no atomicity live above it.
 *
 * Texts that come in hold no NUL and no half surrogate pairs. Times are milliseconds since 1970 of the caller's clock, and
 * a database never compares them with its own: only `budgets` runs on the database's clock.
 */
export interface Backend {
  /**
   * Connects, checks the server, brings the schema up to date.
   * @param wake is called when a lane may have become ready, or a time may have come nearer, through another process
   * @returns the data's name for ever
   * @throws HobnobError `STORAGE_*` that says what to mend
   */
  open(wake: () => void): Promise<string>;
  /**
   * Applies a batch at most once: a batch whose `session` and `number` were applied before changes nothing and gives the
   * same outcome again, so that a caller that lost the answer asks again to find out.
   * @throws UnreachableError when nobody knows whether it was applied; any other error means that it was not
   */
  apply(batch: Batch): Promise<Outcome>;
  /** The first of `count` ids, from 1, that nobody else gets, ever. */
  reserveIds(count: number): Promise<number>;
  /** All sessions that have neither left nor been reaped. */
  sessions(): Promise<readonly SessionInfo[]>;
  /** Waiting and running jobs in the order of their times, then ids. */
  jobs(limit: number): Promise<readonly ListedJob[]>;
  /** The newest first; by id where the times are the same. */
  deadList(limit: number): Promise<readonly DeadRecord[]>;
  deadGet(id: number): Promise<DeadRecord | undefined>;
  /** `inFlight` and `dead` are counted from what is there, not kept as counters. In the order of day, adapter, plugin. */
  ledger(): Promise<readonly LedgerLine[]>;
  /** The newest first. */
  doubts(limit: number): Promise<readonly Doubt[]>;
  get(key: string): Promise<string | undefined>;
  /** Keys that begin with the prefix, each once; pages through them, holds no long transaction. */
  keys(prefix: string): AsyncIterable<string>;
  /** How many records a dump has of each kind. */
  holdings(): Promise<Holdings>;
  /**
   * All there is, as `Storage.dump` gives it, but with texts as they are stored. A dedupe record that jobs still want may
   * have the time `now`. Pages through all, holds no long transaction.
   */
  dump(now: number): AsyncIterable<StoredRecord>;
  /**
   * Takes over a list of a dump, all or nothing; what is there already is passed over, and the first `doubtsToPass` doubts of
   * the list. `data` gives the data its name, and no id below its `nextId` is handed out after it.
   */
  load(
    records: readonly StoredRecord[],
    options: { readonly now: number; readonly doubtsToPass: number },
  ): Promise<void>;
  /** Drops some of what has had its time (dedupe records, values, old sessions). True when there is more to drop. */
  sweep(now: number): Promise<boolean>;
  close(): Promise<void>;
}

/** The connection broke or the server is not there. The message is a sentence that names the storage. */
export class UnreachableError extends HobnobError {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super("STORAGE_UNREACHABLE", message, options);
  }
}

/** A process in the storage. It is alive as long as its beats go up. */
export interface SessionInfo {
  readonly id: string;
  /** Goes up by one with each batch that was applied. */
  readonly beats: number;
  /** What the process told of itself, JSON. */
  readonly info: string;
}

/** A job to be stored. */
export interface JobSpec extends JobNames {
  readonly id: number;
  /** JSON. */
  readonly payload: string;
  readonly storedAt: number;
  /** Later than the batch's `now`: the job is delayed, and not yet in its lane. */
  readonly runAt: number;
}

/** A job that is stored. `attempts - failed`: attempts that ended without a verdict, and the present one. */
export interface JobRecord extends JobSpec {
  /** The digest of the event it came from. */
  readonly digest: string | null;
  readonly attempts: number;
  readonly failed: number;
  /** JSON, an array. */
  readonly errors: string;
  /** In no order; values are JSON. */
  readonly steps: readonly (readonly [key: string, value: string])[];
}

export interface ListedJob extends Omit<JobRecord, "steps" | "payload"> {
  /** `retrying`: it holds its lane until `heldUntil`. */
  readonly state: "waiting" | "running" | "delayed" | "retrying";
  readonly heldUntil: number;
}

export interface DeadRecord extends Omit<JobRecord, "steps" | "runAt"> {
  readonly diedAt: number;
}

/** One entry: all of its jobs are stored, or none. */
export interface Add {
  /**
   * A signed 64-bit number as decimal text, or null. While a digest is known, the entry is a duplicate. It is known until
   * 72 hours or more after the last of its jobs was done or died, however long they wait.
   */
  readonly digest: string | null;
  readonly jobs: readonly JobSpec[];
}

/** What a job did under a step key; the latest value stays. */
export interface StepWrite {
  readonly job: number;
  readonly key: string;
  readonly value: string;
}

/**
 * How a running job ended. The lane goes to the end of the ready lanes if it has a job that may run, else it is gone.
 * `release`: the attempt does not count (attempts - 1), the job stays head. `retry`: failed + 1, stays head.
 * Both hold the lane until `at`, when that is later than `now`.
 */
export type End = { readonly job: number; readonly lane: string } & (
  | { readonly kind: "done"; readonly defer: readonly Add[] }
  | { readonly kind: "retry"; readonly at: number; readonly errors: string }
  | { readonly kind: "dead"; readonly errors: string; readonly defer: readonly Add[] }
  | { readonly kind: "release"; readonly at: number }
);

/** Writes a value when what stands there is `expected` (undefined: whatever it is; null: nothing). */
export interface ValueWrite {
  readonly key: string;
  readonly expected: string | null | undefined;
  /** Null deletes. */
  readonly value: string | null;
  /** `sweep` may drop it after that time; `get` need not care. */
  readonly until: number | null;
}

/**
 * `retry`: to the tail of its lane with `attempts` 0, `failed` = failed - attempts, `runAt` = now, its errors gone and its
 * steps kept. `discard`: gone with its steps, counted as discarded on the day it was stored.
 */
export type DeadWrite = { readonly id: number } & (
  | { readonly kind: "retry" | "discard" }
  | { readonly kind: "edit"; readonly payload: string }
);

/** Adds to a line of the ledger. */
export interface CountWrite {
  /** `2026-01-31` */
  readonly day: string;
  readonly adapter: string;
  readonly plugin: string;
  readonly column: "received" | "ignored";
  readonly by: number;
}

/** Takes one token of a bucket that all processes share, or pauses it. On the database's clock. */
export interface BudgetWrite {
  readonly key: string;
  /** Milliseconds for one token; 0 takes none and only asks for the pause. */
  readonly interval: number;
  /** Tokens a full bucket holds. */
  readonly burst: number;
  /** Pauses the bucket for so many milliseconds from now, if that is longer than its present pause. */
  readonly pause: number;
}

/**
 * Applied in the order of these members; within each list in the order given. When the session is not alive, nothing of
 * it is applied.
 */
export interface Batch {
  readonly session: string;
  /** One more than that of the batch before. */
  readonly number: number;
  readonly now: number;
  /** Registers the session: the first batch of each. JSON. */
  readonly hello: string | undefined;
  /** Pools whose lanes this session may claim; null for all. */
  readonly pools: readonly string[] | null;
  /** Sessions seen without a beat for longer than a lease: each is ended if its beats are still the same. */
  readonly reap: readonly { readonly id: string; readonly beats: number }[];
  readonly steps: readonly StepWrite[];
  readonly ends: readonly End[];
  readonly adds: readonly Add[];
  /** So many jobs of `adds` (not of `defer`) may be claimed at once: those that are due, of a pool of this session, and alone in their lane. */
  readonly direct: number;
  readonly values: readonly ValueWrite[];
  readonly dead: readonly DeadWrite[];
  readonly counts: readonly CountWrite[];
  readonly doubts: readonly Doubt[];
  readonly budgets: readonly BudgetWrite[];
  /**
   * Lanes wanted: the first job of each is claimed, which counts an attempt. Jobs and lanes whose time has come by `now` are
   * let in before, the earliest first. Lanes wait in the order in which they became ready.
   */
  readonly claim: number;
  /** One lane whose head lost two attempts or more (attempts - failed ≥ 2) may be claimed too, and then comes first; otherwise none of these. */
  readonly suspect: boolean;
  /** The session ends with this batch: it is gone, and what it still held goes back to be claimed by others. */
  readonly leave: boolean;
}

export interface Outcome {
  /** False: the session is gone and nothing was applied (but see `apply` for a batch that had been applied before). */
  readonly alive: boolean;
  /** Per add: false for a duplicate. */
  readonly added: readonly boolean[];
  /** Ids of jobs of `adds` that were claimed directly; their attempt is the first. */
  readonly direct: readonly number[];
  /** Per value write: was it written? For a deletion: was there something? */
  readonly values: readonly boolean[];
  /** Per dead write: was it there? */
  readonly dead: readonly boolean[];
  /** Per budget: milliseconds to wait before the token may be used. */
  readonly budgets: readonly number[];
  readonly claimed: readonly JobRecord[];
  /** The earliest time a delayed job or a held lane waits for, in any pool; 0 for none. */
  readonly nextAt: number;
  /** All jobs stored and neither done nor dead. */
  readonly pending: number;
}
