import type { Clock, WorkOptions } from "../../core/index.ts";
import { toText } from "../shared/text.ts";
import type { Demand } from "./batcher.ts";
import type { RunningJob } from "./jobs.ts";

/** The jobs that run in this process: how many more it wants, and when to look for them. */
export interface Runs {
  open(options: WorkOptions): void;
  readonly demand: Omit<Demand, "reap">;
  /** It was claimed, and begins in a moment: an acknowledgement of the same batch goes out before. */
  begin(job: RunningJob, isSuspect: boolean): void;
  /** A batch brought so many lanes of `wanted`; the next time something is due. */
  looked(wanted: number, found: number, nextAt: number): void;
  /** There may be lanes to claim. */
  wake(): void;
  /** `leftUntil`: it is left to other processes, and may run again then. */
  end(job: RunningJob, leftUntil?: number): void;
  /** Runs on under the name of a session that is gone: what they do is void. */
  forget(): void;
  setConcurrency(concurrency: number): void;
  /** Claims nothing more. */
  stop(): void;
  /** Nothing begins any more. */
  close(): void;
  /** After `close`: jobs that were claimed and have not begun. */
  takeBack(): readonly RunningJob[];
}

export interface RunsOptions {
  readonly clock: Clock;
  poke(): void;
  run(job: RunningJob, run: WorkOptions["run"]): void;
}

// What is due is looked for so much later where it was left to others: else the same process is the first each time.
const COURTESY_MS = 250;
// The machine's time may be set meanwhile.
const LOOK_AGAIN_MS = 5_000;

export function createRuns({ clock, poke, run }: RunsOptions): Runs {
  let worker: WorkOptions | undefined;
  let pools: readonly string[] | null = null;
  let concurrency = 0;
  // A lane may be ready that this process does not know of.
  let isHungry = false;
  let isClosing = false;
  const running = new Set<RunningJob>();
  const starting = new Set<RunningJob>();
  let suspect: RunningJob | undefined;
  let politeUntil = 0;
  let timer: { readonly at: number; cancel(): void } | undefined;

  const free = () => Math.max(0, concurrency - running.size);

  function wake() {
    if (concurrency === 0) return;
    isHungry = true;
    if (free() > 0) poke();
  }

  function start(job: RunningJob) {
    if (!isClosing && starting.delete(job)) run(job, worker!.run);
  }

  function setTimer(at: number) {
    if (timer?.at === at) return;
    timer?.cancel();
    timer = undefined;
    if (at === 0 || concurrency === 0) return;
    const delay = at <= politeUntil ? COURTESY_MS : 0;
    const wait = Math.min(Math.max(0, at - clock.now()) + delay, LOOK_AGAIN_MS);
    const cancel = clock.after(wait, () => {
      timer = undefined;
      wake();
    });
    timer = { at, cancel };
  }

  function stop() {
    concurrency = 0;
    timer?.cancel();
    timer = undefined;
  }

  return {
    open(options) {
      worker = options;
      pools = options.pools?.map(toText) ?? null;
      concurrency = options.concurrency;
      wake();
    },
    get demand() {
      const places = free();
      return {
        pools,
        // Nothing waits that is known of: what comes now may run at once.
        direct: isHungry ? 0 : places,
        claim: isHungry ? places : 0,
        suspect: suspect === undefined,
      };
    },
    begin(job, isSuspect) {
      if (isSuspect) suspect = job;
      running.add(job);
      starting.add(job);
      setImmediate(start, job);
    },
    looked(wanted, found, nextAt) {
      if (wanted > 0) isHungry = found >= wanted;
      setTimer(nextAt);
    },
    wake,
    end(job, leftUntil = 0) {
      politeUntil = Math.max(politeUntil, leftUntil);
      if (!running.delete(job)) return;
      if (suspect === job) suspect = undefined;
      // Its lane may have another, and other lanes may have waited for the place.
      wake();
    },
    forget() {
      running.clear();
      starting.clear();
      suspect = undefined;
      wake();
    },
    setConcurrency(next) {
      if (concurrency === 0) return;
      const isMore = next > concurrency;
      concurrency = next;
      if (isMore) wake();
    },
    stop,
    close() {
      isClosing = true;
      stop();
    },
    takeBack: () => [...starting],
  };
}
