import type { Adapter } from "./adapter.ts";
import type { Clock } from "./clock.ts";
import { jobEntry } from "./defer.ts";
import type { EventPayload } from "./dispatch.ts";
import { HobnobError } from "./errors.ts";
import type { Life } from "./life.ts";
import type { Conversation, Event } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import type { Capability, Context, DeferOptions, Job, SentReply } from "./plugin.ts";
import type { Registered, Registry } from "./registry.ts";
import { toOutgoing } from "./render-reply.ts";
import type { Reply, SentMessage } from "./reply.ts";
import { createSteps } from "./steps.ts";
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
  /** Resolves once nothing that was begun through the context is under way; rejects when some of that failed. */
  settled(): Promise<void>;
  /** The run has its verdict: nothing more may be said for it. */
  close(): void;
}

export function createContext(options: ContextOptions): OpenContext {
  const { job, entry, adapters, storage, clock, life } = options;
  const { event, ack, payload } = job.payload as JobPayload;
  const { args, match } = entry.matched(event);
  const deferred: Entry[] = [];
  const counts = { reply: 0, edit: 0, delete: 0, react: 0 };
  const onceKeys = new Set<string>();
  const steps = createSteps(options);
  const underWay = new Set<Promise<unknown>>();
  let sentAck: SentReply | undefined;

  // A forgotten `await` must neither lose a reply nor, by a rejection that nobody hears, end the process.
  function track<T>(promise: Promise<T>): Promise<T> {
    const forget = () => void underWay.delete(promise);
    underWay.add(promise);
    promise.then(forget, forget);
    return promise;
  }

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

  async function say(key: string, to: Conversation, reply: Reply): Promise<SentReply> {
    const adapter = adapterOf(to);
    const place = typeof reply === "object" && reply.inThread === false ? withoutThread(to) : to;
    const posts = toOutgoing(reply, adapter, about());
    const sent = await Promise.all(
      posts.map((outgoing, index) => steps.post(partKey(key, index), place, adapter, outgoing)),
    );
    return handleOf(sent[0]!, adapter);
  }

  const about = () => ({ since: job.storedAt, ...(event === undefined ? {} : { author: event.author.id }) });

  function handleOf(sent: SentMessage, adapter: Adapter): SentReply {
    return {
      ...sent,
      ...(adapter.edit === undefined ? {} : { edit: (reply: Reply) => track(edit(sent, adapter, reply)) }),
      ...(adapter.delete === undefined
        ? {}
        : {
            delete: () =>
              track(
                steps.call(`delete:${counts.delete++}`, {
                  adapter,
                  to: sent.conversation,
                  call: () => adapter.delete!(sent),
                }),
              ),
          }),
    };
  }

  async function edit(sent: SentMessage, adapter: Adapter, reply: Reply, isRepeated = false): Promise<void> {
    const key = `edit:${counts.edit++}`;
    const [outgoing, more] = toOutgoing(reply, adapter, about());
    if (more !== undefined) {
      const limit = adapter.limits.textLength;
      const message = `An edit must fit into one post of ${limit} characters. Send a further reply instead.`;
      throw new HobnobError("REPLY_TOO_LONG", message, { permanent: true });
    }
    const call = () => adapter.edit!(sent, { ...outgoing!, ref: steps.refOf(key) });
    return steps.call(key, { adapter, to: sent.conversation, isRepeated, call });
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
        const part = partKey(key, index);
        const isNew = !job.steps.has(part) && !job.inDoubt;
        return { sent: await steps.post(part, to, adapter, toOutgoing(text, adapter, about())[0]!), isNew };
      },
      edit: (sent, text) => edit(sent, adapter, text, true),
    });
    return handleOf(first, adapter);
  }

  async function once<T>(key: string, fn: () => T | Promise<T>): Promise<T> {
    if (onceKeys.has(key)) {
      throw new HobnobError(
        "ONCE_TWICE",
        `ctx.once("${key}") was called twice in one run. Give each call its own key.`,
        {
          permanent: true,
        },
      );
    }
    onceKeys.add(key);
    const step = `once:${key}`;
    if (job.steps.has(step)) return job.steps.get(step) as T;
    steps.assertHeld();
    const value = await fn();
    try {
      JSON.stringify(value);
    } catch (cause) {
      // For good: each further attempt would do it again.
      throw new HobnobError(
        "ONCE_RESULT",
        `The result of ctx.once("${key}") is not JSON. Return plain data, or nothing.`,
        {
          cause,
          permanent: true,
        },
      );
    }
    await storage.saveStep(job, step, value ?? null);
    return value;
  }

  const ctx: Context = {
    event: event as Event,
    message: event as never,
    payload: payload as undefined,
    args,
    match,
    reply: (reply) => track(say(`reply:${counts.reply++}`, home(), reply)),
    send: (to, reply) => track(say(`reply:${counts.reply++}`, to, reply)),
    stream: (parts) => track(stream(parts)),
    ...(event !== undefined && adapters.get(event.conversation.adapter)?.react !== undefined
      ? {
          react(name: string) {
            const adapter = adapterOf(event.conversation);
            const to = { id: event.id, conversation: event.conversation };
            const call = () => adapter.react!(to, name);
            return track(steps.call(`react:${counts.react++}`, { adapter, to: event.conversation, call }));
          },
        }
      : {}),
    once: <T>(key: string, fn: () => T | Promise<T>) => track(once(key, fn)),
    defer<Q>(to: Job<Q>, given: Q, deferOptions: DeferOptions = {}) {
      steps.assertHeld();
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
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    close: steps.close,
  };
}

const partKey = (key: string, index: number) => (index === 0 ? key : `${key}.${index}`);

function withoutThread({ thread: _, ...conversation }: Conversation): Conversation {
  return conversation;
}
