import type { Adapter } from "./adapter.ts";
import type { Clock } from "./clock.ts";
import { DeliveryError, HobnobError } from "./errors.ts";
import type { Life } from "./life.ts";
import type { Conversation } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import type { OutgoingReply, SentMessage } from "./reply.ts";
import type { ClaimedJob, Storage } from "./storage.ts";

export interface StepsOptions {
  readonly job: ClaimedJob;
  readonly storage: Storage;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly life: Life;
  /** The run waits for its turn at the platform; the returned function ends that. */
  waiting(): () => void;
  sent(message: SentMessage): void;
}

/** What a job does that must happen once, however often the job runs. */
export interface Steps {
  /** @throws HobnobError `JOB_ENDED` once the job has its verdict or another worker may hold it */
  assertHeld(): void;
  /** A call to a platform: not again when an earlier attempt made it. */
  call<T>(key: string, options: CallOptions<T>): Promise<T>;
  /** A post: looked up before it is sent again when nobody knows whether an earlier attempt sent it. */
  post(key: string, to: Conversation, adapter: Adapter, outgoing: Omit<OutgoingReply, "ref">): Promise<SentMessage>;
  /** Names a step of this job for ever. */
  refOf(key: string): string;
  close(): void;
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

export function createSteps({ job, storage, outbox, clock, life, waiting, sent }: StepsOptions): Steps {
  let isOpen = true;
  const failures = new Map<string, { readonly count: number; readonly error: unknown }>();
  const refOf = (key: string) => `${storage.instance}.${job.id}.${key}`;

  // The last gate before anything leaves: a job that has its verdict, or that another worker may hold, says nothing.
  function assertHeld() {
    if (isOpen && job.isHeld()) return;
    throw new HobnobError(
      "JOB_ENDED",
      `Job ${job.id} of plugin \`${job.plugin}\` has ended; what it does now comes too late. Await every reply.`,
    );
  }

  async function call<T>(
    key: string,
    { adapter, to, call, paced = false, isRepeated = false }: CallOptions<T>,
  ): Promise<T> {
    assertHeld();
    if (!isRepeated && job.steps.has(key) && !isDoubt(job.steps.get(key))) return job.steps.get(key) as T;
    const place = `${to.adapter}/${to.account ?? ""}/${to.id}/${to.thread ?? ""}`;
    const before = failures.get(place)?.count ?? 0;
    const posting = outbox.post(adapter, to, {
      paced,
      life,
      waiting,
      call() {
        assertHeld();
        // What stood before it in this conversation comes later, if at all: this must not overtake it.
        const failure = failures.get(place);
        if (failure !== undefined && failure.count > before) throw failure.error;
        return call();
      },
    });
    try {
      const result = await posting;
      if (!isRepeated) save(key, result ?? null);
      return result;
    } catch (error) {
      failures.set(place, { count: (failures.get(place)?.count ?? 0) + 1, error });
      throw error;
    }
  }

  // Not awaited: the verdict of the job covers it, and a crash before that leaves the step in doubt, which `find` resolves.
  function save(key: string, value: unknown) {
    storage.saveStep(job, key, value).catch(() => {});
  }

  function post(
    key: string,
    to: Conversation,
    adapter: Adapter,
    outgoing: Omit<OutgoingReply, "ref">,
  ): Promise<SentMessage> {
    const reply: OutgoingReply = { ...outgoing, ref: refOf(key) };
    let isInDoubt = job.inDoubt || isDoubt(job.steps.get(key));
    async function send(): Promise<SentMessage> {
      if (isInDoubt) {
        const found = await lookUp(key, to, adapter, reply);
        isInDoubt = false;
        if (found !== undefined) return found;
      }
      let isOut = true;
      // A run that ends meanwhile does not know what becomes of it, and the next one must look.
      life.onEnd(() => {
        if (isOut) save(key, DOUBT);
      });
      try {
        const message = await adapter.send(to, reply);
        sent(message);
        return message;
      } catch (error) {
        if (error instanceof DeliveryError && error.maybeSent) await storage.saveStep(job, key, DOUBT);
        throw error;
      } finally {
        isOut = false;
      }
    }
    return call(key, { adapter, to, paced: true, call: send });
  }

  async function lookUp(
    key: string,
    to: Conversation,
    adapter: Adapter,
    reply: OutgoingReply,
  ): Promise<SentMessage | undefined> {
    const found = adapter.find === undefined ? "unknown" : await adapter.find(to, reply);
    const outcome = found === "unknown" ? "sent again" : found === undefined ? "not found" : "found";
    await storage.saveDoubt({
      at: clock.now(),
      job: job.id,
      adapter: adapter.name,
      plugin: job.plugin,
      step: key,
      outcome,
    });
    return found === "unknown" ? undefined : found;
  }

  return {
    assertHeld,
    call,
    post,
    refOf,
    close() {
      isOpen = false;
    },
  };
}

function isDoubt(recorded: unknown): boolean {
  return typeof recorded === "object" && recorded !== null && "doubt" in recorded;
}
