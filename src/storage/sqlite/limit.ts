import type { DatabaseSync } from "node:sqlite";
import { HobnobError } from "../../core/index.ts";

// Even the claim and the end of a job may need a page: new events are refused while there is still room for those.
const SHARE_FOR_EVENTS = 7 / 8;

/** Limits the file's size; the returned function says whether new events have used up their share of it. */
export function limitSize(db: DatabaseSync, bytes: number): () => boolean {
  const { page_size } = db.prepare("PRAGMA page_size").get() as { page_size: number };
  const most = Math.max(1, Math.floor(bytes / page_size));
  db.exec(`PRAGMA max_page_count = ${most}`);
  const pages = db.prepare("SELECT page_count - freelist_count AS used FROM pragma_page_count, pragma_freelist_count");
  return () => (pages.get() as { used: number }).used > most * SHARE_FOR_EVENTS;
}

export function queueFull(file: string, waiting: number, maxWaiting: number): HobnobError {
  return new HobnobError(
    "QUEUE_FULL",
    `${waiting} jobs wait in ${file}, and \`maxWaiting\` is ${maxWaiting}. New events are refused until some are done.`,
  );
}
