import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";

const ID_BLOCK = 1000;
// More jobs a second than a bot stores, and times stay below 10^14, which every storage can count to.
const IDS_A_SECOND = 32_768;

export interface Meta {
  /** The file's own name. */
  readonly instance: string;
  /** An id above all that were given. */
  readonly firstFree: number;
  /** Whose data is being moved here, until all of it has come. */
  readonly moving: string | undefined;
  /** Inside a transaction. Ids never come twice, not even after a crash. */
  nextId(): number;
  rolledBack(): void;
  /** Inside a transaction: gives back what is left of the block. */
  close(): void;
  ping(at: number): void;
  /** Inside a transaction: the file becomes another storage's data, of which the rest is to come. */
  adopt(instance: string, nextId: number): void;
  /** Inside a transaction: all has come. */
  settle(): void;
}

export function openMeta(db: DatabaseSync, now: number): Meta {
  const get = db.prepare("SELECT value FROM meta WHERE key = ?");
  const put = db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)");
  const read = (key: string) => (get.get(key) as { value: string | number } | undefined)?.value;
  let instance = read("instance") as string | undefined;
  if (instance === undefined) {
    instance = randomBytes(6).toString("base64url");
    put.run("instance", instance);
  }
  let moving = read("moving") as string | undefined;
  let next = (read("next_id") as number | undefined) ?? 1;
  if (read("copied") !== undefined) {
    // The file that this one is a copy of went on and gave out ids, from which posts got their names.
    next = Math.max(next, Math.floor(now / 1000) * IDS_A_SECOND);
    put.run("next_id", next);
    db.exec("DELETE FROM meta WHERE key = 'copied'");
  }
  let end = next;
  return {
    get instance() {
      return instance!;
    },
    get firstFree() {
      return next;
    },
    get moving() {
      return moving;
    },
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
      instance = read("instance") as string;
      moving = read("moving") as string | undefined;
    },
    close: () => void put.run("next_id", next),
    ping: (at) => void put.run("ping", at),
    adopt(name, nextId) {
      put.run("instance", name);
      put.run("moving", name);
      instance = moving = name;
      next = Math.max(next, nextId);
      end = next;
      put.run("next_id", next);
    },
    settle() {
      db.prepare("DELETE FROM meta WHERE key = 'moving'").run();
      moving = undefined;
    },
  };
}

/** Marks a copy of a file: when it is opened, its ids begin where those of the original will never be. */
export function markCopy(file: string): void {
  const db = new DatabaseSync(file);
  try {
    db.exec("PRAGMA locking_mode = EXCLUSIVE; INSERT OR REPLACE INTO meta (key, value) VALUES ('copied', 1)");
  } finally {
    db.close();
  }
}
