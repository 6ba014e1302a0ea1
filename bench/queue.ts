import { formatNumber, formatSpread, printTable, ratioOf, spreadOf } from "./measure.ts";
import { flag, option } from "./options.ts";
import { nextMessage, peakMegabytes, start } from "./processes.ts";
import type { QueueResult } from "./queue/side.ts";
import { type Redis, startRedis } from "./redis.ts";

interface Round extends QueueResult {
  /** Peak memory in MB: of the process, and of Redis. */
  readonly memory: number;
  readonly redis: number;
}

const SIDES = { hobnob: "Hobnob (SQLite, fsync)", bullmq: "BullMQ (AOF always)" } as const;
type Side = keyof typeof SIDES;

async function run(side: Side, task: "flow" | "drain", jobs: number, redis?: Redis): Promise<Round> {
  const env = { BENCH_TASK: task, BENCH_JOBS: `${jobs}`, BENCH_REDIS_PORT: `${redis?.port ?? 0}` };
  const child = start(`./queue/${side}.ts`, env);
  const result = await nextMessage<QueueResult>(child);
  const memory = peakMegabytes(child.pid!);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.send("done");
  await ended;
  return { ...result, memory, redis: side === "bullmq" && redis ? peakMegabytes(redis.pid) : 0 };
}

/** A durable job queue with 50 callers, beside BullMQ: how many jobs a second, how long each takes, how fast a backlog drains. */
export async function queue({ rounds = 5, jobs = 10_000, waiting = 20_000, million = false } = {}): Promise<void> {
  const redis = await startRedis();
  const sides: readonly Side[] = redis ? ["hobnob", "bullmq"] : ["hobnob"];
  const flows = new Map<Side, Round[]>(sides.map((side) => [side, []]));
  const drains = new Map<Side, Round[]>(sides.map((side) => [side, []]));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const side of sides) {
        flows.get(side)!.push(await run(side, "flow", jobs, redis));
        drains.get(side)!.push(await run(side, "drain", waiting, redis));
      }
    }
  } finally {
    await redis?.stop();
  }
  const column = (rows: readonly Round[], key: keyof Round): number[] => rows.map((row) => row[key]);
  const rates = (of: Map<Side, Round[]>, side: Side): number[] => column(of.get(side)!, "rate");
  const rows = sides.map((side) => {
    const flow = flows.get(side)!;
    const all = [...flow, ...drains.get(side)!];
    const memory = formatNumber(Math.max(...column(all, "memory")));
    return [
      SIDES[side],
      formatSpread(spreadOf(rates(flows, side))),
      formatSpread(spreadOf(column(flow, "p50"))),
      formatSpread(spreadOf(column(flow, "p99"))),
      formatSpread(spreadOf(rates(drains, side))),
      side === "bullmq" ? `${memory} + ${formatNumber(Math.max(...column(all, "redis")))}` : memory,
    ];
  });
  if (redis) {
    const ratio = (of: Map<Side, Round[]>): string => formatSpread(ratioOf(rates(of, "hobnob"), rates(of, "bullmq")));
    rows.push(["ratio of the rates", ratio(flows), "", "", ratio(drains), ""]);
  }
  printTable(
    `Durable queue, 50 callers, 1 KB jobs, ${formatNumber(jobs)} a round, median (range) of ${rounds} rounds`,
    [["", "jobs/s", "p50 ms", "p99 ms", `drain of ${formatNumber(waiting)}, jobs/s`, "peak MB (+ Redis)"], ...rows],
  );
  if (!million) return;
  const { rate, memory } = await run("hobnob", "drain", 1_000_000);
  console.log(
    `\n  Hobnob drains 1,000,000 waiting jobs at ${formatNumber(rate)} jobs/s with ${formatNumber(memory)} MB at most.`,
  );
}

if (import.meta.main) {
  await queue({
    rounds: option("rounds", 5),
    jobs: option("jobs", 10_000),
    waiting: option("waiting", 20_000),
    million: flag("million"),
  });
}
