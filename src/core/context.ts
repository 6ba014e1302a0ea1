import type { Adapter } from "./adapter.ts";
import { laneOf } from "./address.ts";
import { type Clock, parseDuration } from "./clock.ts";
import type { EventPayload } from "./dispatch.ts";
import { DeliveryError, HobnobError } from "./errors.ts";
import type { Life } from "./life.ts";
import type { Conversation, Event } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import type { Capability, Context, DeferOptions, Job, SentReply } from "./plugin.ts";
import type { Registered, Registry } from "./registry.ts";
import { toOutgoing } from "./render-reply.ts";
import type { OutgoingReply, Reply, SentMessage } from "./reply.ts";
import type { ClaimedJob, Entry, Storage } from "./storage.ts";
import { streamText } from "./stream.ts";

/** What a stored job carries: an event, or what it was deferred with, or both. */
export interface JobPayload extends Partial<EventPayload> {
  readonly payload?: unknown;
}

export interface ContextOptions {
  readonly job: ClaimedJob;
  readonly entry: Registered;
  readonly registry: Registry;
  readonly adapters: ReadonlyMap<string, Adapter>;
  readonly storage: Storage;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly life: Life;
  /** The run waits for its turn at the platform; the returned function ends that. */
  waiting(): () => void;
  sent(message: SentMessage): void;
}

/** A context and what the runner needs of it. */
export interface OpenContext {
  readonly ctx: Context;
  /** Sends the immediate text that did not go out with the acknowledgement. */
  sendAck(): Promise<void>;
  readonly deferred: readonly Entry[];
  /** The run has its verdict: nothing more may be said for it. */
  close(): void;
}

/** What the record of a step holds while nobody knows whether the platform took the call. */
const DOUBT = { doubt: true };

