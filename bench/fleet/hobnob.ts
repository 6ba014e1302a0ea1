import { hostname } from "node:os";
import { type NewJob, type Storage, silentLog, systemClock } from "../../src/core/index.ts";
import { type Job, keyOf, TEXT } from "./job.ts";
import { runSide } from "./side.ts";

const concurrency = Number(process.env.BENCH_AT_ONCE);

await runSide(async () => {
  const url = process.env.BENCH_URL!;
  const storage = await storageOf(url);
  const log = { ...silentLog, warn: complain, error: complain };
  const node = { role: "start", bot: "bench", version: "0", plugins: {}, host: hostname() } as const;
  await storage.open({ clock: systemClock, log, node: { ...node, pid: process.pid, startedAt: Date.now() } });
  let stop = (): void => {};
  const jobOf = ({ id, lane }: Job): NewJob => ({
    ...{ lane, pool: "default", adapter: "bench", plugin: "bench", handler: "job" },
    payload: { id, text: TEXT },
  });
  const add = (job: Job): Promise<boolean> => storage.add({ key: keyOf(job), jobs: [jobOf(job)] });
  let running = 0;
  let idle: (() => void) | undefined;
  return {
    add,
    addMany: (jobs) => Promise.all(jobs.map(add)),
    work(handle) {
      const worker = storage.work({
        concurrency,
        async run({ payload }) {
          running += 1;
          const isDone = await handle((payload as { readonly id: number }).id);
          running -= 1;
          if (running === 0) idle?.();
          return isDone ? { kind: "done", defer: [] } : { kind: "release" };
        },
      });
      stop = worker.stop;
    },
    async close() {
      stop();
      if (running > 0) await new Promise<void>((resolve) => (idle = resolve));
      await storage.close();
    },
  };
});

async function storageOf(url: string): Promise<Storage> {
  const options = { url, maxWaiting: 5_000_000 };
  // A fleet's process loads one of them.
  if (url.startsWith("redis:")) return (await import("../../src/storage/redis/index.ts")).redis(options);
  return (await import("../../src/storage/postgres/index.ts")).postgres(options);
}

function complain(fields: object, sentence: string): void {
  console.error(sentence, fields);
}
