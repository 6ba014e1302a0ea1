import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NewJob, silentLog, systemClock } from "../../src/core/index.ts";
import { sqlite } from "../../src/storage/sqlite/index.ts";
import { type QueueData, runSide } from "./side.ts";

await runSide(async () => {
  const folder = await mkdtemp(join(tmpdir(), "hobnob-bench-"));
  const storage = sqlite({ file: join(folder, "hobnob.db"), maxWaiting: 2_000_000 });
  await storage.open({ clock: systemClock, log: silentLog });
  let count = 0;
  const jobOf = (payload: QueueData): NewJob => {
    const lane = `bench ${count++ % 1000}`;
    return { lane, pool: "default", adapter: "bench", plugin: "bench", handler: "job", payload };
  };
  return {
    add: (data) => storage.add({ key: `job ${count}`, jobs: [jobOf(data)] }),
    async addMany(jobs, data) {
      for (let left = jobs; left > 0; left -= 500) {
        const batch = Array.from({ length: Math.min(left, 500) }, () => jobOf(data));
        await Promise.all(batch.map((job) => storage.add({ jobs: [job] })));
      }
    },
    work(handled) {
      storage.work({
        concurrency: 50,
        async run(job) {
          handled(job.payload as QueueData);
          return { kind: "done", defer: [] };
        },
      });
    },
    async idle() {
      while (storage.pending() > 0) await new Promise((resolve) => setImmediate(resolve));
    },
    async close() {
      await storage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});