export function createContext(options: ContextOptions): OpenContext {
  const { job, entry, adapters, storage, outbox, clock, life } = options;
  const { event, ack, payload } = job.payload as JobPayload;
  const { args, match } = entry.matched(event);
  const deferred: Entry[] = [];
  const counts = { reply: 0, edit: 0, delete: 0, react: 0 };
  const onceKeys = new Set<string>();
  let isOpen = true;
  let sentAck: SentReply | undefined;

  function adapterOf(conversation: Conversation): Adapter {
    const adapter = adapters.get(conversation.adapter);
    if (adapter !== undefined) return adapter;
    throw new HobnobError(
      "ADAPTER_GONE",
      `No adapter is called \`${conversation.adapter}\` any more. Put it back into the config and retry the job.`,
      {
        permanent: true,
      },
    );
  }

  // The last gate before anything leaves: a job that has its verdict, or that another worker may hold, says nothing.
  function assertHeld() {
    if (isOpen && job.isHeld()) return;
    throw new HobnobError(
      "JOB_ENDED",
      `Job ${job.id} of plugin \`${entry.plugin.name}\` has ended; what it does now comes too late. Await every reply.`,
    );
  }

  /** A step that talks to the platform: not again when an earlier attempt did it. */
  async function step<T>(
    key: string,
    adapter: Adapter,
    to: Conversation,
    paced: boolean,
    call: () => Promise<T>,
  ): Promise<T> {
    assertHeld();
    if (job.steps.has(key) && !isDoubt(job.steps.get(key))) return job.steps.get(key) as T;
    const result = await outbox.post(adapter, to, {
      paced,
      life,
      waiting: options.waiting,
      call() {
        assertHeld();
        return call();
      },
    });
    // Not awaited: the verdict of the job covers it, and a crash before that leaves the step in doubt, which `find` resolves.
    void storage.saveStep(job, key, result ?? null);
    return result;
  }

  function post(
    key: string,
    to: Conversation,
    adapter: Adapter,
    outgoing: Omit<OutgoingReply, "ref">,
  ): Promise<SentMessage> {
    const reply: OutgoingReply = { ...outgoing, ref: `${storage.instance}.${job.id}.${key}` };
    let isInDoubt = job.inDoubt || isDoubt(job.steps.get(key));
    return step(key, adapter, to, true, async () => {
      if (isInDoubt) {
        const found = await lookUp(key, to, adapter, reply);
        isInDoubt = false;
        if (found !== undefined) return found;
      }
      try {
        const sent = await adapter.send(to, reply);
        options.sent(sent);
        return sent;
      } catch (error) {
        if (error instanceof DeliveryError && error.maybeSent) await storage.saveStep(job, key, DOUBT);
        throw error;
      }
    });
  }

  async function lookUp(
    key: string,
    to: Conversation,
    adapter: Adapter,
    reply: OutgoingReply,
  ): Promise<SentMessage | undefined> {
    const found = await adapter.find?.(to, reply);
    const outcome = found !== undefined ? "found" : adapter.find === undefined ? "sent again" : "not found";
    await storage.saveDoubt({
      at: clock.now(),
      job: job.id,
      adapter: adapter.name,
      plugin: entry.plugin.name,
      step: key,
      outcome,
    });
    return found;
  }

  async function say(key: string, to: Conversation, reply: Reply): Promise<SentReply> {
    const adapter = adapterOf(to);
    const place = typeof reply === "object" && reply.inThread === false ? withoutThread(to) : to;
    const posts = toOutgoing(reply, adapter, about());
    const sent = await Promise.all(posts.map((outgoing, index) => post(partKey(key, index), place, adapter, outgoing)));
    return handleOf(sent[0]!, adapter);
  }

  const about = () => ({ since: job.storedAt, ...(event === undefined ? {} : { author: event.author.id }) });

  function handleOf(sent: SentMessage, adapter: Adapter): SentReply {
    return {
      ...sent,
      ...(adapter.edit === undefined ? {} : { edit: (reply: Reply) => edit(sent, adapter, reply) }),
      ...(adapter.delete === undefined
        ? {}
        : {
            delete: () =>
              step(`delete:${counts.delete++}`, adapter, sent.conversation, false, () => adapter.delete!(sent)),
          }),
    };
  }

  function edit(sent: SentMessage, adapter: Adapter, reply: Reply): Promise<void> {
    const key = `edit:${counts.edit++}`;
    const [outgoing, more] = toOutgoing(reply, adapter, about());
    if (more !== undefined) {
      throw new HobnobError(
        "REPLY_TOO_LONG",
        `An edit must fit into one post of ${adapter.limits.textLength} characters. Send a further reply instead.`,
        {
          permanent: true,
        },
      );
    }
    const ref = `${storage.instance}.${job.id}.${key}`;
    return step(key, adapter, sent.conversation, false, () => adapter.edit!(sent, { ...outgoing!, ref }));
  }

  function home(): Conversation {
    if (event !== undefined) return event.conversation;
    throw new HobnobError(
      "NO_CONVERSATION",
      `Job ${job.id} of plugin \`${entry.plugin.name}\` did not begin with a message. Use ctx.send with a conversation.`,
      {
        permanent: true,
      },
    );
  }

  async function stream(parts: AsyncIterable<string>): Promise<SentReply> {
    const to = home();
    const adapter = adapterOf(to);
    const key = `reply:${counts.reply++}`;
    if (adapter.edit === undefined) {
      let text = "";
      for await (const part of parts) text += part;
      return say(key, to, text);
    }
    const first = await streamText(parts, {
      clock,
      life,
      split: (text) => toOutgoing(text, adapter, about()).map((part) => part.text),
      async post(index, text) {
        const step = partKey(key, index);
        const isNew = !job.steps.has(step) && !job.inDoubt;
        return { sent: await post(step, to, adapter, toOutgoing(text, adapter, about())[0]!), isNew };
      },
      edit: (sent, text) => edit(sent, adapter, text),
    });
    return handleOf(first, adapter);
  }

  const ctx: Context = {
    event: event as Event,
    message: event as never,
    payload: payload as undefined,
    args,
    match,
    reply: (reply) => say(`reply:${counts.reply++}`, home(), reply),
    send: (to, reply) => say(`reply:${counts.reply++}`, to, reply),
    stream,
    ...(event !== undefined && adapters.get(event.conversation.adapter)?.react !== undefined
      ? {
          react(name: string) {
            const adapter = adapterOf(event.conversation);
            const to = { id: event.id, conversation: event.conversation };
            return step(`react:${counts.react++}`, adapter, event.conversation, false, () => adapter.react!(to, name));
          },
        }
      : {}),
    async once<T>(key: string, fn: () => T | Promise<T>): Promise<T> {
      if (onceKeys.has(key)) {
        throw new HobnobError(
          "ONCE_TWICE",
          `ctx.once("${key}") was called twice in one run. Give each call its own key.`,
          { permanent: true },
        );
      }
      onceKeys.add(key);
      const step = `once:${key}`;
      if (job.steps.has(step)) return job.steps.get(step) as T;
      assertHeld();
      const value = await fn();
      await storage.saveStep(job, step, value ?? null);
      return value;
    },
    defer<Q>(to: Job<Q>, given: Q, deferOptions: DeferOptions = {}) {
      deferred.push(
        jobEntry({
          registry: options.registry,
          job: to,
          payload: given,
          event,
          options: deferOptions,
          now: clock.now(),
          lane: job.lane,
        }),
      );
    },
    get ack() {
      return sentAck;
    },
    can: (what: Capability) => event !== undefined && adapters.get(event.conversation.adapter)?.[what] !== undefined,
    store: entry.plugin.store,
    get signal() {
      return life.signal;
    },
    attempt: job.attempt,
    log: entry.plugin.log,
  };

  return {
    ctx,
    async sendAck() {
      if (ack !== undefined) sentAck = await say("ack", home(), ack);
    },
    deferred,
    close() {
      isOpen = false;
    },
  };
}

