import { statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { HobnobError } from "../../core/index.ts";

// Even the claim and the end of a job may need a page: new events are refused while there is still room for those.
const SHARE_FOR_EVENTS = 7 / 8;

/**
 * Limits the file's size.
 * @returns throws HobnobError `STORAGE_FULL` when new events have used up their share of it
 */
export function limitSize(db: DatabaseSync, file: string, bytes: number): () => void {
  const { page_size } = db.prepare("PRAGMA page_size").get() as { page_size: number };
  const most = Math.max(1, Math.floor(bytes / page_size));
  db.exec(`PRAGMA max_page_count = ${most}`);
  const pages = db.prepare("SELECT page_count - freelist_count AS used FROM pragma_page_count, pragma_freelist_count");
  return () => {
    if ((pages.get() as { used: number }).used > most * SHARE_FOR_EVENTS) throw limitReached(file, bytes);
  };
}

/** Whether it was `maxBytes` that a write ran into: the disk has room for all that the file might still grow by. */
export function isLimit(file: string, maxBytes: number): boolean {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return true;
  const { bavail, bsize } = statfsSync(dirname(file));
  return bavail * bsize > maxBytes - size;
}

export function limitReached(file: string, maxBytes: number, cause?: unknown): HobnobError {
  return new HobnobError(
    "STORAGE_FULL",
    `${file} cannot grow: it has reached \`maxBytes\`, ${maxBytes}. Raise it, or wait until jobs have ended; nothing was lost.`,
    { cause },
  );
}

export function queueFull(file: string, waiting: number, maxWaiting: number): HobnobError {
  return new HobnobError(
    "QUEUE_FULL",
    `${waiting} jobs wait in ${file}, and \`maxWaiting\` is ${maxWaiting}. New events are refused until some are done.`,
  );
}
