import type { Adapter } from "./adapter.ts";
import { threadOf } from "./address.ts";
import type { Clock } from "./clock.ts";
import { DeliveryError, HobnobError } from "./errors.ts";
import type { Life } from "./life.ts";
import type { Conversation } from "./message.ts";
import type { Outbox, PostOptions } from "./outbox.ts";
import type { OutgoingReply, SentMessage } from "./reply.ts";
import type { ClaimedJob, Storage } from "./storage.ts";

/** What a run lends to its steps. */
export interface StepsHost {
  readonly job: ClaimedJob;
  readonly storage: Storage;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly life: Life;
  /** The run waits for its turn at the platform; the returned function ends that. */
  waiting(): () => void;
  /** Another worker has the job. */
  lost(): void;
  /** It was asked for something after its end. */
  late(): void;
  sent(message: SentMessage): void;
  /** The platform has a post that was in doubt. */
  found(message: SentMessage): void;
}

export interface CallOptions<T> {
  readonly adapter: Adapter;
  readonly to: Conversation;
  /** It counts against the destination's pace. @default false */
  readonly paced?: boolean;
  /** Making it again does no harm, and its content may differ: every attempt makes it. @default false */
  readonly isRepeated?: boolean;
  call(): Promise<T>;
}

/** What the record of a step holds while nobody knows whether the platform took the call. */
const DOUBT = { doubt: true };

interface Failure {
  readonly count: number;
  readonly error: unknown;
}

/**
 * What a job does that must happen once, however often the job runs.
 * A class, since one is made for every run: its methods are made once.
 */
export class Steps {
  readonly #host: StepsHost;
  #isOpen = true;
  #failures: Map<string, Failure> | undefined;

  constructor(host: StepsHost) {
    this.#host = host;
  }

  /** May it still leave? Where the answer is no for now, `regain` may find out. */
  get isHeld(): boolean {
    return this.#isOpen && this.#host.job.isHeld();
  }

  /** A job that has its verdict does nothing more. @throws HobnobError `JOB_ENDED` */
  assertOpen(): void {
    const { job } = this.#host;
    if (this.#isOpen && (job.regain !== undefined || job.isHeld())) return;
    throw this.#ended();
  }

  /**
   * The last gate before anything leaves: a job that has its verdict, or that another worker may hold, says nothing.
   * Waits where that cannot be known yet.
   * @throws HobnobError `JOB_ENDED`
   */
  async regain(): Promise<void> {
    const { job } = this.#host;
    while (this.#isOpen && job.regain !== undefined) {
      const done = this.#host.waiting();
      const isRegained = await job.regain().finally(done);
      if (this.isHeld) return;
      if (isRegained || !this.#isOpen) continue;
      this.#host.lost();
      break;
    }
    throw this.#ended();
  }

  /** A call to a platform: not again when an earlier attempt made it. */
  call<T>(key: string, options: CallOptions<T>): Promise<T> {
    return this.isHeld ? this.#call(key, options) : this.regain().then(() => this.#call(key, options));
  }

  #call<T>(key: string, { adapter, to, call, paced = false, isRepeated = false }: CallOptions<T>): Promise<T> {
    const { job, outbox, life } = this.#host;
    if (!isRepeated && job.steps.has(key) && !isDoubt(job.steps.get(key))) {
      return Promise.resolve(job.steps.get(key) as T);
    }
    const before = this.#failureAt(to)?.count ?? 0;
    const inOrder = () => {
      // What stood before it in this conversation comes later, if at all: this must not overtake it.
      const failure = this.#failureAt(to);
      return failure !== undefined && failure.count > before ? Promise.reject(failure.error) : call();
    };
    const post: PostOptions<T> = {
      paced,
      life,
      waiting: () => this.#host.waiting(),
      call: () => (this.isHeld ? inOrder() : this.regain().then(inOrder)),
    };
    return outbox.post(adapter, to, post).then(
      (result) => {
        if (!isRepeated) this.#save(key, result ?? null);
        return result;
      },
      (error: unknown) => {
        this.#failures ??= new Map();
        this.#failures.set(threadOf(to), { count: (this.#failureAt(to)?.count ?? 0) + 1, error });
        throw error;
      },
    );
  }

  #failureAt(to: Conversation): Failure | undefined {
    return this.#failures?.get(threadOf(to));
  }

  /** A post: looked up before it is sent again when nobody knows whether an earlier attempt sent it. */
  post(key: string, to: Conversation, adapter: Adapter, outgoing: Omit<OutgoingReply, "ref">): Promise<SentMessage> {
    const { job } = this.#host;
    const reply: OutgoingReply = { ...outgoing, ref: this.refOf(key) };
    let isInDoubt = job.inDoubt || isDoubt(job.steps.get(key));
    const send = () => this.#send(key, to, adapter, reply);
    const sendUnlessFound = async () => {
      const found = await this.#lookUp(key, to, adapter, reply);
      isInDoubt = false;
      if (found !== undefined) return found;
      // To look took its time.
      if (!this.isHeld) await this.regain();
      return send();
    };
    return this.call(key, { adapter, to, paced: true, call: () => (isInDoubt ? sendUnlessFound() : send()) });
  }

  /** Names a step of this job for ever. */
  refOf(key: string): string {
    const { job, storage } = this.#host;
    return `${storage.instance}.${job.id}.${key}`;
  }

  close(): void {
    this.#isOpen = false;
  }

  #ended(): HobnobError {
    const { id, plugin } = this.#host.job;
    this.#host.late();
    return new HobnobError(
      "JOB_ENDED",
      `Job ${id} of plugin \`${plugin}\` has ended; what it does now comes too late. Await every reply.`,
    );
  }

  async #send(key: string, to: Conversation, adapter: Adapter, reply: OutgoingReply): Promise<SentMessage> {
    const { job, storage, life } = this.#host;
    let isOut = true;
    // A run that ends meanwhile does not know what becomes of it, and the next one must look.
    life.onEnd(() => {
      if (isOut) this.#save(key, DOUBT);
    });
    try {
      const message = await adapter.send(to, reply);
      this.#host.sent(message);
      return message;
    } catch (error) {
      if (error instanceof DeliveryError && error.maybeSent) await storage.saveStep(job, key, DOUBT);
      throw error;
    } finally {
      isOut = false;
    }
  }

  // Not awaited: the verdict of the job covers it, and a crash before that leaves the step in doubt, which `find` resolves.
  #save(key: string, value: unknown) {
    const { job, storage } = this.#host;
    storage.saveStep(job, key, value).catch(ignore);
  }

  async #lookUp(
    key: string,
    to: Conversation,
    adapter: Adapter,
    reply: OutgoingReply,
  ): Promise<SentMessage | undefined> {
    const { job, storage, clock } = this.#host;
    const found = adapter.find === undefined ? "unknown" : await adapter.find(to, reply);
    const outcome = found === "unknown" ? "sent again" : found === undefined ? "not found" : "found";
    const { id, plugin } = job;
    await storage.saveDoubt({ at: clock.now(), job: id, adapter: adapter.name, plugin, step: key, outcome });
    if (found === undefined || found === "unknown") return undefined;
    this.#host.found(found);
    return found;
  }
}

const ignore = () => {};

function isDoubt(recorded: unknown): boolean {
  return typeof recorded === "object" && recorded !== null && "doubt" in recorded;
}
