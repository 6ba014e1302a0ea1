import type { DatabaseSync } from "node:sqlite";
import { HobnobError } from "../../core/index.ts";

/**
 * The file's history: entry n brings a file from version n to n + 1. Entries are never changed once released.
 * Ids of jobs are handed out in blocks (`meta.next_id`) and never come twice: a post's name is made from them.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    lane TEXT NOT NULL, pool TEXT NOT NULL, adapter TEXT NOT NULL, plugin TEXT NOT NULL, handler TEXT NOT NULL,
    payload TEXT NOT NULL, seen INTEGER, stored_at INTEGER NOT NULL, run_at INTEGER NOT NULL,
    retry_at INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL, failed INTEGER NOT NULL DEFAULT 0, errors TEXT NOT NULL DEFAULT '[]'
  );
  CREATE TABLE step (job INTEGER NOT NULL, key TEXT NOT NULL, value TEXT, PRIMARY KEY (job, key)) WITHOUT ROWID;
  CREATE TABLE seen (hash INTEGER PRIMARY KEY, at INTEGER NOT NULL);
  CREATE TABLE dead (
    id INTEGER PRIMARY KEY,
    lane TEXT NOT NULL, pool TEXT NOT NULL, adapter TEXT NOT NULL, plugin TEXT NOT NULL, handler TEXT NOT NULL,
    payload TEXT NOT NULL, seen INTEGER, stored_at INTEGER NOT NULL, died_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL, failed INTEGER NOT NULL, errors TEXT NOT NULL
  );
  CREATE TABLE ledger (
    day TEXT NOT NULL, adapter TEXT NOT NULL, plugin TEXT NOT NULL,
    received INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0, ignored INTEGER NOT NULL DEFAULT 0,
    discarded INTEGER NOT NULL DEFAULT 0, duplicates INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (day, adapter, plugin)
  ) WITHOUT ROWID;
  CREATE TABLE value (key TEXT PRIMARY KEY, value TEXT NOT NULL, until INTEGER) WITHOUT ROWID;
  CREATE INDEX value_until ON value (until) WHERE until IS NOT NULL;
  `,
  `
  CREATE TABLE doubt (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, job TEXT NOT NULL, adapter TEXT NOT NULL, plugin TEXT NOT NULL,
    step TEXT NOT NULL, outcome TEXT NOT NULL
  );
  `,
  "CREATE TABLE seen_lately (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, hashes BLOB NOT NULL);",
];

export const SCHEMA_VERSION: number = MIGRATIONS.length;

// "Hbnb": tells our files from other programs' SQLite files.
const APPLICATION_ID = 0x48626e62;

/**
 * Refuses a file that is not ours to write to, and writes nothing.
 * @throws HobnobError `STORAGE_NEWER` for a file of a later version, `STORAGE_FOREIGN` for another program's file
 */
export function checkFile(db: DatabaseSync, file: string): void {
  const version = pragma(db, "user_version");
  const application = pragma(db, "application_id");
  const tables = (db.prepare("SELECT count(*) AS n FROM sqlite_schema").get() as { n: number }).n;
  if (application !== APPLICATION_ID && tables > 0) {
    throw new HobnobError("STORAGE_FOREIGN", `${file} is a SQLite file of another program. Choose another file.`);
  }
  if (version > SCHEMA_VERSION) {
    throw new HobnobError(
      "STORAGE_NEWER",
      `${file} was written by a newer Hobnob (schema ${version}, this one knows ${SCHEMA_VERSION}). Upgrade Hobnob, or choose another file.`,
    );
  }
}

/** Brings a file that was checked to this program's version. */
export function migrate(db: DatabaseSync, to: number = SCHEMA_VERSION): void {
  const version = pragma(db, "user_version");
  if (version >= to) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const sql of MIGRATIONS.slice(version, to)) db.exec(sql);
    db.exec(`PRAGMA user_version = ${to}; PRAGMA application_id = ${APPLICATION_ID}`);
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

function pragma(db: DatabaseSync, name: string): number {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[0]!;
}
