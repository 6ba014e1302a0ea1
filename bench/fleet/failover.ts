import { formatSpread, printTable, spreadOf } from "../measure.ts";
import { ask, closeAll, HOBNOB, startMember, stopAll, untilCount } from "./crew.ts";
import { micros, pause } from "./job.ts";
import type { Server } from "./server.ts";
import type { Began } from "./side.ts";

const JOBS = 20;
const ROUNDS = 5;
// Long enough for the other worker to have seen the first one's beats.
const ACQUAINTED_MS = 2000;

type Signal = "SIGKILL" | "SIGTERM";

/** A worker with running jobs is killed, or asked to end: milliseconds until the last of its jobs runs in the other one. */
export async function failover(servers: readonly Server[]): Promise<void> {
  const rows = servers.flatMap((server) =>
    (["SIGKILL", "SIGTERM"] as const).map((signal) => ({ server, signal, times: [] as number[] })),
  );
  // They mostly wait, so the engines need not take turns.
  await Promise.all(
    servers.map(async (server) => {
      for (let round = 0; round < ROUNDS; round++) {
        for (const row of rows) if (row.server === server) row.times.push(await run(server, row.signal));
      }
    }),
  );
  printTable(`A worker goes away with ${JOBS} running jobs, median (range) of ${ROUNDS} times`, [
    ["", "ms until all of them run elsewhere"],
    ...rows.map(({ server, signal, times }) => [
      `Hobnob, ${server.engine}, ${signal === "SIGKILL" ? "kill -9" : signal}`,
      formatSpread(spreadOf(times)),
    ]),
  ]);
}

async function run(server: Server, signal: Signal): Promise<number> {
  const url = await server.place();
  const producer = await startMember(HOBNOB, url, "producer");
  const first = await startMember(HOBNOB, url, "worker-0");
  const second = await startMember(HOBNOB, url, "worker-1");
  try {
    await ask(first, { do: "work", holds: true });
    await ask(producer, { do: "fill", first: 0, jobs: JOBS, lanes: JOBS });
    await untilCount([first], JOBS);
    await ask(second, { do: "work", holds: true });
    // At any moment between two beats.
    await pause(ACQUAINTED_MS * (1 + Math.random() / 2));
    const killedAt = micros();
    first.kill(signal);
    await untilCount([second], JOBS);
    const [{ at, ids }] = (await closeAll([second])) as [Began];
    if (new Set(ids).size !== JOBS) throw new Error(`${ids.length} of ${JOBS} jobs of the worker that went ran again.`);
    await closeAll([producer]);
    return (at[JOBS - 1]! - killedAt) / 1000;
  } finally {
    await stopAll([producer, first, second]);
    await server.clear(url);
  }
}
