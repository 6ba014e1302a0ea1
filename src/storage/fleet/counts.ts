import type { Clock } from "../../core/index.ts";
import { toText } from "../shared/text.ts";
import type { Batcher } from "./batcher.ts";

/** Counts of events that no handler wanted: most of the traffic, so they are written once a second, summed up. */
export interface Counts {
  ignored(adapter: string): void;
  /** Hands over what is counted. */
  flush(): void;
  stop(): void;
}

const LATER_MS = 1_000;

export function createCounts(clock: Clock, push: Batcher["push"]): Counts {
  let counted = new Map<string, { readonly day: string; readonly adapter: string; by: number }>();
  let cancel: (() => void) | undefined;

  function flush() {
    cancel?.();
    cancel = undefined;
    const taken = counted;
    counted = new Map();
    for (const { day, adapter, by } of taken.values()) {
      for (const column of ["received", "ignored"] as const) {
        push({ part: "counts", write: () => ({ day, adapter, plugin: "", column, by }) });
      }
    }
  }

  return {
    ignored(name) {
      const day = new Date(clock.now()).toISOString().slice(0, 10);
      const adapter = toText(name);
      const key = `${day}\n${adapter}`;
      const count = counted.get(key);
      if (count === undefined) counted.set(key, { day, adapter, by: 1 });
      else count.by += 1;
      cancel ??= clock.after(LATER_MS, flush);
    },
    flush,
    stop: () => cancel?.(),
  };
}
