import { Redis as Client } from "ioredis";
import { startPostgres } from "../postgres.ts";
import { cpuMicros } from "../processes.ts";
import { startRedis } from "../redis.ts";
import { pause } from "./job.ts";

/** A database server of the benchmark's own, and places in it for the data of one side. */
export interface Server {
  readonly engine: "Redis" | "Postgres";
  /** The URL of a new and empty place. */
  place(): Promise<string>;
  /** Throws a place away. */
  clear(url: string): Promise<void>;
  /** Brings a filled place to rest: statistics, dead rows, checkpoints and rewrites are not what is measured. */
  settle(url: string): Promise<void>;
  /** Processor time of the server so far, in microseconds. */
  cpu(): number;
  stop(): Promise<void>;
}

const SETTLE_MS = 60_000;

export async function startRedisServer(): Promise<Server | undefined> {
  const redis = await startRedis();
  if (redis === undefined) return undefined;
  const client = new Client({ port: redis.port, host: "127.0.0.1" });
  let places = 0;
  const isBusy = async (): Promise<boolean> => /_in_progress:1/.test(await client.info("persistence"));
  return {
    engine: "Redis",
    async place() {
      places += 1;
      return `redis://127.0.0.1:${redis.port}/0?prefix=bench-${places}`;
    },
    async clear(url) {
      const prefix = new URL(url).searchParams.get("prefix")!;
      for await (const keys of client.scanStream({ match: `*${prefix}[:}]*`, count: 1000 })) {
        if ((keys as string[]).length > 0) await client.unlink(...(keys as string[]));
      }
    },
    async settle() {
      const giveUpAt = performance.now() + SETTLE_MS;
      while (performance.now() < giveUpAt && (await isBusy())) await pause(50);
    },
    cpu: () => cpuMicros(redis.pid),
    async stop() {
      client.disconnect();
      await redis.stop();
    },
  };
}

export async function startPostgresServer(): Promise<Server | undefined> {
  const postgres = await startPostgres();
  if (postgres === undefined) return undefined;
  let places = 0;
  const databaseOf = (url: string): string => new URL(url).pathname.slice(1);
  return {
    engine: "Postgres",
    async place() {
      places += 1;
      const name = `bench_${places}`;
      await postgres.run("postgres", `CREATE DATABASE ${name}`);
      return postgres.url(name);
    },
    clear: (url) => postgres.run("postgres", `DROP DATABASE ${databaseOf(url)} WITH (FORCE)`),
    settle: (url) => postgres.run(databaseOf(url), "VACUUM ANALYZE", "CHECKPOINT"),
    cpu: postgres.cpu,
    stop: postgres.stop,
  };
}
