import { copyOf } from "./defer.ts";
import type { JobPayload } from "./dispatch.ts";
import { nodeName, whoHas } from "./drift.ts";
import { errorCode, errorMessage, HobnobError, RateLimitError, type RecordedError } from "./errors.ts";
import type { Registered } from "./registry.ts";
import { fields, Run, type RunOptions, STOPPING, TIMED_OUT } from "./run.ts";
import type { ClaimedJob, NodeInfo, Verdict, Worker } from "./storage.ts";

export interface RunnerOptions extends RunOptions {
  readonly concurrency: number;
  /** Undefined: all of them. */
  readonly pools: readonly string[] | undefined;
  /** This process, as the others know it. */
  readonly self?: NodeInfo | undefined;
}

export interface Runner {
  start(): void;
  /** Claims nothing more, gives running handlers `grace` ms, then hands the rest back to their lanes. */
  stop(grace: number): Promise<void>;
}

// A limit that names no time must not become a loop without a breath.
const SHORTEST_PAUSE_MS = 250;

// A job that only others can do comes round soon at first, for chance decides who takes it; then more slowly.
const elsewhereFor = (age: number) => Math.min(Math.max(age / 4, 500), 3_000);

/** Runs claimed jobs to their verdicts. */
export function createRunner(options: RunnerOptions): Runner {
  const { storage, registry, clock, log, concurrency, pools, self } = options;
  const running = new Set<Run>();
  const left = new Set<string>();
  let worker: Worker | undefined;
  let waitingCount = 0;
  let isStopping = false;
  let onIdle: (() => void) | undefined;

  // A run that only waits for its turn at a platform gives its place to another, so that a slow destination stalls nobody else.
  function lendPlace(): () => void {
    worker?.setConcurrency(concurrency + ++waitingCount);
    return () => worker?.setConcurrency(concurrency + --waitingCount);
  }

  async function run(job: ClaimedJob): Promise<Verdict> {
    const entry = registry.find(job.plugin, job.handler);
    if (isStopping) return { kind: "release" };
    if (entry === undefined && isElsewhere(job)) {
      const now = clock.now();
      return { kind: "release", at: now + elsewhereFor(now - job.storedAt), isForOthers: true };
    }
    const refusal = refuse(job, entry);
    if (refusal !== undefined) return bury(job, entry, refusal);
    const run = new Run(job, entry!, options, lendPlace);
    running.add(run);
    run.trace("running");
    let verdict: Verdict;
    try {
      verdict = { kind: "done", defer: await run.handle() };
    } catch (error) {
      // Its verdict is another's to give; this one is dropped by the storage.
      verdict = run.isLost ? { kind: "release" } : judge(job, entry!, error);
    } finally {
      run.close();
      running.delete(run);
      if (running.size === 0) onIdle?.();
    }
    run.trace(STAGES[verdict.kind]);
    return verdict;
  }

  function judge(job: ClaimedJob, entry: Registered, error: unknown): Verdict {
    const { policy } = entry;
    if (error === STOPPING) return { kind: "release" };
    if (error instanceof RateLimitError)
      return { kind: "release", at: clock.now() + Math.max(SHORTEST_PAUSE_MS, error.retryAfter) };
    const recorded = record(job, error === TIMED_OUT ? timeoutError(policy.timeout) : error);
    const isFinal = (error instanceof HobnobError && error.permanent) || job.attempt >= policy.attempts;
    if (isFinal) return bury(job, entry, recorded);
    const delay = (error instanceof HobnobError ? error.retryAfter : undefined) ?? policy.delayAfter(job.attempt);
    log.warn(
      { ...fields(job), code: recorded.code },
      `A handler failed and runs again in ${delay} ms: ${recorded.message}`,
    );
    return { kind: "retry", at: clock.now() + delay, error: recorded };
  }

  function bury(job: ClaimedJob, entry: Registered | undefined, error: RecordedError): Verdict {
    log.error(
      { ...fields(job), code: error.code },
      `A job became a dead letter: ${error.message.replace(/\s*\n\s*/g, " ").replace(/[^.!?…]$/, "$&.")} See \`hobnob dead show ${job.id}\`.`,
    );
    if (entry?.failed === undefined) return { kind: "dead", error };
    // A person may have edited the payload of a dead letter into anything.
    const { ack: _, ...payload } = (job.payload ?? {}) as JobPayload;
    const { lane, adapter, plugin } = job;
    try {
      const told = { lane, pool: "default", adapter, plugin, handler: entry.failed, payload: copyOf(payload) };
      return { kind: "dead", error, defer: [{ jobs: [told] }] };
    } catch {
      log.error(
        fields(job),
        "Nobody is told of this dead letter: its handler has made its event into something that is not JSON.",
      );
      return { kind: "dead", error };
    }
  }

  function refuse(job: ClaimedJob, entry: Registered | undefined): RecordedError | undefined {
    if (entry === undefined) {
      return record(
        job,
        new HobnobError(
          "HANDLER_GONE",
          `Plugin \`${job.plugin}\` has no handler \`${job.handler}\` any more. Put it back and retry the job, or discard it.`,
        ),
      );
    }
    if (job.attempt > entry.policy.attempts) {
      return record(
        job,
        new HobnobError(
          "ATTEMPTS_USED_UP",
          `The process ended during each of the last attempts; ${entry.policy.attempts} were allowed.`,
        ),
      );
    }
    return undefined;
  }

  /** Does another process know the handler? Then it may take the job: while a new version comes up, some have it already. */
  function isElsewhere({ plugin, handler }: ClaimedJob): boolean {
    const other = storage.fleet && self && whoHas(storage.fleet, self, plugin);
    if (other === undefined) return false;
    const name = `${plugin}/${handler}`;
    if (!left.has(name)) {
      left.add(name);
      log.warn(
        { plugin, handler, code: "HANDLER_GONE" },
        `Plugin \`${plugin}\` has no handler \`${handler}\` here. Its jobs are left to others, such as ${nodeName(other)}.`,
      );
    }
    return true;
  }

  const record = (job: ClaimedJob, error: unknown): RecordedError => ({
    at: clock.now(),
    attempt: job.attempt,
    code: errorCode(error),
    message: errorMessage(error),
  });

  return {
    start() {
      worker = storage.work({ concurrency, run, ...(pools && { pools }) });
    },
    async stop(grace) {
      isStopping = true;
      worker?.stop();
      if (running.size === 0) return;
      const plugins = countByPlugin(running);
      const counted = Object.entries(plugins).map(([plugin, count]) => `${count} of ${plugin}`);
      log.info({ plugins }, `Waiting for running handlers, at most ${grace / 1000} s: ${counted.join(", ")}.`);
      await new Promise<void>((resolve) => {
        const cancel = clock.after(grace, () => {
          log.warn({ running: running.size }, "Handlers still run; their jobs go back to their lanes.");
          for (const { life } of running) life.end(STOPPING);
        });
        onIdle = () => {
          cancel();
          resolve();
        };
      });
    },
  };
}

function countByPlugin(running: Iterable<Run>): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { job } of running) counts[job.plugin] = (counts[job.plugin] ?? 0) + 1;
  return counts;
}

const STAGES = { done: "done", retry: "retrying", dead: "dead", release: "released" } as const;

function timeoutError(ms: number): HobnobError {
  return new HobnobError(
    "HANDLER_TIMEOUT",
    `The handler took longer than ${ms} ms. Pass ctx.signal on, defer slow work, or raise \`timeout\`.`,
  );
}
