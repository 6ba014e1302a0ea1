import type { DatabaseSync } from "node:sqlite";

/** 72 hours after the end of its jobs, longer than any platform redelivers, and the hour in which an end does not renew it. */
const KEEP_MS = 73 * 3_600_000;
// Rows looked at in one idle turn of the event loop: about a millisecond of work.
const SWEEP_ROWS = 1000;

/** The dedupe records: which events came in already. */
export interface Seen {
  /** False when it was there already. Inside a transaction. */
  claim(digest: bigint, at: number): boolean;
  /** The job of this record ended now. Inside a transaction. */
  touch(digest: bigint, at: number): void;
  /** Looks through some records and drops old ones. Returns true after the last. `oldestJob`: when the oldest waiting job was stored. */
  sweep(now: number, oldestJob: number): boolean;
}

export function createSeen(db: DatabaseSync): Seen {
  const insert = db.prepare("INSERT OR IGNORE INTO seen (hash, at) VALUES (?, ?)");
  const update = db.prepare("UPDATE seen SET at = ? WHERE hash = ?");
  const scan = db.prepare("SELECT hash, at FROM seen WHERE hash > ? ORDER BY hash LIMIT ?");
  scan.setReadBigInts(true);
  const remove = db.prepare("DELETE FROM seen WHERE hash = ?");
  const FIRST = -(2n ** 63n);
  let cursor = FIRST;

  return {
    claim: (digest, at) => insert.run(digest, at).changes === 1,
    touch: (digest, at) => void update.run(at, digest),
    sweep(now, oldestJob) {
      const before = BigInt(Math.min(now, oldestJob) - KEEP_MS);
      const rows = scan.all(cursor, SWEEP_ROWS) as unknown as readonly { hash: bigint; at: bigint }[];
      for (const row of rows) if (row.at < before) remove.run(row.hash);
      const isLast = rows.length < SWEEP_ROWS;
      cursor = isLast ? FIRST : rows[rows.length - 1]!.hash;
      return isLast;
    },
  };
}
