import { formatNumber, printTable, quantile } from "../measure.ts";
import { ask, closeAll, startMember, stopAll, untilCount, type Variant } from "./crew.ts";
import type { Server } from "./server.ts";
import type { Stored } from "./side.ts";
import { tallyLine, tallyOf } from "./tally.ts";

const WARM_UP = 50;
const PAUSE_MS = 30;
const LANES = 1000;

/** Where nothing else is to be done: milliseconds from an add in one process until the job begins in the other. */
export async function idle(places: readonly (readonly [Server, Variant])[], jobs: number): Promise<void> {
  const rows: string[][] = [];
  const lines: string[] = [];
  for (const [server, variant] of places) {
    const { times, stored, line } = await run(server, variant, jobs);
    const figures = [quantile(times, 0.5), quantile(times, 0.99), stored.p50, stored.p99];
    rows.push([`${variant.label}, ${server.engine}`, ...figures.map(formatNumber)]);
    lines.push(`  ${variant.label}, ${server.engine}: ${line}`);
  }
  printTable(`Idle: ${formatNumber(jobs)} jobs, one every ${PAUSE_MS} ms or so`, [
    ["", "begins p50 ms", "begins p99 ms", "ack p50 ms", "ack p99 ms"],
    ...rows,
  ]);
  for (const line of lines) console.log(line);
}

async function run(server: Server, variant: Variant, jobs: number) {
  const url = await server.place();
  const producer = await startMember(variant, url, "producer");
  const all = [producer, await startMember(variant, url, "worker-0")];
  try {
    const [, worker] = all;
    await ask(worker!, { do: "work", holds: false });
    const load = { do: "trickle", lanes: LANES, pause: PAUSE_MS } as const;
    await ask(producer, { ...load, first: 0, jobs: WARM_UP });
    const stored = await ask<Stored>(producer, { ...load, first: WARM_UP, jobs });
    await untilCount([worker!], WARM_UP + jobs);
    const logs = await closeAll(all);
    const times: number[] = [];
    for (const { ids, at } of logs) {
      ids.forEach((id, index) => {
        if (id >= WARM_UP) times.push((at[index]! - stored.addedAt[id - WARM_UP]!) / 1000);
      });
    }
    const { hasLanes } = variant;
    const tally = tallyOf(logs, { issued: WARM_UP + jobs, lanes: LANES, isDrained: true, hasLanes });
    return { times, stored, line: tallyLine(tally) };
  } finally {
    await stopAll(all);
    await server.clear(url);
  }
}
