import type { Clock } from "./clock.ts";
import type { RecordedError } from "./errors.ts";
import type { Log } from "./log.ts";

/** Where a job waits, and for what. */
export interface JobNames {
  /** Jobs of one lane run one after another, in the order they were stored. */
  readonly lane: string;
  readonly pool: string;
  readonly adapter: string;
  readonly plugin: string;
  readonly handler: string;
}

/** A job about to be stored: one handler, one payload, one lane. */
export interface NewJob extends JobNames {
  /** JSON: what the handler is called with. */
  readonly payload: unknown;
  /** Not before this time, ms since 1970. A job that waits for its time is not yet in its lane. */
  readonly runAt?: number;
}

/** What one `add` writes, all or nothing. */
export interface Entry {
  /** A second entry with this key is refused as a duplicate for 72 hours after the jobs of the first have ended. */
  readonly key?: string;
  readonly jobs: readonly NewJob[];
}

/** A job that was claimed: its attempt is already counted, durably. */
export interface ClaimedJob extends NewJob {
  readonly id: string;
  /** When it was stored, ms since 1970. */
  readonly storedAt: number;
  /** 1 for the first. */
  readonly attempt: number;
  /** An earlier attempt ended without a verdict (crash, lost lease): what it did is not known. */
  readonly inDoubt: boolean;
  /** Failures so far, oldest first. */
  readonly errors: readonly RecordedError[];
  /** What earlier attempts have done, by step key. */
  readonly steps: ReadonlyMap<string, unknown>;
  /** False once the job may have been given to another worker: then nothing may be sent for it any more. */
  isHeld(): boolean;
  /**
   * Where other processes could take it over: finds out whether it is still held after `isHeld` said no (the storage was
   * out of reach for a while). Resolves once that is certain, or when the job has its verdict.
   */
  regain?(): Promise<boolean>;
}

/** How a run ended. */
export type Verdict =
  | { readonly kind: "done"; readonly defer: readonly Entry[] }
  | { readonly kind: "retry"; readonly at: number; readonly error: RecordedError }
  /** `defer` is stored in the same write: what tells people of it. */
  | { readonly kind: "dead"; readonly error: RecordedError; readonly defer?: readonly Entry[] }
  /** It goes back to the head of its lane, until `at`, and the attempt does not count: the bot stops, or the platform wants a pause. */
  | {
      readonly kind: "release";
      readonly at?: number;
      /** It is for another process: this one lets the others have a look at it first. */
      readonly isForOthers?: boolean;
    };

/** What a storage needs to run jobs. */
export interface WorkOptions {
  /** Which pools to serve; all of them when absent. */
  readonly pools?: readonly string[];
  /** Jobs that run at once. */
  readonly concurrency: number;
  /** Runs a job to its verdict; never rejects. */
  run(job: ClaimedJob): Promise<Verdict>;
}

/** Runs the jobs of some pools in this process, as `Storage.work` has begun it. */
export interface Worker {
  /** Changes how many jobs run at once, for example while some of them only wait for a rate limit. */
  setConcurrency(concurrency: number): void;
  /** Claims nothing more. Jobs that run keep running; their verdicts are still taken. */
  stop(): void;
}

/** A waiting or running job, for operators. */
export interface JobInfo extends JobNames {
  readonly id: string;
  readonly state: "waiting" | "running" | "delayed" | "retrying";
  readonly storedAt: number;
  readonly runAt: number;
  readonly attempt: number;
  readonly lastError?: RecordedError;
}

/** A job that used up its attempts. */
export interface DeadLetter extends JobNames {
  readonly id: string;
  readonly storedAt: number;
  readonly diedAt: number;
  readonly attempts: number;
  readonly errors: readonly RecordedError[];
  readonly payload: unknown;
}

