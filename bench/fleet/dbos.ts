import { DBOS } from "@dbos-inc/dbos-sdk";
import { enqueueWorkflows, prepareEnqueuedWorkflow } from "@dbos-inc/dbos-sdk/eventreceiver";
import { type Job, TEXT } from "./job.ts";
import { type Handle, runSide } from "./side.ts";

const QUEUE = "jobs";
const POLL_MS = 10;
const PATIENCE_MS = 5000;

// A partitioned queue with one workflow at a time in each partition is what comes closest to a lane. Ids rise: they decide
// the order where the times of two are equal.
await runSide(async () => {
  const { BENCH_ROLE: role = "", BENCH_URL: systemDatabaseUrl = "" } = process.env;
  const logger = { debug() {}, info() {}, warn() {}, error: console.error };
  DBOS.setConfig({
    ...{ name: "bench", systemDatabaseUrl, applicationVersion: "bench", executorID: role, logger },
    ...{ systemDatabasePoolSize: 20, enableOTLP: false, listenQueues: role === "producer" ? [] : [QUEUE] },
  });
  let handle: Handle = () => true;
  const workflow = DBOS.registerWorkflow(async ({ id }: { readonly id: number; readonly text: string }) => handle(id), {
    name: "job",
  });
  const addMany = async (jobs: readonly Job[]): Promise<unknown> =>
    enqueueWorkflows(await Promise.all(jobs.map(rowOf)));
  const rowOf = ({ id, lane }: Job) =>
    prepareEnqueuedWorkflow(workflow, [{ id, text: TEXT }], {
      ...{ queueName: QUEUE, workflowID: `event-${String(id).padStart(9, "0")}`, queuePartitionKey: lane },
    });
  let isLaunched = false;
  const launch = async (): Promise<void> => {
    isLaunched = true;
    await DBOS.launch();
  };
  if (role === "producer") {
    await launch();
    const limits = {
      partitionConcurrency: 1,
      workerConcurrency: Number(process.env.BENCH_AT_ONCE),
      minPollingIntervalMs: POLL_MS,
    };
    await DBOS.registerQueue(QUEUE, { ...limits, onConflict: "always_update" });
  }
  return {
    add: (job) => addMany([job]),
    async addMany(jobs) {
      for (let at = 0; at < jobs.length; at += 500) await addMany(jobs.slice(at, at + 500));
    },
    async work(run) {
      handle = run;
      await launch();
    },
    async close() {
      if (isLaunched) await DBOS.shutdown({ workflowCompletionTimeoutMS: PATIENCE_MS });
    },
  };
});
