import { PgBoss } from "pg-boss";
import { type Job, pause, TEXT } from "./job.ts";
import { runSide } from "./side.ts";

interface Data {
  readonly id: number;
  readonly text: string;
}

const QUEUE = "jobs";
const EMPTY_MS = 50;
const { BENCH_URL: connectionString = "", BENCH_ROLE: role, BENCH_ADD: adds, BENCH_WORK: works } = process.env;
const batchSize = Number(process.env.BENCH_AT_ONCE);

// Strict order within a key. `BENCH_ADD`: `send` one by one, or `coalesced`, where all that come while an insert is under
// way share the next. `BENCH_WORK`: a loop of `fetch` and `complete`, or `work` that looks every half second or hears of
// each job (`notify`); both go on at once while batches are full.
await runSide(async () => {
  const useListenNotify = works === "notify";
  const boss = new PgBoss({ connectionString, max: 20, schedule: false, supervise: false, useListenNotify });
  boss.on("error", console.error);
  await boss.start();
  if (role === "producer") await boss.createQueue(QUEUE, { policy: "key_strict_fifo", notify: useListenNotify });
  const insert = coalesced((jobs) => boss.insert(QUEUE, jobs.map(insertOf)));
  let isStopping = false;
  let loop: Promise<void> | undefined;

  async function fetchLoop(handle: (id: number) => unknown): Promise<void> {
    while (!isStopping) {
      const jobs = await boss.fetch<Data>(QUEUE, { batchSize });
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
    add: (job) => (adds === "coalesced" ? insert(job) : boss.send(QUEUE, dataOf(job), optionsOf(job))),
    addMany: (jobs) => boss.insert(QUEUE, jobs.map(insertOf)),
    async work(handle) {
      if (works === "fetch") {
        loop = fetchLoop(handle);
        return;
      }
      const pause = { pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5 };
      await boss.work<Data>(QUEUE, { batchSize, burstWhenBatchFull: true, ...pause }, async (jobs) => {
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