export interface JobEntryOptions {
  readonly registry: Registry;
  readonly job: Job<unknown>;
  readonly payload: unknown;
  readonly event?: Event | undefined;
  readonly options: DeferOptions;
  readonly now: number;
  /** Of the job it is deferred from; a job from outside has a lane of its own. */
  readonly lane?: string | undefined;
}

/** A deferred job as it is stored. @throws HobnobError `JOB_UNKNOWN`, `JOB_PAYLOAD` */
export function jobEntry({ registry, job, payload, event, options, now, lane }: JobEntryOptions): Entry {
  const target = registry.find(job.plugin, job.name);
  if (target === undefined) {
    throw new HobnobError(
      "JOB_UNKNOWN",
      `Plugin \`${job.plugin}\` has no job \`${job.name}\`. Make it with bot.job in setup.`,
      { permanent: true },
    );
  }
  const delay = options.delay === undefined ? 0 : parseDuration(options.delay);
  if (delay === undefined) {
    throw new HobnobError(
      "JOB_PAYLOAD",
      `defer: \`delay\` must be a duration such as "10s", got ${JSON.stringify(options.delay)}.`,
      { permanent: true },
    );
  }
  const own = options.key ?? crypto.randomUUID();
  const conversation = event?.conversation;
  return {
    ...(options.key === undefined ? {} : { key: `${job.plugin}/${job.name}/${options.key}` }),
    jobs: [
      {
        lane:
          options.lane ??
          lane ??
          (conversation === undefined ? `${job.plugin}/${job.name}/${own}` : laneOf(conversation, job.plugin)),
        pool: target.policy.pool,
        adapter: conversation?.adapter ?? "",
        plugin: job.plugin,
        handler: job.name,
        payload: { ...(event === undefined ? {} : { event }), payload: asJson(payload, job) },
        ...(delay > 0 ? { runAt: now + delay } : {}),
      },
    ],
  };
}

// A copy, taken now: what the handler changes afterwards must not reach the job.
function asJson(payload: unknown, job: Job<unknown>): unknown {
  try {
    return payload === undefined ? undefined : JSON.parse(JSON.stringify(payload, refuseBytes));
  } catch (cause) {
    throw new HobnobError(
      "JOB_PAYLOAD",
      `The payload of job \`${job.name}\` of plugin \`${job.plugin}\` is not JSON. Pass plain data; files by url.`,
      {
        cause,
        permanent: true,
      },
    );
  }
}

function refuseBytes(_key: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) throw new TypeError("bytes are not JSON");
  return value;
}

const partKey = (key: string, index: number) => (index === 0 ? key : `${key}.${index}`);

function isDoubt(recorded: unknown): boolean {
  return typeof recorded === "object" && recorded !== null && "doubt" in recorded;
}

function withoutThread({ thread: _, ...conversation }: Conversation): Conversation {
  return conversation;
}
