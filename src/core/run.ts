import type { Adapter } from "./adapter.ts";
import { eventName } from "./address.ts";
import type { Clock } from "./clock.ts";
import { type ContextHost, JobContext } from "./context.ts";
import type { JobPayload } from "./dispatch.ts";
import { HobnobError } from "./errors.ts";
import { Life } from "./life.ts";
import type { Log } from "./log.ts";
import type { Outbox } from "./outbox.ts";
import type { Registered, Registry } from "./registry.ts";
import type { SentMessage } from "./reply.ts";
import type { ClaimedJob, Entry, Storage } from "./storage.ts";
import type { Trace } from "./trace.ts";

// Made once: an error made for each run would cost more than the run.
export const STOPPING = new HobnobError("STOPPING", "The bot is stopping; the job goes back to its lane.");
export const TIMED_OUT = new HobnobError("HANDLER_TIMEOUT", "The handler took too long.");
const ENDED = new HobnobError("JOB_ENDED", "The handler has ended.");

/** What all runs of a bot share. */
export interface RunOptions {
  readonly storage: Storage;
  readonly registry: Registry;
  readonly adapters: ReadonlyMap<string, Adapter>;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
  readonly trace: () => ((trace: Omit<Trace, "at">) => void) | undefined;
}

/** One attempt at a job. A class, since one is made for every attempt: its methods are made once. */
export class Run implements ContextHost {
  readonly job: ClaimedJob;
  readonly entry: Registered;
  readonly life = new Life();
  isLost = false;
  readonly #options: RunOptions;
  readonly #lendPlace: () => () => void;
  #context: JobContext | undefined;
  #left: number;
  #startedAt: number;
  #pauses = 0;
  #isLate = false;
  #cancelTimer: () => void;

  constructor(job: ClaimedJob, entry: Registered, options: RunOptions, lendPlace: () => () => void) {
    this.job = job;
    this.entry = entry;
    this.#options = options;
    this.#lendPlace = lendPlace;
    this.#left = entry.policy.timeout;
    this.#startedAt = options.clock.steady();
    this.#cancelTimer = options.clock.after(this.#left, this.#timeOut);
  }

  get registry() {
    return this.#options.registry;
  }
  get adapters() {
    return this.#options.adapters;
  }
  get storage() {
    return this.#options.storage;
  }
  get outbox() {
    return this.#options.outbox;
  }
  get clock() {
    return this.#options.clock;
  }

  /** Calls the handler. Rejects with the reason when the run ends first: a handler that ignores its signal cannot hold the lane. */
  handle(): Promise<readonly Entry[]> {
    return new Promise((resolve, reject) => {
      this.life.onEnd(reject);
      this.#context = new JobContext(this);
      JobContext.run(this.#context).then(resolve, reject);
    });
  }

  /** The time a run waits for its turn at a platform is not its own, and its place is another's meanwhile. */
  waiting(): () => void {
    const giveBack = this.#lendPlace();
    if (this.#pauses++ === 0) {
      this.#cancelTimer();
      this.#left -= this.clock.steady() - this.#startedAt;
    }
    return () => {
      giveBack();
      if (--this.#pauses > 0 || this.life.reason !== undefined) return;
      this.#startedAt = this.clock.steady();
      this.#cancelTimer = this.clock.after(Math.max(0, this.#left), this.#timeOut);
    };
  }

  /** Nobody may be waiting for what is refused then. */
  late(): void {
    if (this.#isLate || this.isLost || this.life.reason === STOPPING) return;
    this.#isLate = true;
    this.#options.log.warn(
      { ...fields(this.job), code: "JOB_ENDED" },
      "A handler wanted to say or do something after its end: that is not done. Await every reply in it.",
    );
  }

  lost(): void {
    this.isLost = true;
    const { log } = this.#options;
    log.warn(
      { ...fields(this.job), code: "JOB_ENDED" },
      "Another worker has this job: what is left of this run is not done.",
    );
  }

  sent(message: SentMessage): void {
    this.trace("sent", message.id);
  }

  found(message: SentMessage): void {
    this.trace("found", message.id);
  }

  trace(stage: Trace["stage"], message?: string): void {
    const trace = this.#options.trace();
    if (trace === undefined) return;
    const { adapter, plugin, id, attempt } = this.job;
    const about = { event: nameOf(this.job), adapter, plugin, job: id, attempt };
    trace(message === undefined ? { stage, ...about } : { stage, ...about, message });
  }

  close(): void {
    this.#cancelTimer();
    if (this.#context !== undefined) JobContext.close(this.#context);
    this.life.end(ENDED);
  }

  readonly #timeOut = () => this.life.end(TIMED_OUT);
}

/** What the log says of a job. */
export const fields = ({ id, plugin, handler, adapter, attempt }: ClaimedJob) => ({
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
