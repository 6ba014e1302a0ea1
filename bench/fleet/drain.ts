import type { ChildProcess } from "node:child_process";
import { ask, closeAll, countOf, cpuOf, startMember, startWorkers, stopAll, untilCount, type Variant } from "./crew.ts";
import { micros, pause } from "./job.ts";
import type { Server } from "./server.ts";
import type { Began } from "./side.ts";
import { type Tally, tallyOf } from "./tally.ts";

/** How much of a drain counts: from a second or so after its begin on, or from one number of jobs to another. */
export type Window =
  | { readonly kind: "time"; readonly skip: number; readonly ms: number }
  | { readonly kind: "jobs"; readonly skip: number; readonly jobs: number };

export interface Drained {
  /** Jobs a second. */
  readonly rate: number;
  /** Processor time of the server, and of the two workers, in microseconds a job. NaN for a window of jobs. */
  readonly server: number;
  readonly clients: number;
}

/** A backlog that lives for several windows; before each it is filled up again. */
export interface Backlog {
  /** Fills up, and lets two fresh workers drain for a window. */
  drain(window: Window): Promise<Drained>;
  readonly tally: Tally;
  clear(): Promise<void>;
}

const FIRST_JOB_MS = 60_000;
const LOOK_MS = 5;

export async function openBacklog(
  server: Server,
  variant: Variant,
  { waiting, lanes }: Record<"waiting" | "lanes", number>,
): Promise<Backlog> {
  const url = await server.place();
  const logs: Began[] = [];
  let issued = 0;
  let ran = 0;

  async function fill(): Promise<void> {
    const producer = await startMember(variant, url, "producer");
    try {
      const jobs = waiting - (issued - ran);
      await ask(producer, { do: "fill", first: issued, jobs, lanes });
      issued += jobs;
      await closeAll([producer]);
    } finally {
      await stopAll([producer]);
    }
    await server.settle(url);
  }

  return {
    async drain(window) {
      await fill();
      const workers = await startWorkers(variant, url);
      try {
        await Promise.all(workers.map((worker) => ask(worker, { do: "work", holds: false })));
        const evaluate = await observe(server, workers, window);
        const ended = await closeAll(workers);
        logs.push(...ended);
        const times = Float64Array.from(ended.flatMap(({ at }) => [...at])).sort();
        ran += times.length;
        return evaluate(times);
      } finally {
        await stopAll(workers);
      }
    },
    get tally() {
      return tallyOf(logs, { issued, lanes, isDrained: false, hasLanes: variant.hasLanes });
    },
    clear: () => server.clear(url),
  };
}

/** Waits for the end of a window; what it gives makes figures of the times, in order, at which jobs began. */
async function observe(
  server: Server,
  workers: readonly ChildProcess[],
  window: Window,
): Promise<(times: Float64Array) => Drained> {
  if (window.kind === "jobs") {
    const { skip, jobs } = window;
    await untilCount(workers, jobs);
    return (times) => {
      const last = Math.min(jobs, times.length) - 1;
      return { rate: ((last - skip) / (times[last]! - times[skip]!)) * 1e6, server: Number.NaN, clients: Number.NaN };
    };
  }
  const giveUpAt = performance.now() + FIRST_JOB_MS;
  while ((await countOf(workers)) === 0) {
    if (performance.now() > giveUpAt) throw new Error(`No job began within ${FIRST_JOB_MS / 1000} s.`);
    await pause(LOOK_MS);
  }
  const look = () => ({ at: micros(), server: server.cpu(), clients: cpuOf(workers) });
  await pause(window.skip);
  const before = look();
  await pause(window.ms - window.skip);
  const after = look();
  return (times) => {
    const jobs = times.filter((at) => at >= before.at && at < after.at).length;
    return {
      rate: (jobs / (after.at - before.at)) * 1e6,
      server: (after.server - before.server) / jobs,
      clients: (after.clients - before.clients) / jobs,
    };
  };
}
