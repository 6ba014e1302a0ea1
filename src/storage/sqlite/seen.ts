import type { DatabaseSync } from "node:sqlite";

/** The dedupe records: which events came in already. */
export interface Seen {
  /** False when it was there already. Inside a transaction. */
  claim(digest: bigint, at: number): boolean;
  /** The job of this record ended now. Inside a transaction. */
  touch(digest: bigint, at: number): void;
  /** Takes over another storage's record, unless it is there already. Inside a transaction. */
  adopt(digest: bigint, at: number): void;
  /** Writes what was claimed, at the end of the transaction. */
  write(): void;
  committed(): void;
  rolledBack(): void;
  /** Looks through some records and drops old ones. Returns true after the last. `oldestJob`: when the oldest waiting job was stored. */
  sweep(now: number, oldestJob: number): boolean;
}

/** 72 hours after the end of its jobs, longer than any platform redelivers, and the hour in which an end does not renew it. */
const KEEP_MS = 73 * 3_600_000;
// Rows looked at in one idle turn of the event loop: about a millisecond of work.
const SWEEP_ROWS = 1000;
// In memory, about 50 bytes each.
const MOST_LATE = 100_000;
const FIRST = -(2n ** 63n);

/** The digests that one commit claimed. */
export interface LateRow {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly hashes: Uint8Array;
}

/** The digests of a row: 8 bytes each, the highest first. */
export function digestsOf(hashes: Uint8Array): readonly bigint[] {
  const view = new DataView(hashes.buffer, hashes.byteOffset, hashes.byteLength);
  return Array.from({ length: hashes.byteLength / 8 }, (_, at) => view.getBigInt64(at * 8));
}

function bytesOf(digests: readonly bigint[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(digests.length * 8));
  digests.forEach((digest, at) => void view.setBigInt64(at * 8, digest));
  return new Uint8Array(view.buffer);
}

/**
 * Digests come in no order, so in a table sorted by them each one is a page to write. The latest are therefore kept in
 * memory, and in the file a row for each commit, one behind the other. Only what is crowded out of there is sorted in.
 */
export function createSeen(db: DatabaseSync, most: number = MOST_LATE): Seen {
  const find = db.prepare("SELECT 1 FROM seen WHERE hash = ?");
  const insert = db.prepare("INSERT OR IGNORE INTO seen (hash, at) VALUES (?, ?)");
  const renew = db.prepare("INSERT OR REPLACE INTO seen (hash, at) VALUES (?, ?)");
  const scan = db.prepare("SELECT hash, at FROM seen WHERE hash > ? ORDER BY hash LIMIT ?");
  scan.setReadBigInts(true);
  const remove = db.prepare("DELETE FROM seen WHERE hash = ?");
  const append = db.prepare("INSERT INTO seen_lately (at, hashes) VALUES (?, ?)");
  const oldest = db.prepare("SELECT id, at, hashes FROM seen_lately ORDER BY id LIMIT 1");
  const removeRow = db.prepare("DELETE FROM seen_lately WHERE id = ?");

  const late = new Set<bigint>();
  // There may be sorted ones.
  let isSorted = db.prepare("SELECT 1 FROM seen LIMIT 1").get() !== undefined;
  let cursor = FIRST;
  // By this transaction.
  let claimed: bigint[] = [];
  let claimedAt = 0;
  let forgotten: bigint[] = [];
  const begin = () => {
    claimed = [];
    forgotten = [];
  };

  const rows = db.prepare("SELECT hashes FROM seen_lately").iterate() as IterableIterator<unknown>;
  for (const row of rows) for (const digest of digestsOf((row as LateRow).hashes)) late.add(digest);

  const first = () => oldest.get() as unknown as LateRow | undefined;

  function forget({ id, hashes }: LateRow): readonly bigint[] {
    removeRow.run(id);
    const digests = digestsOf(hashes);
    for (const digest of digests) late.delete(digest);
    forgotten.push(...digests);
    return digests;
  }

  return {
    claim(digest, at) {
      if (late.has(digest) || (isSorted && find.get(digest) !== undefined)) return false;
      late.add(digest);
      claimed.push(digest);
      claimedAt = at;
      return true;
    },
    touch(digest, at) {
      renew.run(digest, at);
      isSorted = true;
    },
    adopt(digest, at) {
      insert.run(digest, at);
      isSorted = true;
    },
    write() {
      if (claimed.length === 0) return;
      append.run(claimedAt, bytesOf(claimed));
      while (late.size > most) {
        const row = first()!;
        for (const digest of forget(row)) insert.run(digest, row.at);
        isSorted = true;
      }
    },
    committed: begin,
    rolledBack() {
      for (const digest of forgotten) late.add(digest);
      for (const digest of claimed) late.delete(digest);
      begin();
    },
    sweep(now, oldestJob) {
      const before = Math.min(now, oldestJob) - KEEP_MS;
      let left = SWEEP_ROWS;
      for (let row = first(); row !== undefined && row.at < before; row = first()) {
        left -= forget(row).length;
        if (left <= 0) return false;
      }
      const found = scan.all(cursor, left) as unknown as readonly { hash: bigint; at: bigint }[];
      for (const { hash, at } of found) if (at < before) remove.run(hash);
      if (cursor === FIRST && found.length === 0) isSorted = false;
      const isLast = found.length < left;
      cursor = isLast ? FIRST : found[found.length - 1]!.hash;
      return isLast;
    },
  };
}
