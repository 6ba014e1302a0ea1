import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canPin, freePort } from "./processes.ts";

/** A Redis of the benchmark's own, as durable as it can be: every write is on disk before it is answered. */
export interface Redis {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Undefined, with a line that says so, where `redis-server` or BullMQ's client is not installed. */
export async function startRedis(core?: number): Promise<Redis | undefined> {
  try {
    createRequire(import.meta.url).resolve("ioredis");
  } catch {
    console.log("BullMQ is left out: its client is not installed (npm install --no-save ioredis).");
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), "hobnob-bench-redis-"));
  const port = await freePort();
  const options = `--port ${port} --bind 127.0.0.1 --appendonly yes --appendfsync always --maxmemory-policy noeviction`;
  // No snapshots: the append-only file is the durability that is measured.
  const own = ["--save", "", "--dir", folder, ...options.split(" ")];
  const isPinned = core !== undefined && canPin;
  const [command, ...before] = isPinned ? ["taskset", "-c", `${core}`, "redis-server"] : ["redis-server"];
  const child = spawn(command!, [...before, ...own], { stdio: "ignore" });
  try {
    await Promise.race([answers(port, child), failure(child)]);
  } catch (error) {
    console.log(
      `BullMQ is left out: redis-server does not run here (${error instanceof Error ? error.message : error}).`,
    );
    await rm(folder, { recursive: true, force: true });
    return undefined;
  }
  return {
    port,
    pid: child.pid!,
    async stop() {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function failure(child: ChildProcess): Promise<never> {
  const [problem] = await Promise.race([once(child, "error"), once(child, "exit")]);
  throw problem instanceof Error ? problem : new Error(`it ended with code ${problem}`);
}

async function answers(port: number, child: ChildProcess): Promise<void> {
  while (child.pid !== undefined && child.exitCode === null) {
    const socket = connect(port, "127.0.0.1");
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // It ended: what `failure` says is the outcome.
  await new Promise(() => undefined);
}
