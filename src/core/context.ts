import { downloadAt, historyAt, muteAt, type Place, threadsAt, typingAt, userAt } from "./abilities.ts";
import type { Adapter } from "./adapter.ts";
import { placeOf, withoutThread } from "./address.ts";
import { jobEntry } from "./defer.ts";
import type { JobPayload } from "./dispatch.ts";
import { HobnobError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { Conversation, Event } from "./message.ts";
import type { Capability, Context, DeferOptions, Job, SentReply, StreamOptions } from "./plugin.ts";
import type { Matched, Registered, Registry } from "./registry.ts";
import { toOutgoing } from "./render-reply.ts";
import type { Reply, SentMessage } from "./reply.ts";
import { SentHandle } from "./sent-handle.ts";
import { Steps, type StepsHost } from "./steps.ts";
import type { Entry } from "./storage.ts";
import type { Store } from "./store.ts";
import { streamText } from "./stream.ts";

/** What a run lends to its context. */
export interface ContextHost extends StepsHost {
  readonly entry: Registered;
  readonly registry: Registry;
  readonly adapters: ReadonlyMap<string, Adapter>;
}

/**
 * A handler's context, and what the runner needs of it. A class, since one is made for every run. What a handler calls
 * are getters of bound functions, so that it may take the context apart: `({ message, reply }) => …`.
 */
export class JobContext implements Context {
  readonly event: Event;
  readonly message: never;
  readonly payload: undefined;
  readonly #host: ContextHost;
  readonly #steps: Steps;
  readonly #here: Conversation | undefined;
  readonly #deferred: Entry[] = [];
  // A reply has its name from its place among the replies of its handler: the same in every attempt.
  #replies = 0;
  #edits = 0;
  #deletions = 0;
  #reactions = 0;
  #onceKeys: Set<string> | undefined;
  #matched: Matched | undefined;
  #underWay: Set<Promise<unknown>> | undefined;
  #ack: SentReply | undefined;

  constructor(host: ContextHost) {
    const { event, payload, home } = host.job.payload as JobPayload;
    this.#host = host;
    this.#here = home ?? event?.conversation;
    this.#steps = new Steps(host);
    this.event = event as Event;
    this.message = event as never;
    this.payload = payload as undefined;
  }

  get args(): string {
    return this.#match().args;
  }

  get match(): RegExpExecArray | undefined {
    return this.#match().match;
  }

  get reply() {
    return (reply: Reply) => this.#track(this.#say(this.#nextReply(), this.#home(), reply));
  }

  get send() {
    return (to: Conversation, reply: Reply) => this.#track(this.#say(this.#nextReply(), to, reply));
  }

  get stream() {
    return (parts: AsyncIterable<string>, options?: StreamOptions) => this.#track(this.#stream(parts, options));
  }

  get sent() {
    return (message: SentMessage) => this.#handleOf(message, this.#adapterOf(message.conversation));
  }

  get react(): NonNullable<Context["react"]> {
    const { event } = this;
    const adapter = event && this.#host.adapters.get(event.conversation.adapter);
    // A button's event is about the message that it stands in; a slash command is about none.
    const id = event?.kind === "action" ? event.messageId : event?.kind === "command" ? undefined : event?.id;
    // Absent where the platform cannot, as its type says to the author.
    if (adapter?.react === undefined || id === undefined) return undefined as never;
    return (name: string) => {
      const { conversation } = event;
      const call = () => adapter.react!({ id, conversation }, name);
      return this.#track(this.#steps.call(`react:${this.#reactions++}`, { adapter, to: conversation, call }));
    };
  }

  get typing() {
    return typingAt(this.#place());
  }

  get user() {
    return userAt(this.#place());
  }

  get history() {
    return historyAt(this.#place());
  }

  get threads() {
    return threadsAt(this.#place());
  }

  get mute() {
    return muteAt(this.#place());
  }

  get download() {
    return downloadAt(this.#place());
  }

  get once() {
    return <T>(key: string, fn: () => T | Promise<T>) => this.#track(this.#once(key, fn));
  }

  get defer() {
    return <Q>(to: Job<Q>, payload: Q, options: DeferOptions = {}) => {
      const { registry, clock, job } = this.#host;
      this.#steps.assertOpen();
      const { event } = this;
      this.#deferred.push(jobEntry({ registry, job: to, payload, event, options, now: clock.now(), lane: job.lane }));
    };
  }

  get ack(): SentReply | undefined {
    return this.#ack;
  }

  get platform(): string {
    return this.#adapterHere()?.platform ?? "";
  }

  get can() {
    return (what: Capability) => this.#adapterHere()?.[what] !== undefined;
  }

  get store(): Store {
    return this.#host.entry.plugin.store;
  }

  get signal(): AbortSignal {
    return this.#host.life.signal;
  }

  get attempt(): number {
    return this.#host.job.attempt;
  }

  get log(): Log {
    return this.#host.entry.plugin.log;
  }

  /** For the runner: calls the handler, the immediate text first that did not go out with the acknowledgement. */
  static async run(context: JobContext): Promise<readonly Entry[]> {
    const { entry, job } = context.#host;
    const { ack } = job.payload as JobPayload;
    if (ack !== undefined) context.#ack = await context.#say("ack", context.#home(), ack);
    await entry.handler(context);
    // What the handler began and did not wait for.
    while (context.#underWay !== undefined && context.#underWay.size > 0) await Promise.all(context.#underWay);
    return context.#deferred;
  }

  /** For the runner: the run has its verdict, and nothing more may be said for it. */
  static close(context: JobContext): void {
    context.#steps.close();
  }

  // A forgotten `await` must neither lose a reply nor, by a rejection that nobody hears, end the process.
  #track<T>(promise: Promise<T>): Promise<T> {
    this.#underWay ??= new Set();
    const underWay = this.#underWay.add(promise);
    const forget = () => void underWay.delete(promise);
    promise.then(forget, forget);
    return promise;
  }

  #match(): Matched {
    this.#matched ??= this.#host.entry.matched(this.event);
    return this.#matched;
  }

  #nextReply(): string {
    return `reply:${this.#replies++}`;
  }

  #home(): Conversation {
    if (this.#here !== undefined) return this.#here;
    const { job, entry } = this.#host;
    const message = `Job ${job.id} of plugin \`${entry.plugin.name}\` did not begin with a message. Use ctx.send with a conversation.`;
    throw new HobnobError("NO_CONVERSATION", message, { permanent: true });
  }

  #adapterHere(): Adapter | undefined {
    return this.#here && this.#host.adapters.get(this.#here.adapter);
  }

  #place(): Place | undefined {
    const { life } = this.#host;
    const adapter = this.#adapterHere();
    const track = <T>(promise: Promise<T>) => this.#track(promise);
    return adapter && { adapter, conversation: this.#here!, steps: this.#steps, life, track };
  }

  #adapterOf({ adapter: name }: Conversation): Adapter {
    const adapter = this.#host.adapters.get(name);
    if (adapter !== undefined) return adapter;
    const message = `No adapter is called \`${name}\` any more. Put it back into the config and retry the job.`;
    throw new HobnobError("ADAPTER_GONE", message, { permanent: true });
  }

  async #say(key: string, to: Conversation, reply: Reply): Promise<SentReply> {
    const adapter = this.#adapterOf(to);
    const place = typeof reply === "object" && reply.inThread === false ? withoutThread(to) : to;
    const parts = this.#outgoing(reply, adapter, place);
    const post = (part: (typeof parts)[number], index: number) =>
      this.#steps.post(partKey(key, index), place, adapter, part);
    const sent = parts.length === 1 ? await post(parts[0]!, 0) : (await Promise.all(parts.map(post)))[0]!;
    return this.#handleOf(sent, adapter);
  }

  #outgoing(reply: Reply, adapter: Adapter, to: Conversation) {
    const { storedAt: since } = this.#host.job;
    const { event } = this;
    if (event === undefined) return toOutgoing(reply, adapter, to, { since });
    const about = { since, author: event.author.id };
    // What answers this event must not answer something else.
    if (event.replyTo === undefined || placeOf(to) !== placeOf(event.conversation)) {
      return toOutgoing(reply, adapter, to, about);
    }
    return toOutgoing(reply, adapter, to, { ...about, replyTo: event.replyTo });
  }

  #handleOf({ id, conversation }: SentMessage, adapter: Adapter): SentReply {
    const handle: { -readonly [K in keyof SentReply]: SentReply[K] } = new SentHandle(id, conversation);
    if (adapter.edit !== undefined) {
      handle.edit = (reply: Reply) => this.#track(this.#edit(handle, adapter, reply, false));
    }
    if (adapter.delete !== undefined) {
      const call = () => adapter.delete!(handle);
      handle.delete = () =>
        this.#track(this.#steps.call(`delete:${this.#deletions++}`, { adapter, to: conversation, call }));
    }
    if (adapter.permalink !== undefined) handle.permalink = () => this.#track(adapter.permalink!(handle));
    return handle;
  }

  async #edit(sent: SentMessage, adapter: Adapter, reply: Reply, isRepeated: boolean): Promise<void> {
    // How often a stream edits is a matter of time: the handler's own edits are counted without it.
    const key = isRepeated ? "stream" : `edit:${this.#edits++}`;
    const [outgoing, more] = this.#outgoing(reply, adapter, sent.conversation);
    if (more !== undefined) {
      const limit = adapter.limits.textLengthIn?.(sent.conversation) ?? adapter.limits.textLength;
      const message = `An edit must fit into one post of ${limit} characters. Send a further reply instead.`;
      throw new HobnobError("REPLY_TOO_LONG", message, { permanent: true });
    }
    const call = () => adapter.edit!(sent, { ...outgoing!, ref: this.#steps.refOf(key) });
    return this.#steps.call(key, { adapter, to: sent.conversation, isRepeated, call });
  }

  async #stream(parts: AsyncIterable<string>, { render = String }: StreamOptions = {}): Promise<SentReply> {
    const { job, clock, life } = this.#host;
    const to = this.#home();
    const adapter = this.#adapterOf(to);
    const key = this.#nextReply();
    if (adapter.edit === undefined) {
      let text = "";
      for await (const part of parts) text += part;
      return this.#say(key, to, render(text));
    }
    const first = await streamText(parts, {
      clock,
      life,
      render,
      split: (text) => this.#outgoing(text, adapter, to).map((part) => part.text),
      post: async (index, text) => {
        const part = partKey(key, index);
        const isNew = !job.steps.has(part) && !job.inDoubt;
        return { sent: await this.#steps.post(part, to, adapter, this.#outgoing(text, adapter, to)[0]!), isNew };
      },
      edit: (sent, text) => this.#edit(sent, adapter, text, true),
    });
    return this.#handleOf(first, adapter);
  }

  async #once<T>(key: string, fn: () => T | Promise<T>): Promise<T> {
    const { job, storage } = this.#host;
    this.#onceKeys ??= new Set();
    if (this.#onceKeys.has(key)) {
      const message = `ctx.once("${key}") was called twice in one run. Give each call its own key.`;
      throw new HobnobError("ONCE_TWICE", message, { permanent: true });
    }
    this.#onceKeys.add(key);
    const step = `once:${key}`;
    if (job.steps.has(step)) return job.steps.get(step) as T;
    if (!this.#steps.isHeld) await this.#steps.regain();
    const value = asKept(key, (await fn()) ?? null);
    await storage.saveStep(job, step, value);
    return value as T;
  }
}

/** What later attempts are given, and so the first one, too. */
function asKept(key: string, value: unknown): unknown {
  try {
    // Of what has no form in JSON there is no text.
    return JSON.parse(JSON.stringify(value));
  } catch (cause) {
    // For good: each further attempt would do it again.
    const message = `The result of ctx.once("${key}") is not JSON. Return plain data, or nothing.`;
    throw new HobnobError("ONCE_RESULT", message, { cause, permanent: true });
  }
}

const partKey = (key: string, index: number) => (index === 0 ? key : `${key}.${index}`);
