import type { DatabaseSync } from "node:sqlite";
import { HobnobError } from "../../core/index.ts";
import type { Wal } from "./wal.ts";

/** One act inside a group commit. */
export interface Write {
  /** Runs the statements, inside the transaction. */
  run(): void;
  /** After the commit, once it is on the disk. In the order of the commits. */
  done(): void;
  /** After a rollback: takes back what `run` changed in memory. The write may run again. */
  undo?(): void;
  /** Gives up. A write without it is kept and tried again until it succeeds. */
  failed?(error: unknown): void;
}

export interface Writer {
  push(write: Write): void;
  /** Commits what is pending and brings it to the disk, now. @throws when a kept write cannot be made, or not get there */
  flush(): void;
  readonly idle: boolean;
  /** Refuses what comes after. */
  stop(): void;
}

/** What many writes change together. */
export interface Part {
  /** Runs at the end of every transaction, inside it. */
  write?(): void;
  committed?(): void;
  rolledBack(): void;
}

export interface WriterOptions {
  /** With `synchronous = NORMAL`: a commit only appends to the log. */
  readonly db: DatabaseSync;
  /** Undefined for a database in memory. */
  readonly wal: Wal | undefined;
  readonly parts: readonly Part[];
  onError(error: unknown): void;
}

// A commit of more would block the event loop for too long.
const MOST_WRITES = 512;
const RETRY_MS = 250;
// While the event loop has other work, more comes together, and a commit is worth waiting for this long.
const MOST_DELAY_MS = 4;
// A turn of the event loop that takes less had no other work.
const EMPTY_TURN_MS = 0.05;
// The threads may all be busy, with names that nobody resolves: then this one syncs.
const PATIENCE_MS = 100;

/**
 * Group commit: all writes of a turn of the event loop, or of several while it has other work, share one transaction, and
 * one fsync that another thread makes meanwhile.
 */
export function createWriter({ db, wal, parts, onError }: WriterOptions): Writer {
  const begin = db.prepare("BEGIN IMMEDIATE");
  const commit = db.prepare("COMMIT");
  const rollback = db.prepare("ROLLBACK");
  let pending: Write[] = [];
  let scheduled: NodeJS.Immediate | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  let isStopped = false;
  // Committed, and not yet surely on the disk: those that are being brought there, and those behind them.
  let syncing: readonly Write[] = [];
  let committed: Write[] = [];
  let syncs = 0;
  let syncTimer: NodeJS.Timeout | undefined;
  // When the last turn ended, and until when others are waited for; 0 while nothing is pending.
  let turnedAt = 0;
  let commitBy = 0;
  // A sync has failed since.
  let isDoubtful = false;

  const isIdle = () => pending.length === 0 && syncing.length === 0 && committed.length === 0;

  // While a sync runs, more writes come together for the next commit.
  function schedule() {
    if (scheduled !== undefined || retryTimer !== undefined || syncing.length > 0) return;
    if (commitBy === 0) commitBy = performance.now() + MOST_DELAY_MS;
    scheduled = setImmediate(tick);
  }

  function transact(writes: readonly Write[]): { readonly error: unknown } | undefined {
    let ran = 0;
    try {
      begin.run();
      for (; ran < writes.length; ran++) writes[ran]!.run();
      for (const part of parts) part.write?.();
      commit.run();
    } catch (error) {
      // A full disk may have rolled back already.
      if (db.isTransaction) rollback.run();
      for (let i = Math.min(ran, writes.length - 1); i >= 0; i--) writes[i]!.undo?.();
      for (const part of parts) part.rolledBack();
      return { error };
    }
    for (const part of parts) part.committed?.();
    for (const write of writes) committed.push(write);
    return undefined;
  }

  function sync() {
    if (syncing.length > 0 || committed.length === 0) return;
    collect();
    if (wal === undefined || isDoubtful) return trySync();
    const number = ++syncs;
    syncTimer = setTimeout(trySync, PATIENCE_MS);
    wal.sync((error) => {
      if (isStopped) return;
      if (error !== null) unsynced(error);
      // Else what it was for is there already.
      else if (number === syncs) synced();
    });
  }

  function collect() {
    syncing = [...syncing, ...committed];
    committed = [];
  }

  function trySync() {
    try {
      syncNow();
    } catch {
      // Said to the log already, and tried again.
    }
  }

  function syncNow() {
    try {
      if (isDoubtful) checkpoint();
      else wal?.syncNow();
    } catch (error) {
      unsynced(error);
      throw error;
    }
    synced();
  }

  function synced() {
    clearTimeout(syncTimer);
    syncs += 1;
    isDoubtful = false;
    const ended = syncing;
    syncing = [];
    for (const write of ended) write.done();
    sync();
    if (pending.length > 0) schedule();
  }

  // After a failed fsync the system may think that the log is on the disk. So all of it is written to the database itself
  // and that is synced, again and again until it succeeds; till then nothing is done.
  function unsynced(error: unknown) {
    onError(error);
    clearTimeout(syncTimer);
    syncs += 1;
    isDoubtful = true;
    syncTimer = setTimeout(trySync, RETRY_MS);
  }

  function checkpoint() {
    const { log: frames, checkpointed } = db.prepare("PRAGMA wal_checkpoint").get() as Record<string, number>;
    if (frames !== checkpointed) throw new Error("The log is being read, so it was not written to the database.");
  }

  function tick() {
    scheduled = undefined;
    if (syncing.length > 0) return;
    const now = performance.now();
    const isEmpty = now - turnedAt < EMPTY_TURN_MS;
    turnedAt = now;
    // One sync for all that comes costs hardly more than one for what is there.
    const isWorthIt = wal !== undefined && !isEmpty && pending.length < MOST_WRITES;
    if (isWorthIt && now < commitBy) return schedule();
    commitBy = 0;
    const writes = pending.length > MOST_WRITES ? pending.splice(0, MOST_WRITES) : pending;
    if (writes === pending) pending = [];
    else schedule();
    if (writes.length === 0) return;
    const failure = transact(writes);
    if (failure !== undefined) recover(writes, failure.error);
    sync();
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
      while (!isIdle()) {
        const writes = pending;
        pending = [];
        const failure = writes.length === 0 ? undefined : transact(writes);
        const isKept = failure !== undefined && !recover(writes, failure.error);
        collect();
        syncNow();
        if (isKept) throw failure.error;
      }
    },
    get idle() {
      return isIdle();
    },
    stop() {
      clearImmediate(scheduled);
      clearTimeout(retryTimer);
      clearTimeout(syncTimer);
      scheduled = retryTimer = undefined;
      isStopped = true;
    },
  };
}
