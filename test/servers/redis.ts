import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "./port.ts";

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  /** Another part of the same Redis: a URL with a prefix of its own. */
  another(): string;
  /** Is this a process of ours, which may be killed and set up as a test wants it? */
  readonly isOurs: boolean;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  restart(): Promise<void>;
  /** One command on a connection of its own. */
  command(name: string, ...args: readonly string[]): Promise<unknown>;
  dispose(): Promise<void>;
}

/**
 * A Redis for tests: `HOBNOB_TEST_REDIS` (a URL), else a process of our own with an AOF that is written always.
 * @param settings of `redis-server`, name and value in turn; such a server is always our own
 */
export async function openRedis(...settings: readonly string[]): Promise<RedisServer> {
  const given = process.env.HOBNOB_TEST_REDIS;
  return given === undefined || given === "" || settings.length > 0 ? startServer(settings) : useServer(given);
}

const newPrefix = () => `test-${randomBytes(6).toString("hex")}`;

function withPrefix(url: string, prefix: string): string {
  const changed = new URL(url);
  changed.searchParams.set("prefix", prefix);
  return changed.href;
}

function plain(url: string): string {
  const changed = new URL(url);
  changed.search = "";
  return changed.href;
}

async function command(url: string, name: string, args: readonly string[]): Promise<unknown> {
  const redis = new Redis(plain(url), { retryStrategy: null, lazyConnect: true });
  redis.on("error", () => {});
  try {
    await redis.connect();
    return await redis.call(name, args as string[]);
  } finally {
    redis.disconnect();
  }
}

function useServer(base: string): RedisServer {
  const prefixes: string[] = [];
  const another = () => {
    const prefix = newPrefix();
    prefixes.push(prefix);
    return withPrefix(base, prefix);
  };
  const notOurs = async () => {
    throw new Error("This Redis is not ours to kill.");
  };
  async function dispose() {
    for (const prefix of prefixes) {
      const keys = (await command(base, "KEYS", [`{${prefix}}:*`])) as string[];
      for (const key of keys) await command(base, "UNLINK", [key]);
    }
  }
  return {
    url: another(),
    another,
    isOurs: false,
    kill: notOurs,
    restart: notOurs,
    command: (name, ...args) => command(base, name, args),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

async function startServer(settings: readonly string[]): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "hobnob-redis-"));
  const port = await freePort();
  const base = `redis://127.0.0.1:${port}/0`;
  let server = await start(port, folder, settings);
  // Whatever becomes of the tests: no server stays behind.
  const atExit = () => void server.kill("SIGKILL");
  process.on("exit", atExit);
  async function kill() {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGKILL");
    await ended;
  }
  async function dispose() {
    await kill();
    process.off("exit", atExit);
    await rm(folder, { recursive: true, force: true });
  }
  return {
    url: base,
    another: () => withPrefix(base, newPrefix()),
    isOurs: true,
    kill,
    async restart() {
      await kill();
      server = await start(port, folder, settings);
    },
    command: (name, ...args) => command(base, name, args),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

async function start(port: number, folder: string, settings: readonly string[]): Promise<ChildProcess> {
  const flags = [
    ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
    ...["--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"],
    ...settings.map((word, at) => (at % 2 === 0 ? `--${word}` : word)),
  ];
  const server = spawn("redis-server", flags, { stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (part: Buffer) => {
      said += String(part);
      if (said.includes("Ready to accept connections")) resolve(server);
    };
    server.stdout!.on("data", hear);
    server.stderr!.on("data", hear);
    server.once("error", (error) => {
      reject(
        new Error("No redis-server on PATH. Install it (apt-get install redis-server), or set HOBNOB_TEST_REDIS.", {
          cause: error,
        }),
      );
    });
    server.once("exit", () => reject(new Error(`redis-server did not start: ${said.slice(-500)}`)));
  });
}
