import type { DeadRecord, JobRecord } from "../fleet/index.ts";

/** A job's record in parts: `job:<id>` never changes but for the payload of a dead letter, `more:<id>` does. */
interface Parts {
  readonly job: Omit<JobRecord, "steps">;
  readonly steps: JobRecord["steps"];
  readonly diedAt: number;
}

/** @param running attempts that are not counted in Redis: 1 while a session holds the job, which is the count */
export function parseJob(id: string, job: string, more: readonly string[], running: 0 | 1): JobRecord {
  const parts = parse(id, job, more, running);
  return { ...parts.job, steps: parts.steps };
}

export function parseDead(id: string, job: string, more: readonly string[]): DeadRecord {
  const { job: parsed, diedAt } = parse(id, job, more, 0);
  const { runAt: _, ...rest } = parsed;
  return { ...rest, diedAt };
}

function parse(id: string, text: string, more: readonly string[], running: number): Parts {
  const [, adapter, plugin, digest, lane, pool, handler, storedAt, runAt, payload] = text.split("\0");
  const fields = new Map<string, string>();
  const steps: [string, string][] = [];
  for (let at = 0; at < more.length; at += 2) {
    const name = more[at]!;
    if (name.startsWith("s")) steps.push([name.slice(1), more[at + 1]!]);
    else fields.set(name, more[at + 1]!);
  }
  return {
    job: {
      id: Number(id),
      ...{ lane: lane!, pool: pool!, adapter: adapter!, plugin: plugin!, handler: handler!, payload: payload! },
      storedAt: Number(storedAt),
      runAt: Number(fields.get("r") ?? runAt),
      digest: digest === "" ? null : digest!,
      attempts: Number(fields.get("a") ?? 0) + running,
      failed: Number(fields.get("f") ?? 0),
      errors: fields.get("e") ?? "[]",
    },
    steps,
    diedAt: Number(fields.get("d") ?? 0),
  };
}
