import type { ChildProcess } from "node:child_process";
import { ask, closeAll, countOf, cpuOf, startMember, startWorkers, stopAll, type Variant } from "./crew.ts";
import { micros, pause } from "./job.ts";
import type { Server } from "./server.ts";
import type { Began } from "./side.ts";
import { type Tally, tallyOf } from "./tally.ts";

/** Which part of a drain counts. It begins when so many jobs have begun and so much time has passed since the first of them, */
export interface Window {
  readonly skipJobs: number;
  readonly skipMs: number;
  /** and it ends when so many jobs have begun, so that the backlog stays large, */
  readonly endJobs: number;
  /** or after so much time. */
  readonly endMs: number;
}

export interface Drained {
  /** Jobs a second. */
  readonly rate: number;
  /** Processor time of the server, and of the two workers, in microseconds a job. */
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

const PATIENCE_MS = 60_000;
const LOOK_MS = 10;

export async function openBacklog(
  server: Server,
  variant: Variant,
  { waiting, lanes }: Record<"waiting" | "lanes", number>,
): Promise<Backlog> {
  const url = await server.place();
  const logs: Began[] = [];
  let issued = 0;
  let ran = 0;

  async function fill(producer: ChildProcess): Promise<void> {
    const jobs = waiting - (issued - ran);
    await ask(producer, { do: "fill", first: issued, jobs, lanes });
    issued += jobs;
    await closeAll([producer]);
    await server.settle(url);
  }

  return {
    async drain(window) {
      const members = [await startMember(variant, url, "producer")];
      try {
        const filled = fill(members[0]!);
        const [workers] = await Promise.all([startWorkers(variant, url), filled]);
        members.push(...workers);
        await Promise.all(workers.map((worker) => ask(worker, { do: "work", holds: false })));
        const evaluate = await observe(server, workers, window);
        const ended = await closeAll(workers);
        logs.push(...ended);
        const times = Float64Array.from(ended.flatMap(({ at }) => [...at])).sort();
        ran += times.length;
        return evaluate(times);
      } finally {
        await stopAll(members);
      }
    },
    get tally() {
      return tallyOf(logs, { issued, lanes, isDrained: false, hasLanes: variant.hasLanes });
    },
    clear: () => server.clear(url),
  };
}

/** Waits for the end of a window; what it gives makes figures of the times at which jobs began. */
async function observe(
  server: Server,
  workers: readonly ChildProcess[],
  { skipJobs, skipMs, endJobs, endMs }: Window,
): Promise<(times: Float64Array) => Drained> {
  const look = () => ({ at: micros(), server: server.cpu(), clients: cpuOf(workers) });
  const giveUpAt = performance.now() + PATIENCE_MS;
  let firstAt: number | undefined;
  let begin: ReturnType<typeof look> | undefined;
  while (performance.now() < giveUpAt) {
    const count = await countOf(workers);
    if (count > 0) firstAt ??= performance.now();
    const ms = performance.now() - (firstAt ?? performance.now());
    // The first second of a very fast side must not be its whole window.
    const isLate = ms >= skipMs || count >= endJobs / 4;
    if (begin === undefined && count >= skipJobs && isLate) begin = look();
    if (begin !== undefined && (count >= endJobs || ms >= endMs)) break;
    await pause(LOOK_MS);
  }
  if (begin === undefined) throw new Error(`Fewer than ${skipJobs} jobs began within ${PATIENCE_MS / 1000} s.`);
  const [from, to] = [begin, look()];
  return (times) => {
    const jobs = times.filter((at) => at >= from.at && at < to.at).length;
    return {
      rate: (jobs / (to.at - from.at)) * 1e6,
      server: (to.server - from.server) / jobs,
      clients: (to.clients - from.clients) / jobs,
    };
  };
}
