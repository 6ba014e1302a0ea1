import { formatNumber, formatSpread, printTable, ratioOf, spreadOf } from "../measure.ts";
import { ask, closeAll, cpuOf, startMember, startWorkers, stopAll, untilCount, type Variant } from "./crew.ts";
import type { Server } from "./server.ts";
import type { Stored } from "./side.ts";
import { NO_FAULT, sumOf, type Tally, tallyLine, tallyOf } from "./tally.ts";

interface Round {
  /** Jobs a second, from the first add until the last one runs. */
  readonly rate: number;
  /** Milliseconds until a job is stored. */
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the server, and of our three processes, in microseconds a job. */
  readonly server: number;
  readonly clients: number;
  readonly tally: Tally;
}

const WARM_UP = 2000;
const LANES = 1000;
const CALLERS = 50;

/** One process stores with 50 callers, two run: how many jobs a second come through. The first variant is compared with the others. */
export async function flow(
  server: Server,
  variants: readonly Variant[],
  { rounds, jobs }: Record<"rounds" | "jobs", number>,
): Promise<void> {
  const results = new Map<Variant, Round[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round++) {
    for (const variant of variants) results.get(variant)!.push(await run(server, variant, jobs));
  }
  const column = (variant: Variant, key: keyof Omit<Round, "tally">): number[] =>
    results.get(variant)!.map((row) => row[key]);
  const first = variants[0]!;
  printTable(
    `Flow on ${server.engine}: ${CALLERS} callers in one process, two workers, 1 KB, ${LANES} lanes, ${formatNumber(jobs)} jobs a round, median (range) of ${rounds} rounds`,
    [
      ["", "jobs/s", `${first.label} ÷ this`, "ack p50 ms", "ack p99 ms", "server µs/job", "clients µs/job"],
      ...variants.map((variant) => [
        variant.label,
        formatSpread(spreadOf(column(variant, "rate"))),
        formatSpread(ratioOf(column(first, "rate"), column(variant, "rate"))),
        ...(["p50", "p99", "server", "clients"] as const).map((key) =>
          formatNumber(spreadOf(column(variant, key)).median),
        ),
      ]),
    ],
  );
  for (const variant of variants) {
    const sum = results.get(variant)!.reduce((total, { tally }) => sumOf(total, tally), NO_FAULT);
    console.log(`  ${variant.label}: ${tallyLine(sum)}`);
  }
}

async function run(server: Server, variant: Variant, jobs: number): Promise<Round> {
  const url = await server.place();
  const producer = await startMember(variant, url, "producer");
  const workers = await startWorkers(variant, url);
  const all = [producer, ...workers];
  try {
    await Promise.all(workers.map((worker) => ask(worker, { do: "work", holds: false })));
    const load = { do: "flow", lanes: LANES, callers: CALLERS } as const;
    await ask(producer, { ...load, first: 0, jobs: WARM_UP });
    await untilCount(workers, WARM_UP);
    await server.settle(url);
    const before = { server: server.cpu(), clients: cpuOf(all) };
    const stored = await ask<Stored>(producer, { ...load, first: WARM_UP, jobs });
    await untilCount(workers, WARM_UP + jobs);
    const after = { server: server.cpu(), clients: cpuOf(all) };
    const logs = await closeAll(all);
    const lastAt = logs.reduce((last, { at }) => Math.max(last, at.at(-1) ?? 0), 0);
    return {
      rate: (jobs / (lastAt - stored.startedAt)) * 1e6,
      p50: stored.p50,
      p99: stored.p99,
      server: (after.server - before.server) / jobs,
      clients: (after.clients - before.clients) / jobs,
      tally: tallyOf(logs, { issued: WARM_UP + jobs, lanes: LANES, isDrained: true, hasLanes: variant.hasLanes }),
    };
  } finally {
    await stopAll(all);
    await server.clear(url);
  }
}
