import { quantile } from "../measure.ts";

/** One of the queues to compare. */
export interface Queue {
  /** Resolves once the job is on disk. */
  add(data: QueueData): Promise<unknown>;
  /** Fills the queue as fast as it can be, durably. */
  addMany(count: number, data: QueueData): Promise<void>;
  /** Begins to run jobs, 50 at once, each of which calls `handled`. */
  work(handled: (data: QueueData) => void): void;
  /** Resolves once nothing waits or runs. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface QueueData {
  readonly id: number;
  readonly text: string;
}

/** What a side sends to the benchmark when it is done. */
export interface QueueResult {
  /** Jobs a second from the first `add` to the last end. */
  readonly rate: number;
  /** Milliseconds from `add` until the job is on disk and its handler has run. */
  readonly p50: number;
  readonly p99: number;
}

const CALLERS = 50;
const TEXT = "pizza ".repeat(171);

/** Runs what `BENCH_TASK` says (`flow` or `drain`) with `BENCH_JOBS` jobs, and reports. */
export async function runSide(open: () => Promise<Queue>): Promise<void> {
  const jobs = Number(process.env.BENCH_JOBS);
  const queue = await open();
  const result = process.env.BENCH_TASK === "drain" ? await drain(queue, jobs) : await flow(queue, jobs);
  process.send?.(result);
  // The benchmark reads this process's memory before it lets it go.
  process.once("message", async () => {
    await queue.close();
    process.exit();
  });
}

// Every caller stores a job, waits until it was stored and handled, and goes on to its next.
async function flow(queue: Queue, jobs: number): Promise<QueueResult> {
  const times: number[] = [];
  const callers = new Map<number, () => void>();
  queue.work(({ id }) => callers.get(id)?.());
  let id = 0;
  const call = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent++) {
      const own = id++;
      const start = performance.now();
      const handled = new Promise<void>((resolve) => callers.set(own, resolve));
      await Promise.all([queue.add({ id: own, text: TEXT }), handled]);
      callers.delete(own);
      times.push(performance.now() - start);
    }
  };
  const run = async (count: number): Promise<void> => {
    await Promise.all(Array.from({ length: CALLERS }, () => call(Math.ceil(count / CALLERS))));
    await queue.idle();
  };
  await run(2000);
  times.length = 0;
  const start = performance.now();
  await run(jobs);
  const rate = (times.length / (performance.now() - start)) * 1000;
  return { rate, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

async function drain(queue: Queue, jobs: number): Promise<QueueResult> {
  await queue.addMany(jobs, { id: 0, text: TEXT });
  let handled = 0;
  const start = performance.now();
  queue.work(() => handled++);
  await queue.idle();
  if (handled !== jobs) throw new Error(`${handled} of ${jobs} jobs ran.`);
  return { rate: (jobs / (performance.now() - start)) * 1000, p50: Number.NaN, p99: Number.NaN };
}
