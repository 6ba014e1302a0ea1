import type { ChildProcess } from "node:child_process";
import { BOT_TOKEN, SIGNING_SECRET } from "./ingest/event.ts";
import type { Replies } from "./ingest/fake-slack.ts";
import type { Load, LoadResult } from "./ingest/load.ts";
import { formatNumber, formatSpread, printTable, ratioOf, spreadOf } from "./measure.ts";
import { option } from "./options.ts";
import { canPin, cpuMicros, freePort, nextMessage, peakMegabytes, start, stop } from "./processes.ts";
import { type Redis, startRedis } from "./redis.ts";

/** A bot to measure: a script that listens on PORT, answers by SLACK_API_URL, and sends "ready" once it takes events. */
interface Variant {
  readonly label: string;
  readonly script: string;
  readonly needsRedis?: boolean;
}

/** The first is the one that all others are compared with. */
const VARIANTS: readonly Variant[] = [
  { label: "Hobnob (SQLite, fsync)", script: "./ingest/hobnob.ts" },
  { label: "Bolt, nothing stored", script: "./ingest/bolt.ts" },
  { label: "Bolt + BullMQ (AOF always)", script: "./ingest/bolt-bullmq.ts", needsRedis: true },
  { label: "bare node:http, nothing stored", script: "./ingest/floor.ts" },
];

interface Round {
  /** Events a second, acknowledged and replied. */
  readonly rate: number;
  /** Processor time of the bot, microseconds an event. */
  readonly cpu: number;
  /** Milliseconds until the acknowledgement. */
  readonly p50: number;
  readonly p99: number;
  readonly lost: number;
  readonly extra: number;
  readonly refused: number;
  /** Peak memory of the bot in MB. */
  readonly memory: number;
  /** Share of the other core that was idle, 0 to 1. */
  readonly idle: number;
}

interface Others {
  readonly load: ChildProcess;
  readonly slack: ChildProcess;
  readonly slackPort: number;
  readonly redis: Redis | undefined;
}

interface Size {
  readonly events: number;
  readonly channels: number;
  readonly connections: number;
}

// Until the compiler of all variants has seen enough: a bot runs for days.
const WARM_UP = 40_000;
const BOT_CORE = 0;
const OTHER_CORE = 1;

/** Signed Slack events in, replies out, all of them acknowledged and answered: how many a second on one core. */
export async function ingest({ rounds = 5, events = 20_000, channels = 200, connections = 64 } = {}): Promise<void> {
  const redis = await startRedis(OTHER_CORE);
  const slackPort = await freePort();
  const slack = start("./ingest/fake-slack.ts", { PORT: `${slackPort}` }, OTHER_CORE);
  await nextMessage(slack);
  const load = start("./ingest/load.ts", {}, OTHER_CORE);
  const variants = VARIANTS.filter(({ needsRedis }) => !needsRedis || redis !== undefined);
  const results = new Map<Variant, Round[]>(variants.map((variant) => [variant, []]));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const variant of variants) {
        const result = await run(variant, { load, slack, slackPort, redis }, { events, channels, connections });
        results.get(variant)!.push(result);
      }
    }
  } finally {
    await Promise.all([stop(load), stop(slack), redis?.stop()]);
  }
  report(
    results,
    `${formatNumber(events)} events a round, ${connections} connections, median (range) of ${rounds} rounds`,
  );
}

