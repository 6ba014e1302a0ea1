import { open, rename, rm, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { backup, type DatabaseSync } from "node:sqlite";
import { errorMessage, HobnobError } from "../../core/index.ts";
import { markCopy } from "./meta.ts";
import { isDamage } from "./open.ts";

/** Copies of an open file, which no other process can read. */
export interface Backups {
  /**
   * Copies the file, as it is when the copy ends, while it is written to.
   * @param to a file that is not there yet; on disk when this resolves
   * @throws HobnobError `BACKUP_EXISTS`, `BACKUP_FAILED`, `BACKUP_RUNNING`
   */
  save(to: string): Promise<void>;
  /** Breaks off a copy that is being made. Undefined when there is none. */
  stop(): Promise<void> | undefined;
}

// Between two portions the database is free for others: about a fifth of a millisecond each.
const PAGES_A_PORTION = 100;
const TRIES = 50;

export function createBackups(db: DatabaseSync, mend: (error: unknown) => Error): Backups {
  let running: Promise<void> | undefined;
  let isStopping = false;

  async function save(to: string) {
    await assertRoom(db, to);
    const part = `${to}.part`;
    try {
      await rm(part, { force: true });
      // Made here first: messages and tokens are nobody else's business, whatever the umask says.
      const file = await open(part, "wx", 0o600);
      try {
        await copy(part, () => file.datasync());
        markCopy(part);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(part, to);
      await syncFolder(dirname(to));
    } catch (error) {
      for (const left of [part, `${part}-journal`, `${part}-wal`, `${part}-shm`]) await rm(left, { force: true });
      throw error;
    }
  }

  async function copy(part: string, sync: () => Promise<void>) {
    let syncing: Promise<void> | undefined;
    const progress = () => {
      if (isStopping) throw new Error("the bot stops");
      // Bit by bit: all at once, at the end, it would hold up the bot's own writes.
      syncing ??= sync().finally(() => {
        syncing = undefined;
      });
    };
    for (let left = TRIES; ; left--) {
      try {
        await backup(db, part, { rate: PAGES_A_PORTION, progress });
        return await syncing;
      } catch (error) {
        // So says Node when the first portion meets an open transaction.
        if ((error as { errcode?: number }).errcode !== 0 || left === 1) throw error;
      }
    }
  }

  return {
    save(to) {
      if (running !== undefined) {
        throw new HobnobError("BACKUP_RUNNING", "A backup is being made. Try again when it is there.");
      }
      running = save(to)
        .catch((error: unknown) => {
          if (error instanceof HobnobError) throw error;
          throw isDamage(error) ? mend(error) : failed(to, errorMessage(error), error);
        })
        .finally(() => {
          running = undefined;
        });
      return running;
    },
    stop() {
      isStopping = true;
      return running?.catch(() => {});
    },
  };
}

/** A copy that fills the disk would stop the bot. */
async function assertRoom(db: DatabaseSync, to: string) {
  const exists = await open(to, "r").then(
    (file) => file.close().then(() => true),
    () => false,
  );
  if (exists) throw new HobnobError("BACKUP_EXISTS", `${to} is there already. Choose another name, or move it away.`);
  const { bavail, bsize } = await statfs(dirname(to));
  const { size } = db
    .prepare("SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size")
    .get() as { size: number };
  const megabytes = (bytes: number) => Math.ceil(bytes / 1e6);
  if (bavail * bsize > size * 1.1) return;
  throw failed(to, `it takes ${megabytes(size)} MB, and ${megabytes(bavail * bsize)} MB are free`);
}

async function syncFolder(path: string) {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const failed = (to: string, reason: string, cause?: unknown) =>
  new HobnobError(
    "BACKUP_FAILED",
    `${to} could not be written: ${reason}. The bot's process writes it: choose a folder that its user may write to.`,
    { cause },
  );