/** The jobs that nobody could do, for operators. */
export interface DeadLetters {
  /** The newest first. */
  list(limit: number): Promise<readonly DeadLetter[]>;
  get(id: string): Promise<DeadLetter | undefined>;
  /** Back to the tail of its lane with fresh attempts, keeping its steps; the dedupe record does not stop it. */
  retry(id: string): Promise<boolean>;
  /** Replaces the payload. */
  edit(id: string, payload: unknown): Promise<boolean>;
  /** Ends it for good; the ledger counts it as discarded. */
  discard(id: string): Promise<boolean>;
}

/** One line of the ledger. Counts are of jobs; an event that no handler wanted counts as one ignored. */
export interface LedgerLine {
  /** UTC, `2026-01-31`: the day the job was stored. */
  readonly day: string;
  readonly adapter: string;
  readonly plugin: string;
  readonly received: number;
  readonly done: number;
  readonly ignored: number;
  readonly dead: number;
  readonly discarded: number;
  readonly inFlight: number;
  /** Redeliveries that were dropped; not part of `received`. */
  readonly duplicates: number;
}

/** A post nobody could be sure of: an attempt ended without a verdict around the time it was sent. */
export interface Doubt {
  readonly at: number;
  readonly job: string;
  readonly adapter: string;
  readonly plugin: string;
  readonly step: string;
  /** `found`: the platform had it. `not found`: it had not, so it was sent. `sent again`: nobody could say, so it may be there twice. */
  readonly outcome: "found" | "not found" | "sent again";
}

/** Durable key-value state. Values are strings. */
export interface KeyValues {
  get(key: string): Promise<string | undefined>;
  /** `until`: may be forgotten after that time, ms since 1970. */
  set(key: string, value: string, until?: number): Promise<void>;
  delete(key: string): Promise<boolean>;
  /** Atomic, also between processes: `change` may be called again with a newer value. Undefined deletes. `until` as for `set`. */
  update(
    key: string,
    change: (current: string | undefined) => string | undefined,
    until?: number,
  ): Promise<string | undefined>;
  keys(prefix: string): AsyncIterable<string>;
}

/** What a process tells the others that share its storage. */
export interface NodeInfo {
  /** `start` does everything, `serve` takes webhooks, `work` runs jobs, `tool` is a command that looks or mends. */
  readonly role: "start" | "serve" | "work" | "tool";
  /** The bot's name in its config. */
  readonly bot: string;
  /** Of Hobnob. */
  readonly version: string;
  /** A digest of each plugin by name: its handlers and where it is enabled. */
  readonly plugins: Readonly<Record<string, string>>;
  /** The pools it runs; absent for all of them. */
  readonly pools?: readonly string[];
  readonly host: string;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** A live process of a fleet. */
export interface FleetNode extends NodeInfo {
  readonly id: string;
  /** The one that asks. */
  readonly isSelf: boolean;
}

/** One rate for all processes: `burst` tokens, and a new one every `interval` ms. */
export interface Budget {
  readonly interval: number;
  readonly burst: number;
}

/** What several processes with one storage share beside its data. */
export interface Fleet {
  /** No other process can have this one's jobs now. */
  readonly isSure: boolean;
  /** All live processes. Asked of memory: at most some seconds old. */
  nodes(): readonly FleetNode[];
  /** Tells of them now, and of every change. */
  watch(listener: (nodes: readonly FleetNode[]) => void): void;
  /**
   * Takes the next token of a shared budget. Resolves with how many ms to wait before it may be used. An `interval` of 0 takes
   * none and only asks how long a pause lasts.
   */
  take(key: string, budget: Budget): Promise<number>;
  /** Nobody gets a token of this budget for so many ms. */
  pause(key: string, ms: number): Promise<void>;
}

/** One stored thing on its way to another storage. Names are as their users wrote them; JSON stays text. */
export type StoredRecord =
  /** The first of every dump: the data's name, and an id above all that were given. */
  | { readonly kind: "data"; readonly instance: string; readonly nextId: number }
  | (StoredJob & {
      readonly kind: "job";
      readonly runAt: number;
      /** It failed, or was released, and holds its lane until then; 0 otherwise. */
      readonly heldUntil: number;
    })
  | (StoredJob & { readonly kind: "dead"; readonly diedAt: number })
  /** A dedupe record: the digest of an event's key, and when it was last known to be wanted. */
  | { readonly kind: "seen"; readonly digest: string; readonly at: number }
  | { readonly kind: "value"; readonly key: string; readonly value: string; readonly until?: number }
  | ({ readonly kind: "count" } & Omit<LedgerLine, "dead" | "inFlight">)
  | ({ readonly kind: "doubt" } & Doubt);

interface StoredJob extends JobNames {
  readonly id: number;
  /** JSON. */
  readonly payload: string;
  /** A signed 64-bit number as text; absent for jobs that no event brought. */
  readonly digest?: string;
  readonly storedAt: number;
  readonly attempts: number;
  readonly failed: number;
  readonly errors: readonly RecordedError[];
  /** Values are JSON. */
  readonly steps: readonly (readonly [key: string, value: string])[];
}

/** What a storage is opened with. */
export interface StorageHost {
  readonly clock: Clock;
  readonly log: Log;
  /** What other processes may know of this one. */
  readonly node?: NodeInfo;
}

/**
 * Where jobs, steps, dedupe records, dead letters, the ledger and plugin state live.
 * Every storage passes the whole contract suite.
 */
export interface Storage {
  /** How operators see it, without secrets: `sqlite:data/hobnob.db`. */
  readonly name: string;
  open(host: StorageHost): Promise<void>;
  /** Names this set of data for ever; with a job's id it makes a name that no other post has. */
  readonly instance: string;

