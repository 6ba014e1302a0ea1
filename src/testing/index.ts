import {
  type Capability,
  type Config,
  type Conversation,
  createBot,
  type DeadLetter,
  type Duration,
  type Event,
  type Log,
  type Message,
  type Plugin,
  parseDuration,
  type User,
} from "../core/index.ts";
import { memory } from "../storage/memory/index.ts";
import { createTestAdapter, type Post, type TestWorld } from "./adapter.ts";
import { createFakeClock } from "./clock.ts";

export type { Post } from "./adapter.ts";
export type { ContractCheck } from "./contract/check.ts";
export { adapterContract } from "./contract/index.ts";
export type {
  Ability,
  AdapterSubject,
  BotSide,
  EventFixture,
  ExpectedEvent,
  PlatformUnderTest,
  ShownPost,
  Trouble,
  UnsignedRequest,
} from "./contract/subject.ts";

/** Who speaks, and where. */
export interface SayOptions {
  /** @default "ada" */
  readonly user?: string;
  /** The channel; `"dm"` is a direct conversation. @default "general" */
  readonly conversation?: string;
  readonly thread?: string;
  /** Which of the config's adapters. @default the first; `"test"` without a config */
  readonly adapter?: string;
  /** Name the bot, as `@bot` at the beginning of the text does. @default false */
  readonly mention?: boolean;
  /** The author is another bot. @default false */
  readonly bot?: boolean;
}

export interface TestBotOptions {
  /** What the platforms cannot do, of `edit`, `delete`, `react`, `typing`, `find`; they can nothing else. @default [] */
  readonly without?: readonly Capability[];
}

/** A bot under test: real core, memory storage, a clock that stands still, and a platform in memory. */
export interface TestBot extends AsyncDisposable {
  /** Somebody says something; resolves with the texts the bot has said once it has nothing more to do now. */
  says(text: string, options?: SayOptions): Promise<string[]>;
  /** Somebody reacts to the last message of a person. */
  reacts(name: string, options?: SayOptions & { readonly removed?: boolean }): Promise<string[]>;
  /** Any other event comes in: a button, an edit, a slash command. Resolves with the texts the bot has said. */
  receives(event: Event): Promise<string[]>;
  /** A request to a webhook of a plugin, by its path. Resolves once the bot has nothing more to do now. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Time passes: retries, delays and schedules that fall due run. Resolves with the texts the bot has said. */
  advance(duration: Duration): Promise<string[]>;
  /** Everything the bot has posted, as it looks now; the oldest first. */
  readonly sent: readonly Post[];
  /** Emoji the bot has added. */
  readonly reactions: readonly { readonly to: string; readonly name: string }[];
  /** What the log would tell an operator: failures, retries, dead letters. */
  readonly warnings: readonly string[];
  deadLetters(): Promise<readonly DeadLetter[]>;
  now(): Date;
}

/**
 * Starts a bot with one plugin, several, or a whole config (its storage and adapters are replaced).
 *
 * @example
 * test("a pizza is announced", async () => {
 *   await using bot = await testBot(pizza());
 *   expect(await bot.says("where is my PIZZA?")).toEqual(["Pizza is on the way!"]);
 * });
 */
