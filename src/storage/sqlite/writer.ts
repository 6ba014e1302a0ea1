import type { DatabaseSync } from "node:sqlite";
import { HobnobError } from "../../core/index.ts";

/** One act inside a group commit. */
export interface Write {
  /** Runs the statements, inside the transaction. */
  run(): void;
  /** After the commit. */
  done(): void;
  /** After a rollback: takes back what `run` changed in memory. The write may run again. */
  undo?(): void;
  /** Gives up. A write without it is kept and tried again until it succeeds. */
  failed?(error: unknown): void;
}

export interface Writer {
  push(write: Write): void;
  /** Commits what is pending, now. @throws when a kept write cannot be made */
  flush(): void;
  readonly idle: boolean;
  /** Refuses what comes after. */
  stop(): void;
}

export interface WriterOptions {
  readonly db: DatabaseSync;
  /** Runs at the end of every transaction, for what is summed up over many writes. */
  beforeCommit(): void;
  afterRollback(): void;
  afterCommit(): void;
  onError(error: unknown): void;
}

// A commit of more would block the event loop for too long.
const MOST_WRITES = 512;
const RETRY_MS = 250;

/** Group commit: all writes of one turn of the event loop share one transaction and one fsync. */
export function createWriter({ db, beforeCommit, afterRollback, afterCommit, onError }: WriterOptions): Writer {
  const begin = db.prepare("BEGIN IMMEDIATE");
  const commit = db.prepare("COMMIT");
  const rollback = db.prepare("ROLLBACK");
  let pending: Write[] = [];
  let scheduled: NodeJS.Immediate | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  let isStopped = false;

  function schedule() {
    if (scheduled === undefined && retryTimer === undefined) scheduled = setImmediate(tick);
  }

  function transact(writes: readonly Write[]): { readonly error: unknown } | undefined {
    let ran = 0;
    try {
      begin.run();
      for (; ran < writes.length; ran++) writes[ran]!.run();
      beforeCommit();
      commit.run();
    } catch (error) {
      // A full disk may have rolled back already.
      if (db.isTransaction) rollback.run();
      for (let i = Math.min(ran, writes.length - 1); i >= 0; i--) writes[i]!.undo?.();
      afterRollback();
      return { error };
    }
    afterCommit();
    for (const write of writes) write.done();
    return undefined;
  }

  function tick() {
    scheduled = undefined;
    const writes = pending.length > MOST_WRITES ? pending.splice(0, MOST_WRITES) : pending;
    if (writes === pending) pending = [];
    else schedule();
    if (writes.length === 0) return;
    const failure = transact(writes);
    if (failure !== undefined) recover(writes, failure.error);
  }

  // Each is tried alone, so that one bad write does not spoil its neighbours: on a full disk it is the end of one job that
  // makes room for the next. What must not be lost is kept for later, in its order.
  function recover(writes: readonly Write[], error: unknown): boolean {
    onError(error);
    const kept: Write[] = [];
    for (const write of writes) {
      const again = transact([write]);
      if (again === undefined) continue;
      if (write.failed === undefined) kept.push(write);
      else write.failed(again.error);
    }
    if (kept.length === 0) return true;
    pending = [...kept, ...pending];
    retryTimer ??= setTimeout(() => {
      retryTimer = undefined;
      schedule();
    }, RETRY_MS);
    return false;
  }

  return {
    push(write) {
      if (isStopped) {
        write.failed?.(new HobnobError("STORAGE_CLOSED", "The storage is closed. The bot is stopping."));
        return;
      }
      pending.push(write);
      schedule();
    },
    flush() {
      while (pending.length > 0) {
        const writes = pending;
        pending = [];
        const failure = transact(writes);
        if (failure === undefined) continue;
        if (!recover(writes, failure.error)) throw failure.error;
      }
    },
    get idle() {
      return pending.length === 0;
    },
    stop() {
      clearImmediate(scheduled);
      clearTimeout(retryTimer);
      scheduled = retryTimer = undefined;
      isStopped = true;
    },
  };
}
