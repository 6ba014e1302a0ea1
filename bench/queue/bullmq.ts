import { Queue, Worker } from "bullmq";
import { type QueueData, runSide } from "./side.ts";

const connection = { host: "127.0.0.1", port: Number(process.env.BENCH_REDIS_PORT) };
const name = `bench-${process.pid}`;
const options = { attempts: 8, removeOnComplete: true };

await runSide(async () => {
  const queue = new Queue<QueueData>(name, { connection });
  await queue.waitUntilReady();
  let worker: Worker<QueueData> | undefined;
  let waiting = 0;
  let wake: (() => void) | undefined;
  return {
    async add(data) {
      waiting++;
      await queue.add("job", data, options);
    },
    async addMany(count, data) {
      waiting += count;
      for (let left = count; left > 0; left -= 500) {
        const size = Math.min(left, 500);
        await queue.addBulk(Array.from({ length: size }, () => ({ name: "job", data, opts: options })));
      }
    },
    work(handled) {
      worker = new Worker<QueueData>(name, async ({ data }) => handled(data), { connection, concurrency: 50 });
      worker.on("completed", () => {
        waiting--;
        if (waiting === 0) wake?.();
      });
    },
    async idle() {
      if (waiting > 0) await new Promise<void>((resolve) => (wake = resolve));
    },
    async close() {
      await worker?.close();
      await queue.obliterate({ force: true });
      await queue.close();
    },
  };
});
