import type { Adapter } from "./adapter.ts";
import { eventName } from "./address.ts";
import type { Clock } from "./clock.ts";
import { createContext, type JobPayload } from "./context.ts";
import { errorCode, errorMessage, HobnobError, RateLimitError, type RecordedError } from "./errors.ts";
import { createLife, type Life } from "./life.ts";
import type { Log } from "./log.ts";
import type { Outbox } from "./outbox.ts";
import type { Registered, Registry } from "./registry.ts";
import type { ClaimedJob, Storage, Verdict, Worker } from "./storage.ts";
import type { Trace } from "./trace.ts";

export interface RunnerOptions {
  readonly storage: Storage;
  readonly registry: Registry;
  readonly adapters: ReadonlyMap<string, Adapter>;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  readonly concurrency: number;
  readonly trace: () => ((trace: Omit<Trace, "at">) => void) | undefined;
}

export interface Runner {
  start(): void;
  /** Claims nothing more, gives running handlers `grace` ms, then hands the rest back to their lanes. */
  stop(grace: number): Promise<void>;
}

// Made once: an error made for each run would cost more than the run.
const STOPPING = new HobnobError("STOPPING", "The bot is stopping; the job goes back to its lane.");
const TIMED_OUT = new HobnobError("HANDLER_TIMEOUT", "The handler took too long.");

/** Runs claimed jobs to their verdicts. */
export function createRunner(options: RunnerOptions): Runner {
  const { storage, registry, adapters, outbox, clock, log, concurrency } = options;
  const running = new Set<Life>();
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
    const refusal = refuse(job, entry);
    if (refusal !== undefined) return bury(job, refusal);
    const trace = options.trace();
    const about = { event: nameOf(job), adapter: job.adapter, plugin: job.plugin, job: job.id, attempt: job.attempt };
    trace?.({ stage: "running", ...about });

    const life = createLife();
    running.add(life);
    const timer = createTimer(clock, entry!.policy.timeout, () => life.end(TIMED_OUT));
    let open: ReturnType<typeof createContext> | undefined;
    let verdict: Verdict;
    try {
      open = createContext({
        job,
        entry: entry!,
        registry,
        adapters,
        storage,
        outbox,
        clock,
        life,
        waiting() {
          const giveBack = lendPlace();
          const resume = timer.pause();
          return () => {
            giveBack();
            resume();
          };
        },
        sent: (message) => trace?.({ stage: "sent", ...about, message: message.id }),
      });
      await untilEnd(life, callHandler(entry!, open));
      verdict = { kind: "done", defer: open.deferred };
    } catch (error) {
      verdict = judge(job, entry!, error);
    } finally {
      timer.stop();
      open?.close();
      life.end(STOPPING);
      running.delete(life);
      if (running.size === 0) onIdle?.();
    }
    trace?.({ stage: STAGES[verdict.kind], ...about });
    return verdict;
  }

  function judge(job: ClaimedJob, { policy }: Registered, error: unknown): Verdict {
    if (error === STOPPING) return { kind: "release" };
    if (error instanceof RateLimitError) return { kind: "release", at: clock.now() + error.retryAfter };
    const recorded = record(job, error === TIMED_OUT ? timeoutError(policy.timeout) : error);
    const isFinal = (error instanceof HobnobError && error.permanent) || job.attempt >= policy.attempts;
    if (isFinal) return bury(job, recorded);
    const delay = (error instanceof HobnobError ? error.retryAfter : undefined) ?? policy.delayAfter(job.attempt);
    log.warn(
      { ...fields(job), code: recorded.code },
      `A handler failed and runs again in ${delay} ms: ${recorded.message}`,
    );
    return { kind: "retry", at: clock.now() + delay, error: recorded };
  }

  function bury(job: ClaimedJob, error: RecordedError): Verdict {
    log.error(
      { ...fields(job), code: error.code },
      `A job became a dead letter: ${error.message} See \`hobnob dead show ${job.id}\`.`,
    );
    return { kind: "dead", error };
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

  const record = (job: ClaimedJob, error: unknown): RecordedError => ({
    at: clock.now(),
    attempt: job.attempt,
    code: errorCode(error),
    message: errorMessage(error),
  });

  return {
    start() {
      worker = storage.work({ concurrency, run });
    },
    async stop(grace) {
      isStopping = true;
      worker?.stop();
      if (running.size === 0) return;
      await new Promise<void>((resolve) => {
        const cancel = clock.after(grace, () => {
          log.warn({ running: running.size }, "Handlers still run; their jobs go back to their lanes.");
          for (const life of running) life.end(STOPPING);
        });
        onIdle = () => {
          cancel();
          resolve();
        };
      });
    },
  };
}

async function callHandler(entry: Registered, open: ReturnType<typeof createContext>): Promise<void> {
  await open.sendAck();
  await entry.handler(open.ctx);
  await open.settled();
}

const STAGES = { done: "done", retry: "retrying", dead: "dead", release: "released" } as const;

const fields = ({ id, plugin, handler, adapter, attempt }: ClaimedJob) => ({
  job: id,
  plugin,
  handler,
  adapter,
  attempt,
});

function nameOf(job: ClaimedJob): string {
  // A person may have edited the payload of a dead letter into anything.
  const event = (job.payload as JobPayload | null)?.event;
  return event?.conversation?.adapter === undefined ? `${job.plugin}/${job.handler}/${job.id}` : eventName(event);
}

function timeoutError(ms: number): HobnobError {
  return new HobnobError(
    "HANDLER_TIMEOUT",
    `The handler took longer than ${ms} ms. Pass ctx.signal on, defer slow work, or raise \`timeout\`.`,
  );
}

/** The promise, or the reason why the run ended first: a handler that ignores its signal cannot hold the lane. */
function untilEnd(life: Life, promise: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    life.onEnd(reject);
    promise.then(resolve, reject);
  });
}

interface Timer {
  /** Stops the clock; the returned function lets it go on. */
  pause(): () => void;
  stop(): void;
}

function createTimer(clock: Clock, ms: number, fire: () => void): Timer {
  let left = ms;
  let pauses = 0;
  let startedAt = clock.now();
  let cancel = clock.after(left, fire);
  return {
    pause() {
      if (pauses++ === 0) {
        cancel();
        left -= clock.now() - startedAt;
      }
      return () => {
        if (--pauses > 0) return;
        startedAt = clock.now();
        cancel = clock.after(Math.max(0, left), fire);
      };
    },
    stop() {
      pauses = Number.POSITIVE_INFINITY;
      cancel();
    },
  };
}
