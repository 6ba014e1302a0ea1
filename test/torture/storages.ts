import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { openPostgres } from "../servers/postgres.ts";
import { openRedis } from "../servers/redis.ts";
import type { BotSettings } from "./bot-settings.ts";
import { pause } from "./node.ts";

export const STORAGES = ["sqlite", "postgres", "redis"] as const;
export type StorageName = (typeof STORAGES)[number];

/** A storage that can be harmed. What does not exist for it is absent. */
export interface TorturedStorage extends AsyncDisposable {
  readonly url: string;
  /** Processes can share it. */
  readonly isShared: boolean;
  /** Its server dies and is started again after so many ms. */
  kill?(ms: number): Promise<void>;
  /** Its server is stopped in good order and started again. */
  restart?(): Promise<void>;
  /** Its server stands still for so many ms. */
  freeze?(ms: number): Promise<void>;
  /** It takes no new data for so many ms. */
  fill?(ms: number): Promise<void>;
  /** The settings with which a bot finds its disk full. */
  full?(): BotSettings["storage"];
}

export async function openStorage(name: StorageName, folder: string): Promise<TorturedStorage> {
  if (name === "postgres") return openTorturedPostgres();
  if (name === "redis") return openTorturedRedis();
  return openSqlite(folder);
}

function openSqlite(folder: string): TorturedStorage {
  const file = join(folder, "torture.db");
  const url = `sqlite:${file}`;
  return {
    url,
    isShared: false,
    full: () => ({ url, maxBytes: Math.max(100_000, existsSync(file) ? Math.ceil(statSync(file).size * 1.02) : 0) }),
    async [Symbol.asyncDispose]() {},
  };
}

/** A Redis whose AOF is written always; full is an end of its memory. */
async function openTorturedRedis(): Promise<TorturedStorage> {
  const server = await openRedis("maxmemory-policy", "noeviction");
  const pidOf = async () => Number(/process_id:(\d+)/.exec(String(await server.command("INFO", "server")))![1]);
  return {
    url: server.url,
    isShared: true,
    async kill(ms) {
      await server.kill();
      await pause(ms);
      await server.restart();
    },
    async restart() {
      await server.command("SHUTDOWN", "NOSAVE").catch(() => {});
      await server.restart();
    },
    freeze: async (ms) => freezeAll([await pidOf()], ms),
    async fill(ms) {
      await server.command("CONFIG", "SET", "maxmemory", "1mb");
      await pause(ms);
      await server.command("CONFIG", "SET", "maxmemory", "0");
    },
    [Symbol.asyncDispose]: server.dispose,
  };
}

/** A Postgres; full is what hosts do when the disk is: every transaction is read-only. */
async function openTorturedPostgres(): Promise<TorturedStorage> {
  const server = await openPostgres({ own: true });
  const [row] = await server.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
  const pids = () => {
    const first = Number(readFileSync(join(row!.folder, "postmaster.pid"), "utf8").split("\n")[0]);
    return [first, ...childrenOf(first)];
  };
  async function change(...statements: readonly string[]): Promise<void> {
    const client = new Client({ connectionString: server.url, options: "-c default_transaction_read_only=off" });
    client.on("error", () => {});
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  }
  // What is left of a killed one may hold its memory for a moment.
  async function startAgain(): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        return await server.restart();
      } catch (error) {
        if (tries > 20) throw error;
        await pause(200);
      }
    }
  }
  return {
    url: server.url,
    isShared: true,
    async kill(ms) {
      for (const pid of pids()) signal(pid, "SIGKILL");
      await pause(ms);
      await startAgain();
    },
    async restart() {
      await server.stop();
      await startAgain();
    },
    freeze: (ms) => freezeAll(pids(), ms),
    async fill(ms) {
      await change("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()");
      await pause(ms);
      await change("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()");
    },
    [Symbol.asyncDispose]: server.dispose,
  };
}

async function freezeAll(pids: readonly number[], ms: number): Promise<void> {
  for (const pid of pids) signal(pid, "SIGSTOP");
  await pause(ms);
  for (const pid of pids) signal(pid, "SIGCONT");
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

function childrenOf(parent: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        // The name of the program may hold anything; behind its bracket come the state and the parent.
        return Number(readFileSync(`/proc/${name}/stat`, "utf8").split(") ").at(-1)!.split(" ")[1]) === parent;
      } catch {
        return false;
      }
    })
    .map(Number);
}
