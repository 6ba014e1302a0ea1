import {
  type DeadLetter,
  type Doubt,
  type FleetNode,
  HobnobError,
  type JobInfo,
  type LedgerLine,
  type Storage,
} from "../core/index.ts";

/** A dead letter without its payload: lists show no message text. */
export type DeadSummary = Omit<DeadLetter, "payload">;

export interface AuditOptions {
  /** Only what came on this day (UTC, `2026-01-31`) or later. */
  readonly since?: string | undefined;
}

export interface Audit {
  readonly lines: readonly LedgerLine[];
  /** The newest first, at most a million. */
  readonly doubts: readonly Doubt[];
  /** Of the jobs in flight the 1000 that have waited longest, the oldest first. */
  readonly jobs: readonly JobInfo[];
}

/** What the operator's commands ask of a bot. Arguments and results are JSON, so that they pass a socket. */
export interface Operator {
  audit(options?: AuditOptions): Promise<Audit>;
  jobs(limit: number): Promise<readonly JobInfo[]>;
  /** The live processes; undefined where one process has the storage to itself. */
  nodes(): Promise<readonly FleetNode[] | undefined>;
  /** The newest first. */
  deadList(limit: number): Promise<readonly DeadSummary[]>;
  deadGet(id: string): Promise<DeadLetter | undefined>;
  /** @returns how many there were of these ids; all dead letters without ids */
  deadRetry(ids?: readonly string[]): Promise<number>;
  deadEdit(id: string, payload: unknown): Promise<boolean>;
  /** @param to the path of a new file */
  backup(to: string): Promise<void>;
  /** @returns how many there were of these ids; all dead letters without ids */
  deadDiscard(ids?: readonly string[]): Promise<number>;
}

const SOME_DOUBTS = 1000;
const MOST_DOUBTS = 1_000_000;
const MOST_JOBS = 1000;
const BATCH = 500;

/** The operator's view of an open storage. */
export function createOperator(storage: Storage): Operator {
  // All ids are taken first: a retried job may die again at once and would come round for ever.
  async function each(ids: readonly string[] | undefined, act: (id: string) => Promise<boolean>): Promise<number> {
    const chosen = ids ?? (await storage.dead.list(Number.MAX_SAFE_INTEGER)).map(({ id }) => id);
    let count = 0;
    for (let from = 0; from < chosen.length; from += BATCH) {
      const done = await Promise.all(chosen.slice(from, from + BATCH).map(act));
      count += done.filter(Boolean).length;
    }
    return count;
  }

  // The newest come first: no more of them is read than is asked for.
  async function doubtsFrom(from: number): Promise<readonly Doubt[]> {
    for (let limit = SOME_DOUBTS; ; limit *= 10) {
      const found = await storage.doubts(limit);
      const isAll = found.length < limit || found.at(-1)!.at < from || limit >= MOST_DOUBTS;
      if (isAll) return found.filter(({ at }) => at >= from);
    }
  }

  return {
    async audit({ since = "" } = {}) {
      const from = since === "" ? 0 : Date.parse(since);
      const [lines, doubts, jobs] = await Promise.all([storage.ledger(), doubtsFrom(from), storage.jobs(MOST_JOBS)]);
      return {
        lines: lines.filter(({ day }) => day >= since),
        doubts,
        jobs: jobs.filter(({ storedAt }) => storedAt >= from).sort((one, other) => one.storedAt - other.storedAt),
      };
    },
    jobs: (limit) => storage.jobs(limit),
    nodes: async () => storage.fleet?.nodes(),
    async backup(to) {
      if (storage.backup === undefined) {
        throw new HobnobError(
          "BACKUP_ELSEWHERE",
          `${storage.name} is backed up with the tools of its database: see docs/deploy.md.`,
        );
      }
      await storage.backup(to);
    },
    async deadList(limit) {
      return (await storage.dead.list(limit)).map(({ payload: _, ...letter }) => letter);
    },
    deadGet: (id) => storage.dead.get(id),
    deadRetry: (ids) => each(ids, (id) => storage.dead.retry(id)),
    deadEdit: (id, payload) => storage.dead.edit(id, payload),
    deadDiscard: (ids) => each(ids, (id) => storage.dead.discard(id)),
  };
}
