import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Clock, HobnobError, type Log } from "../../core/index.ts";
import { isLimit, limitReached } from "./limit.ts";
import { checkFile, migrate } from "./schema.ts";
import { openWal, type Wal } from "./wal.ts";

/** An open file, locked for this process, and how to let go of it. */
export interface OpenFile {
  readonly db: DatabaseSync;
  /** Undefined for a database in memory. */
  readonly wal: Wal | undefined;
  close(): void;
}

/**
 * Opens (or makes) the file, takes its lock and brings it to the current schema.
 * @throws HobnobError `STORAGE_LOCKED` (says who holds it), `STORAGE_NEWER`, `STORAGE_FOREIGN`, `STORAGE_DAMAGED`, `STORAGE_OPEN`
 */
export function openFile(file: string): OpenFile {
  const inMemory = file === ":memory:";
  let db: DatabaseSync | undefined;
  let wal: Wal | undefined;
  try {
    if (!inMemory) mkdirSync(dirname(file), { recursive: true });
    db = new DatabaseSync(file, { timeout: 200 });
    // Exclusive before the first read: WAL then keeps its index in memory, and the lock lasts until close.
    db.exec("PRAGMA locking_mode = EXCLUSIVE");
    // Before the first write: even the change to WAL would alter another program's file.
    checkFile(db, file);
    db.exec("PRAGMA journal_mode = WAL");
    // A commit ends in the log; the writer brings the log to the disk.
    db.exec("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864");
    db.exec("BEGIN IMMEDIATE; COMMIT");
    migrate(db);
    if (!inMemory) wal = openWal(`${file}-wal`);
  } catch (error) {
    db?.close();
    throw error instanceof HobnobError ? error : openError(file, error);
  }
  const holder = `${file}.lock`;
  if (!inMemory) {
    const who = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
    try {
      writeFileSync(holder, `${JSON.stringify(who)}\n`);
    } catch {
      // It only tells others who has the file: a full disk is no reason not to work off what waits.
    }
  }
  return {
    db,
    wal,
    close() {
      if (!inMemory) rmSync(holder, { force: true });
      wal?.close();
      db.close();
    },
  };
}

function openError(file: string, error: unknown): HobnobError {
  const { errcode } = error as { errcode?: number };
  if (errcode === 5 || errcode === 261) {
    return new HobnobError(
      "STORAGE_LOCKED",
      `${file} is in use by ${holder(file)}. Stop that one first, or give this one its own file.`,
      {
        cause: error,
      },
    );
  }
  if (errcode === 26) {
    return new HobnobError(
      "STORAGE_FOREIGN",
      `${file} is not a SQLite file, or its beginning is damaged. Choose another file, or restore a backup.`,
      { cause: error },
    );
  }
  if (isDamage(error)) return damagedError(file, error);
  const reason = error instanceof Error ? error.message : String(error);
  return new HobnobError(
    "STORAGE_OPEN",
    `${file} cannot be opened: ${reason}. Check that the folder exists and may be written to.`,
    {
      cause: error,
    },
  );
}

function holder(file: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(`${file}.lock`, "utf8")) as Record<string, unknown>;
    return `process ${pid} on ${host} (since ${since})`;
  } catch {
    return "another process";
  }
}

/** The file does not hold what was written to it: SQLite says so, or a text in it is no JSON any more. */
export function isDamage(error: unknown): boolean {
  const { errcode = 0 } = error as { errcode?: number };
  return (errcode & 0xff) === 11 || error instanceof SyntaxError;
}

function damagedError(file: string, cause: unknown): HobnobError {
  // A parser's own message would show a piece of a message.
  const reason = cause instanceof SyntaxError ? "a stored text is no JSON" : (cause as Error).message;
  return new HobnobError(
    "STORAGE_DAMAGED",
    `${file} is damaged: ${reason}. Put it and its -wal aside, and restore a backup: "A damaged file" in docs/operate.md says how.`,
    { cause },
  );
}

function fullError(file: string, cause: unknown): HobnobError {
  return new HobnobError("STORAGE_FULL", `${file} cannot grow: the disk is full. Free some space; nothing was lost.`, {
    cause,
  });
}

/** A thrown SQLite error as one of ours, with the remedy. */
export function storageError(file: string, error: unknown, maxBytes?: number): HobnobError {
  if (error instanceof HobnobError) return error;
  const { errcode = 0 } = error as { errcode?: number };
  const reason = error instanceof Error ? error.message : String(error);
  if ((errcode & 0xff) === 13) {
    const isLimited = maxBytes !== undefined && isLimit(file, maxBytes);
    return isLimited ? limitReached(file, maxBytes, error) : fullError(file, error);
  }
  if (isDamage(error)) return damagedError(file, error);
  return new HobnobError(
    "STORAGE_FAILED",
    `${file} could not be read or written: ${reason}. What was to be written was not.`,
    { cause: error },
  );
}

const COMPLAIN_EVERY_MS = 10_000;

/** Says to the log what failed. A full disk fails four times a second: once in a while is enough to be heard. */
export function createComplaint(
  mend: (error: unknown) => HobnobError,
  clock: Clock,
  log: Log,
): (error: unknown) => void {
  let silentUntil = 0;
  return (error) => {
    if (clock.steady() < silentUntil) return;
    silentUntil = clock.steady() + COMPLAIN_EVERY_MS;
    const { code, message } = mend(error);
    log.error({ code }, message);
  };
}