export async function testBot(
  what: Plugin | readonly Plugin[] | Config,
  { without = [] }: TestBotOptions = {},
): Promise<TestBot> {
  const clock = createFakeClock(Date.UTC(2026, 0, 1));
  const storage = memory();
  const warnings: string[] = [];
  const log: Log = {
    debug() {},
    info() {},
    warn: (_, sentence) => warnings.push(sentence),
    error: (_, sentence) => warnings.push(sentence),
  };
  const isConfig = "plugins" in what;
  const world: TestWorld = { posts: [], reactions: [] };
  const names = isConfig ? what.adapters.map(({ name }) => name) : [];
  const adapters = (names.length > 0 ? names : ["test"]).map((name) => createTestAdapter(name, world, without));
  const plugins = isConfig ? what.plugins : "setup" in what ? [what] : what;
  const bot = createBot(
    { ...(isConfig ? what : {}), name: isConfig ? what.name : "test", storage, adapters, plugins },
    { clock, log },
  );
  await bot.start();
  let count = 0;
  let last = "message-0";

  async function settle() {
    const giveUp = performance.now() + 5000;
    for (;;) {
      const jobs = await storage.jobs(1000);
      // What waits behind a job that is retried later waits for the clock.
      const held = new Set(jobs.filter(({ state }) => state === "retrying").map(({ lane }) => lane));
      const busy = jobs.filter(({ state, lane }) => state === "running" || (state === "waiting" && !held.has(lane)));
      if (busy.length === 0) return;
      if (performance.now() > giveUp) {
        throw new Error(
          `The bot is still busy after 5 s: ${busy.map(({ plugin, handler }) => `${plugin} ${handler}`).join(", ")}.`,
        );
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** What the bot says while `act` runs and until it has nothing more to do. */
  async function heard(act: () => unknown): Promise<string[]> {
    const before = world.posts.length;
    await act();
    await settle();
    return world.posts.slice(before).map(({ text }) => text);
  }

  function receive(event: Event): unknown {
    const { adapter: name } = event.conversation;
    const adapter = adapters.find((each) => each.name === name);
    if (adapter !== undefined) return adapter.host.receive(event);
    throw new Error(`There is no adapter \`${name}\`. There is: ${adapters.map((each) => each.name).join(", ")}.`);
  }

  function place(
    { user = "ada", conversation = "general", thread, bot = false, adapter = adapters[0]!.name }: SayOptions,
    id: string,
  ): { conversation: Conversation; author: User } {
    const isDirect = conversation === "dm";
    const inThread = thread ?? (isDirect ? undefined : id);
    return {
      conversation: {
        adapter,
        id: conversation,
        isDirect,
        ...(inThread === undefined ? {} : { thread: inThread }),
      },
      author: { id: user, name: user, isBot: bot },
    };
  }

  return {
    says(text, options = {}) {
      last = `message-${++count}`;
      const { conversation, author } = place(options, last);
      const named = /^@bot\b\s*/.exec(text);
      const message: Message = {
        kind: "message",
        id: last,
        conversation,
        author,
        text: named === null ? text : text.slice(named[0].length),
        isMention: named !== null || options.mention === true || conversation.isDirect,
        attachments: [],
        sentAt: new Date(clock.now()).toISOString(),
      };
      return heard(() => receive(message));
    },
    reacts(name, { removed = false, ...options } = {}) {
      const sentAt = new Date(clock.now()).toISOString();
      const key = `${last}:${name}:${++count}`;
      return heard(() =>
        receive({
          kind: "reaction",
          id: last,
          key,
          ...place(options, last),
          name,
          added: !removed,
          sentAt,
        }),
      );
    },
    receives: (event) => heard(() => receive(event)),
    async fetch(path, init) {
      const response = await bot.fetch(new Request(new URL(path, "http://bot.test"), init));
      await settle();
      return response;
    },
    advance(duration) {
      const ms = parseDuration(duration);
      if (ms === undefined)
        throw new Error(`advance() takes a duration such as "10m", got ${JSON.stringify(duration)}.`);
      return heard(async () => {
        const until = clock.now() + ms;
        while (clock.step(until)) await settle();
      });
    },
    get sent() {
      return world.posts.filter((post) => !post.isDeleted);
    },
    reactions: world.reactions,
    warnings,
    deadLetters: () => storage.dead.list(100),
    now: () => new Date(clock.now()),
    async [Symbol.asyncDispose]() {
      let isStopped = false;
      const stopping = bot.stop().finally(() => {
        isStopped = true;
      });
      // A handler that still runs gets its grace by the clock, which nobody else moves any more.
      while (!isStopped) {
        clock.step(clock.now() + 1000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await stopping;
    },
  };
}