  /** One durable write. Resolves once it is on disk, with false when `key` was seen before. Rejects when nothing was stored. */
  add(entry: Entry): Promise<boolean>;
  /** Begins to run jobs; one worker a storage. */
  work(options: WorkOptions): Worker;
  /** Records what a step of a claimed job did. Resolves once durable; a job that ends first makes it unnecessary. */
  saveStep(job: ClaimedJob, key: string, value: unknown): Promise<void>;
  /** Notes a post in doubt for the audit. */
  saveDoubt(doubt: Doubt): Promise<void>;
  /** Counts an event that no handler wanted. Costs no write of its own. */
  countIgnored(adapter: string): void;

  jobs(limit: number): Promise<readonly JobInfo[]>;
  /** Jobs stored and not ended. */
  pending(): number;
  readonly dead: DeadLetters;
  ledger(): Promise<readonly LedgerLine[]>;
  doubts(limit: number): Promise<readonly Doubt[]>;
  readonly values: KeyValues;
  /** Absent where one process has the storage to itself. After `open`. */
  readonly fleet?: Fleet | undefined;
  /**
   * All there is, for another storage; jobs of a lane in the order in which they will run, those that wait for their time
   * last. Of a storage where nothing runs and nothing is added meanwhile.
   */
  dump(): AsyncIterable<StoredRecord>;
  /**
   * Takes over records of a dump, in their order, all of a list or nothing; those that it has are passed over, so that a move
   * that broke off can begin again. An empty list says that all has come: until then the storage opens for tools only, and
   * for others rejects with `STORAGE_UNFINISHED`.
   * @throws HobnobError `STORAGE_NOT_EMPTY` when other data is there already
   */
  load(records: readonly StoredRecord[]): Promise<void>;
  /**
   * Copies all there is into a new file, while everything goes on. Absent where the database has tools for that.
   * @throws HobnobError `BACKUP_*`
   */
  backup?(to: string): Promise<void>;
  /** Resolves when storage can be written to, else rejects with the reason. */
  ping(): Promise<void>;
  /** Writes what is pending and lets go of the data. */
  close(): Promise<void>;
}
