import { HOBNOB, type Variant } from "./fleet/crew.ts";
import { failover } from "./fleet/failover.ts";
import { flow } from "./fleet/flow.ts";
import { idle } from "./fleet/idle.ts";
import { type Server, startPostgresServer, startRedisServer } from "./fleet/server.ts";
import { drain, flatness } from "./fleet/waiting.ts";
import { option } from "./options.ts";

const BULLMQ: Variant = { label: "BullMQ, no lanes", script: "bullmq", atOnce: 50, hasLanes: false };
const BOSS = { script: "pg-boss", hasLanes: true } as const;

// What an engine makes of a backlog depends on how many jobs a worker may have in hand: the same for all, and the best
// that was found for each of the others.
const DRAINS: readonly Variant[] = [
  { ...HOBNOB, label: "Hobnob, 50 at once" },
  { ...BOSS, label: "pg-boss, 50 at once", atOnce: 50, env: { BENCH_WORK: "fetch" } },
  {
    ...{ label: "DBOS, 500 at once", script: "dbos", atOnce: 500, hasLanes: true },
    // Of pg, about DBOS.
    env: { NODE_NO_WARNINGS: "1" },
  },
  { ...HOBNOB, label: "Hobnob, 1,000 at once", atOnce: 1000 },
  { ...BOSS, label: "pg-boss, 1,000 at once", atOnce: 1000, env: { BENCH_WORK: "fetch" } },
];
const BOSS_SEND: Variant = { ...BOSS, label: "pg-boss, send", atOnce: 1000, env: { BENCH_WORK: "poll" } };
const BOSS_INSERT: Variant = {
  ...{ ...BOSS, label: "pg-boss, coalesced insert", atOnce: 1000 },
  env: { BENCH_ADD: "coalesced", BENCH_WORK: "notify" },
};
const BOSS_NOTIFY: Variant = { ...BOSS, label: "pg-boss, notify", atOnce: 50, env: { BENCH_WORK: "notify" } };

const PARTS = ["a", "b", "c", "d", "e"] as const;

export interface FleetSize {
  /** Of `PARTS`; all when absent. */
  readonly only?: string | undefined;
  readonly rounds?: number;
  /** Of a round of flow. */
  readonly jobs?: number;
  /** Backlogs: that which all engines drain, and ours small and large. */
  readonly waiting?: number;
  readonly small?: number;
  readonly large?: number;
  /** Of a window of draining. */
  readonly seconds?: number;
}

/** Processes that share a Redis or a Postgres, ours beside others: flow, drain, backlogs, latency, and workers that go away. */
export async function fleet({
  only,
  rounds = 5,
  jobs = 10_000,
  waiting = 100_000,
  small = 10_000,
  large = 1_000_000,
  seconds = 7,
}: FleetSize = {}): Promise<void> {
  if (only !== undefined && !PARTS.some((part) => part === only)) {
    throw new Error(`--only takes one of ${PARTS.join(", ")}, not ${JSON.stringify(only)}.`);
  }
  const isWanted = (part: (typeof PARTS)[number]): boolean => only === undefined || only === part;
  const redis = await startRedisServer();
  const postgres = await startPostgresServer();
  const servers = [redis, postgres].filter((server) => server !== undefined);
  try {
    if (isWanted("a") && redis) await flow(redis, [HOBNOB, BULLMQ], { rounds, jobs });
    if (isWanted("b") && postgres) {
      await drain(postgres, DRAINS, { rounds, waiting, seconds });
    }
    // Its windows are short.
    if (isWanted("c")) for (const server of servers) await flatness(server, { rounds: rounds * 2, small, large });
    if (isWanted("d")) {
      if (postgres) await flow(postgres, [HOBNOB, BOSS_SEND, BOSS_INSERT], { rounds, jobs });
      await idle([...onEach(redis, [HOBNOB, BULLMQ]), ...onEach(postgres, [HOBNOB, BOSS_NOTIFY])], 200);
    }
    if (isWanted("e")) await failover(servers);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

const onEach = (server: Server | undefined, variants: readonly Variant[]): (readonly [Server, Variant])[] =>
  server === undefined ? [] : variants.map((variant) => [server, variant]);

if (import.meta.main) {
  const at = process.argv.indexOf("--only");
  await fleet({
    only: at < 0 ? undefined : (process.argv[at + 1] ?? ""),
    rounds: option("rounds", 5),
    jobs: option("jobs", 10_000),
    waiting: option("waiting", 100_000),
    small: option("small", 10_000),
    large: option("large", 1_000_000),
    seconds: option("seconds", 7),
  });
}
