import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../core/index.ts";
import type { Seen } from "./seen.ts";
import type { Writer } from "./writer.ts";

export interface SweeperOptions {
  readonly db: DatabaseSync;
  readonly seen: Seen;
  readonly writer: Writer;
  readonly clock: Clock;
  /** When the oldest waiting job was stored. */
  oldest(): number | undefined;
}

const SWEEP_EVERY_MS = 60_000;
const BUSY_MS = 1_000;
const NEXT_PART_MS = 20;

/** Drops what has had its time, dedupe records and values, a part at a time while the writer is idle. */
export function createSweeper({ db, seen, writer, clock, oldest }: SweeperOptions): { stop(): void } {
  const removeValues = db.prepare("DELETE FROM value WHERE until < ?");
  let cancel = clock.after(SWEEP_EVERY_MS, sweep);
  const again = (ms: number) => {
    cancel = clock.after(ms, sweep);
  };

  function sweep() {
    if (!writer.idle) return again(BUSY_MS);
    let isLast = true;
    writer.push({
      run() {
        const now = clock.now();
        isLast = seen.sweep(now, oldest() ?? now);
        if (isLast) removeValues.run(now);
      },
      done: () => again(isLast ? SWEEP_EVERY_MS : NEXT_PART_MS),
      failed: () => again(SWEEP_EVERY_MS),
    });
  }

  return { stop: () => cancel() };
}
