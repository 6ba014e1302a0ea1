import { Queue, Worker } from "bullmq";
import { type Job, keyOf, TEXT } from "./job.ts";
import { runSide } from "./side.ts";

interface Data {
  readonly id: number;
  readonly text: string;
}

const concurrency = Number(process.env.BENCH_AT_ONCE);

// One job a message, no lanes. The key of the event is the job's id, so that a redelivery is dropped while the job is
// there; keeping it for days, as Hobnob does, would cost more.
await runSide(async () => {
  const { hostname, port, searchParams } = new URL(process.env.BENCH_URL!);
  const options = { connection: { host: hostname, port: Number(port) }, prefix: searchParams.get("prefix")! };
  const queue = new Queue<Data>("jobs", options);
  await queue.waitUntilReady();
  let worker: Worker<Data> | undefined;
  const partsOf = (job: Job) => ({
    ...{ name: "job", data: { id: job.id, text: TEXT } },
    opts: { jobId: keyOf(job), attempts: 8, removeOnComplete: true },
  });
  return {
    async add(job) {
      const { name, data, opts } = partsOf(job);
      await queue.add(name, data, opts);
    },
    addMany: (jobs) => queue.addBulk(jobs.map(partsOf)),
    async work(handle) {
      worker = new Worker<Data>("jobs", async ({ data }) => handle(data.id), { ...options, concurrency });
      await worker.waitUntilReady();
    },
    async close() {
      await worker?.close();
      await queue.close();
    },
  };
});
