import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

/** Can processes be bound to a core? Where they cannot, they share all of them and the ratios are less exact. */
export const canPin = availableParallelism() > 1 && spawnSync("taskset", ["-V"]).error === undefined;

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Runs a script of `bench/` as a child with a message channel, on one core if that can be had. */
export function start(script: string, env: Readonly<Record<string, string>>, core?: number): ChildProcess {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const isPinned = core !== undefined && canPin;
  return fork(isPinned ? process.execPath : path, isPinned ? [path] : [], {
    ...(isPinned ? { execPath: "taskset", execArgv: ["-c", `${core}`] } : {}),
    env: { ...process.env, ...env, NODE_ENV: "production" },
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

/** The next message of a child. A child that ends instead is an error. */
export async function nextMessage<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController();
  try {
    const message = once(child, "message", { signal: ended.signal });
    const exit = once(child, "exit", { signal: ended.signal }).then(([code]) => {
      throw new Error(`${child.spawnargs.at(-1)} ended with code ${code}.`);
    });
    return (await Promise.race([message, exit]))[0] as T;
  } finally {
    ended.abort();
  }
}

/** Asks a child to end, and waits until it has. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), 5000);
  await exited;
  clearTimeout(hard);
}

/** Processor time of all threads of a process so far, in microseconds; NaN where the system does not tell (not Linux). */
export function cpuMicros(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const nanos = threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ")[0]));
    return nanos.reduce((sum, value) => sum + value, 0) / 1000;
  } catch {
    return Number.NaN;
  }
}

/** The most memory a process ever held, in MB; NaN where the system does not tell. */
export function peakMegabytes(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** The memory a process holds now, in MB; NaN where the system does not tell. */
export function residentMegabytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
