import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";

/** The write-ahead log to which SQLite has appended the latest commits, and the way from there to the disk. */
export interface Wal {
  /** Brings all that is in the log now to the disk, in another thread. */
  sync(done: (error: Error | null) => void): void;
  /** The same, in this one. @throws Error of the system */
  syncNow(): void;
  close(): void;
}

export function openWal(file: string): Wal {
  // Linux tells a disk's error once to each descriptor: with one for both, one way could take it from the other.
  const [there, here] = [openSync(file, "r+"), openSync(file, "r+")];
  let running = 0;
  let isClosing = false;
  // While a thread is at it, the number must not become another file's.
  const closeIdle = () => {
    if (isClosing && running === 0) closeSync(there);
  };
  return {
    sync(done) {
      running += 1;
      fdatasync(there, (error) => {
        running -= 1;
        closeIdle();
        done(error);
      });
    },
    syncNow: () => fdatasyncSync(here),
    close() {
      isClosing = true;
      closeSync(here);
      closeIdle();
    },
  };
}
