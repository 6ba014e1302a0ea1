import { PgBoss } from "pg-boss";
import { type Job, pause, TEXT } from "./job.ts";
import { runSide } from "./side.ts";

interface Data {
  readonly id: number;
  readonly text: string;
}

const QUEUE = "jobs";
const BATCH = Number(process.env.BENCH_BATCH ?? 200);
const EMPTY_MS = 10;

// Strict order within a key. `BENCH_ADD`: `send` one by one, or all that come while an insert is under way in the next one.
// `BENCH_WORK`: a loop of `fetch` and `complete`, or `work` with notifications.
await runSide(async () => {
  const boss = new PgBoss({
    ...{ connectionString: process.env.BENCH_URL!, max: 20, schedule: false, supervise: false },
    useListenNotify: process.env.BENCH_WORK === "work",
  });
  boss.on("error", console.error);
  await boss.start();
  if (process.env.BENCH_ROLE === "producer") {
    await boss.createQueue(QUEUE, { policy: "key_strict_fifo", notify: process.env.BENCH_WORK === "work" });
  }
  const insert = coalesced((jobs) => boss.insert(QUEUE, jobs.map(insertOf)));
  let isStopping = false;
  let loop: Promise<void> | undefined;

  async function fetchLoop(handle: (id: number) => unknown): Promise<void> {
    while (!isStopping) {
      const jobs = await boss.fetch<Data>(QUEUE, { batchSize: BATCH });
      if (jobs.length === 0) {
        await pause(EMPTY_MS);
        continue;
      }
      await Promise.all(jobs.map(({ data }) => handle(data.id)));
      await boss.complete(
        QUEUE,
        jobs.map(({ id }) => id),
      );
    }
  }

  return {
    add: (job) => (process.env.BENCH_ADD === "coalesced" ? insert(job) : boss.send(QUEUE, dataOf(job), optionsOf(job))),
    addMany: (jobs) => boss.insert(QUEUE, jobs.map(insertOf)),
    async work(handle) {
      if (process.env.BENCH_WORK !== "work") {
        loop = fetchLoop(handle);
        return;
      }
      const options = { batchSize: BATCH, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
      await boss.work<Data>(QUEUE, { ...options, notifyPollingIntervalSeconds: 0.5 }, async (jobs) => {
        await Promise.all(jobs.map(({ data }) => handle(data.id)));
      });
    },
    async close() {
      isStopping = true;
      await loop;
      await boss.stop({ graceful: true });
    },
  };
});

const dataOf = ({ id }: Job): Data => ({ id, text: TEXT });

// A known id is refused as long as its row is there: the event's key. Ids rise, since order within one insert is theirs.
const optionsOf = ({ id, lane }: Job) => ({
  id: (0x019f00000000 + id)
    .toString(16)
    .padStart(12, "0")
    .replace(/^(.{8})(.{4})$/, "$1-$2-7000-8000-000000000000"),
  singletonKey: lane,
});

const insertOf = (job: Job) => ({ ...optionsOf(job), data: dataOf(job) });

/** Group commit: what comes while one insert is under way shares the next. */
function coalesced(insert: (jobs: readonly Job[]) => Promise<unknown>): (job: Job) => Promise<void> {
  let pending: Job[] = [];
  let next: Promise<void> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    pending.push(job);
    next ??= last
      .then(() => new Promise(setImmediate))
      .then(() => {
        const jobs = pending;
        pending = [];
        next = undefined;
        last = insert(jobs);
        return last;
      })
      .then(() => undefined);
    return next;
  };
}
