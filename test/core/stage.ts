import {
  type Adapter,
  type AdapterHost,
  type Bot,
  type Config,
  type Conversation,
  createBot,
  definePlugin,
  type Event,
  type HandlerOptions,
  type Log,
  type Message,
  type OutgoingReply,
  type Plugin,
  type PluginBot,
  type Receipt,
  type Scope,
  type Storage,
  silentLog,
  type Trace,
} from "../../src/core/index.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { createFakeClock, type FakeClock } from "../../src/testing/clock.ts";
import { eventually, START, turn } from "../storage/desk.ts";

export interface Sent {
  readonly to: Conversation;
  readonly text: string;
  readonly ref: string;
  readonly at: number;
}

/** A small platform: what it took, in order. */
export interface Platform extends Adapter {
  readonly host: AdapterHost;
  readonly posts: readonly Sent[];
  readonly texts: readonly string[];
}

export interface PlatformOptions extends Partial<Omit<Adapter, "send" | "start">> {
  /** Runs before a post is taken; what it throws is the platform's answer. `take` takes the post at once. */
  before?(reply: OutgoingReply, to: Conversation, take: () => void): unknown;
}

export function platform(name: string, { before, ...more }: PlatformOptions = {}): Platform {
  const posts: Sent[] = [];
  let host: AdapterHost | undefined;
  return {
    name,
    platform: "test",
    limits: { textLength: 4000, ackSeconds: 3, inlineAck: false },
    paths: [],
    missing: [],
    ...more,
    posts,
    get texts() {
      return posts.map(({ text }) => text);
    },
    get host() {
      return host!;
    },
    async start(given) {
      host = given;
    },
    async send(to, reply) {
      const take = () => void posts.push({ to, text: reply.text, ref: reply.ref, at: host!.clock.now() });
      let isTaken = false;
      await before?.(reply, to, () => {
        isTaken = true;
        take();
      });
      if (!isTaken) take();
      return { id: `post ${posts.length}`, conversation: to };
    },
  };
}

/** A plugin that listens to `word` and runs `handler`. */
export function hearing(
  name: string,
  word: string,
  handler: Parameters<PluginBot["hears"]>[1],
  { scope, ...options }: HandlerOptions<Message> & { readonly scope?: Scope } = {},
): Plugin {
  return plugin(name, (bot) => bot.hears(word, handler, options), scope);
}

export function plugin(name: string, setup: (bot: PluginBot) => void | Promise<void>, scope: Scope = {}): Plugin {
  return definePlugin({ name, setup })({}, scope);
}

export interface BotStage extends AsyncDisposable {
  readonly bot: Bot;
  readonly clock: FakeClock;
  readonly storage: Storage;
  readonly warnings: readonly string[];
  readonly traces: readonly Trace[];
  /** A message comes in through the first adapter. */
  hear(text: string, more?: Partial<Message>): Promise<Receipt>;
  receive(event: Event): Promise<Receipt>;
  /** Resolves once no job waits or runs. */
  settle(): Promise<void>;
  advance(ms: number): Promise<void>;
}

export interface BotStageOptions extends Partial<Config> {
  readonly clock?: FakeClock;
  readonly pools?: readonly string[];
}

let messages = 0;

/** A message in the channel c1 that opens a thread of its own. */
export function message(text: string, more: Partial<Message> = {}): Message {
  const id = `m${++messages}`;
  return {
    kind: "message",
    id,
    conversation: { adapter: "test", id: "c1", thread: id, isDirect: false },
    author: { id: "ada", name: "Ada", isBot: false },
    text,
    isMention: false,
    attachments: [],
    sentAt: "2026-01-31T12:00:00.000Z",
    ...more,
  };
}

export async function openBot(plugins: readonly Plugin[], options: BotStageOptions = {}): Promise<BotStage> {
  const { clock = createFakeClock(START), pools, ...config } = options;
  const storage = config.storage ?? memory();
  const adapters = (config.adapters ?? [platform("test")]) as readonly Platform[];
  const warnings: string[] = [];
  const traces: Trace[] = [];
  const log: Log = {
    debug() {},
    info() {},
    warn: (_, sentence) => warnings.push(sentence),
    error: (_, sentence) => warnings.push(sentence),
  };
  const bot = createBot(
    { name: "moe", ...config, storage, adapters, plugins },
    { clock, log, ...(pools && { pools }) },
  );
  bot.watch((trace) => traces.push(trace));
  await bot.start();
  const stage: BotStage = {
    bot,
    clock,
    storage,
    warnings,
    traces,
    hear: (text, more) => stage.receive(message(text, more)),
    receive: (event) => adapters.find(({ name }) => name === event.conversation.adapter)!.host.receive(event),
    settle: () =>
      eventually("nothing waits or runs", async () => {
        const jobs = await storage.jobs(10_000);
        const held = new Set(jobs.filter(({ state }) => state === "retrying").map(({ lane }) => lane));
        return jobs.every(({ state, lane }) => state === "delayed" || held.has(lane));
      }),
    async advance(ms) {
      const until = clock.steady() + ms;
      while (clock.step(until)) for (let n = 0; n < 4; n++) await turn();
      for (let n = 0; n < 4; n++) await turn();
    },
    async [Symbol.asyncDispose]() {
      let isStopped = false;
      const stopping = bot.stop().finally(() => {
        isStopped = true;
      });
      while (!isStopped) await stage.advance(1000);
      await stopping;
    },
  };
  return stage;
}

/** A promise and its ends. */
export function gate<T = void>(): { readonly opened: Promise<T>; open(value: T): void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { opened: promise, open: resolve };
}

/** A storage that bots open and close without its noticing: for what one leaves to the next. */
export async function keptStorage(): Promise<{ readonly storage: Storage; end(): Promise<void> }> {
  const inner = memory();
  await inner.open({ clock: createFakeClock(START), log: silentLog });
  const nothing = { value: async () => {} };
  return { storage: Object.create(inner, { open: nothing, close: nothing }) as Storage, end: () => inner.close() };
}