async function run(variant: Variant, others: Others, size: Size): Promise<Round> {
  const { load, slack, slackPort, redis } = others;
  const port = await freePort();
  const env = {
    PORT: `${port}`,
    SLACK_API_URL: `http://127.0.0.1:${slackPort}/api/`,
    SLACK_SIGNING_SECRET: SIGNING_SECRET,
    SLACK_BOT_TOKEN: BOT_TOKEN,
    BENCH_REDIS_PORT: `${redis?.port ?? 0}`,
  };
  const bot = start(variant.script, env, BOT_CORE);
  try {
    await nextMessage(bot);
    await exchange(others, { port, first: 0, ...size, events: WARM_UP });

    const othersCpu = (): number =>
      [load, slack, ...(redis ? [redis] : [])].reduce((sum, { pid }) => sum + cpuMicros(pid!), 0);
    const before = { bot: cpuMicros(bot.pid!), others: othersCpu(), at: performance.now() };
    const { sent, replies } = await exchange(others, { port, first: WARM_UP, ...size });
    const elapsed = replies.lastAt - sent.startedAt;
    const wall = (performance.now() - before.at) * 1000;
    const acknowledged = [...sent.acknowledged.values()].reduce((sum, count) => sum + count, 0);
    const missing = [...sent.acknowledged].map(([channel, count]) => count - (replies.posts.get(channel) ?? 0));
    return {
      rate: (Math.min(acknowledged, replies.total) / elapsed) * 1e6,
      cpu: (cpuMicros(bot.pid!) - before.bot) / size.events,
      p50: sent.p50 / 1000,
      p99: sent.p99 / 1000,
      lost: missing.reduce((sum, count) => sum + Math.max(0, count), 0),
      extra: missing.reduce((sum, count) => sum + Math.max(0, -count), 0),
      refused: sent.refused,
      memory: peakMegabytes(bot.pid!),
      idle: 1 - (othersCpu() - before.others) / wall,
    };
  } finally {
    await stop(bot);
  }
}

/** Sends a load and waits until every acknowledged event was replied to, or no reply came for two seconds. */
async function exchange(
  { load, slack }: Others,
  what: Load,
): Promise<{ readonly sent: LoadResult; readonly replies: Replies }> {
  const ask = async (message: "reset" | "read"): Promise<Replies> => {
    const answer = nextMessage<Replies>(slack);
    slack.send(message);
    return answer;
  };
  await ask("reset");
  const result = nextMessage<LoadResult>(load);
  load.send(what);
  const sent = await result;
  const expected = what.events - sent.refused;
  let replies = await ask("read");
  for (let still = 0; replies.total < expected && still < 40; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const later = await ask("read");
    still = later.total === replies.total ? still + 1 : 0;
    replies = later;
  }
  return { sent, replies };
}

function report(results: ReadonlyMap<Variant, readonly Round[]>, about: string): void {
  const [ours] = results.values();
  const rows = [...results].map(([{ label }, rounds]) => {
    const of = (key: keyof Round): number[] => rounds.map((round) => round[key]);
    const sum = (key: keyof Round): string =>
      formatNumber(of(key).reduce((total, value) => total + value, 0)).replace(/\.0+$/, "");
    return [
      label,
      formatSpread(spreadOf(of("rate"))),
      formatSpread(
        ratioOf(
          ours!.map(({ rate }) => rate),
          of("rate"),
        ),
      ),
      formatSpread(spreadOf(of("cpu"))),
      `${formatNumber(spreadOf(of("p50")).median)} / ${formatNumber(spreadOf(of("p99")).median)}`,
      `${sum("lost")} / ${sum("extra")} / ${sum("refused")}`,
      formatNumber(Math.max(...of("memory"))),
      `${Math.round(Math.min(...of("idle")) * 100)} %`,
    ];
  });
  printTable(
    `Slack events acknowledged and answered on ${canPin ? "one core" : "shared cores (taskset is missing)"}: ${about}`,
    [
      [
        "",
        "events/s",
        "Hobnob ÷ this",
        "CPU µs/event",
        "ack p50 / p99 ms",
        "lost / extra / refused",
        "peak MB",
        "least idle of core 2",
      ],
      ...rows,
    ],
  );
}

if (import.meta.main) {
  await ingest({
    rounds: option("rounds", 5),
    events: option("events", 20_000),
    channels: option("channels", 200),
    connections: option("connections", 64),
  });
}
