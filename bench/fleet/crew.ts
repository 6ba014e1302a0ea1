import type { ChildProcess } from "node:child_process";
import { cpuMicros, nextMessage, start, stop } from "../processes.ts";
import { pause } from "./job.ts";
import type { Began, Command } from "./side.ts";

/** An engine to measure: a script, and what it is told. */
export interface Variant {
  readonly label: string;
  readonly script: "hobnob" | "bullmq" | "pg-boss" | "dbos";
  /** Jobs that a worker has in hand at once. */
  readonly atOnce: number;
  /** Does it keep order within a lane? */
  readonly hasLanes: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export const HOBNOB: Variant = { label: "Hobnob", script: "hobnob", atOnce: 50, hasLanes: true };

/** Starts a process of a side; it is connected when this resolves. */
export async function startMember({ script, atOnce, env }: Variant, url: string, role: string): Promise<ChildProcess> {
  const child = start(`./fleet/${script}.ts`, { ...env, BENCH_URL: url, BENCH_ROLE: role, BENCH_AT_ONCE: `${atOnce}` });
  await nextMessage(child);
  return child;
}

/** Two of them, so that they compete. */
export function startWorkers(variant: Variant, url: string): Promise<ChildProcess[]> {
  return Promise.all([0, 1].map((index) => startMember(variant, url, `worker-${index}`)));
}

const ANSWER_MS = 300_000;

/** The answer to a command, which comes in minutes or not at all. One command at a time. */
export async function ask<T>(child: ChildProcess, command: Command): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    const problem = new Error(`A process did not answer \`${command.do}\` within ${ANSWER_MS / 1000} s.`);
    timer = setTimeout(reject, ANSWER_MS, problem);
  });
  const answer = nextMessage<T>(child);
  child.send(command);
  try {
    return await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** Tells what they ran, and ends them in good order. */
export async function closeAll(children: readonly ChildProcess[]): Promise<readonly Began[]> {
  const logs = await Promise.all(children.map((child) => ask<Began>(child, { do: "close" })));
  await stopAll(children);
  return logs;
}

/** Whatever they do. */
export async function stopAll(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(children.map(stop));
}

export async function countOf(workers: readonly ChildProcess[]): Promise<number> {
  const counts = await Promise.all(workers.map((worker) => ask<number>(worker, { do: "count" })));
  return counts.reduce((sum, count) => sum + count, 0);
}

const LOOK_MS = 20;
const SILENCE_MS = 20_000;

/** Until the workers have begun so many jobs. Gives up when for a while none comes: then they are lost. */
export async function untilCount(workers: readonly ChildProcess[], jobs: number): Promise<void> {
  let count = 0;
  for (let lastAt = performance.now(); performance.now() - lastAt < SILENCE_MS; await pause(LOOK_MS)) {
    const now = await countOf(workers);
    if (now >= jobs) return;
    if (now > count) lastAt = performance.now();
    count = now;
  }
}

export const cpuOf = (children: readonly ChildProcess[]): number =>
  children.reduce((sum, { pid }) => sum + cpuMicros(pid!), 0);
