import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

const ID_BLOCK = 1000;

export interface Meta {
  /** The file's own name. */
  readonly instance: string;
  /** Inside a transaction. Ids never come twice, not even after a crash. */
  nextId(): number;
  rolledBack(): void;
  /** Inside a transaction: gives back what is left of the block. */
  close(): void;
  ping(at: number): void;
}

export function openMeta(db: DatabaseSync): Meta {
  const get = db.prepare("SELECT value FROM meta WHERE key = ?");
  const put = db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)");
  const read = (key: string) => (get.get(key) as { value: string | number } | undefined)?.value;
  let instance = read("instance") as string | undefined;
  if (instance === undefined) {
    instance = randomBytes(6).toString("base64url");
    put.run("instance", instance);
  }
  let next = (read("next_id") as number | undefined) ?? 1;
  let end = next;
  return {
    instance,
    nextId() {
      if (next >= end) {
        end = next + ID_BLOCK;
        put.run("next_id", end);
      }
      return next++;
    },
    // The block may not have been written: take the next from here.
    rolledBack() {
      end = next;
    },
    close: () => void put.run("next_id", next),
    ping: (at) => void put.run("ping", at),
  };
}
