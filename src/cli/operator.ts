import {
  type DeadLetter,
  type Doubt,
  HobnobError,
  type JobInfo,
  type LedgerLine,
  type Storage,
} from "../core/index.ts";

/** A dead letter without its payload: lists show no message text. */
export type DeadSummary = Omit<DeadLetter, "payload">;

export interface Audit {
  readonly lines: readonly LedgerLine[];
  /** The newest first, at most 1000. */
  readonly doubts: readonly Doubt[];
}

/** What the operator's commands ask of a bot. Arguments and results are JSON, so that they pass a socket. */
export interface Operator {
  audit(): Promise<Audit>;
  jobs(limit: number): Promise<readonly JobInfo[]>;
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

const MOST_DOUBTS = 1000;
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

  return {
    audit: async () => ({ lines: await storage.ledger(), doubts: await storage.doubts(MOST_DOUBTS) }),
    jobs: (limit) => storage.jobs(limit),
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
