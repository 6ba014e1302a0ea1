import { inspect } from "node:util";
import {
  type Adapter,
  type AdapterHost,
  type Bot,
  type Context,
  createBot,
  definePlugin,
  type Event,
  type Log,
  type Message,
  type Storage,
  type Trace,
  type WebhookRequest,
  type WebhookResponse,
} from "../../core/index.ts";
import { memory } from "../../storage/memory/index.ts";
import { ensure, pause, shown, until } from "./expect.ts";
import type { AdapterSubject, PlatformUnderTest, ShownPost } from "./subject.ts";

/** A request and how the bot answered it. */
export interface Exchange {
  readonly request: WebhookRequest;
  readonly response: WebhookResponse;
}

/** A real bot with one plugin, its adapter on a platform under test, and everything that can be seen of both. */
export interface Stage extends AsyncDisposable {
  readonly bot: Bot;
  readonly adapter: Adapter;
  readonly platform: PlatformUnderTest;
  readonly storage: Storage;
  /** What the adapter was started with. */
  readonly host: () => AdapterHost;
  /** Requests that were answered, in the order of the answers. */
  readonly exchanges: readonly Exchange[];
  /** What the adapter has handed over. */
  readonly received: readonly Event[];
  readonly traces: readonly Trace[];
  /** The log, with all fields. */
  readonly lines: readonly string[];
  /** Requests that wait for their answer. */
  readonly underWay: () => number;
  deliver(request: WebhookRequest): Promise<WebhookResponse>;
  /** Somebody speaks; resolves with the requests by which the platform told the bot, once all is done. */
  say(text: string): Promise<readonly WebhookRequest[]>;
  /** The bot's posts, once nothing is left to do. @throws Error when there are fewer or more */
  posts(count: number): Promise<readonly ShownPost[]>;
  /** Resolves once no request waits and no job waits or runs. */
  settle(): Promise<void>;
}

export interface StageOptions {
  /** What the plugin does with each message. @default nothing */
  readonly handle?: (ctx: Context<Message>) => unknown;
  /** Stands before the storage. */
  readonly add?: (entry: Parameters<Storage["add"]>[0], storage: Storage) => Promise<boolean>;
  /** Do not install the bot. */
  readonly isBare?: boolean;
}

export async function openStage(subject: AdapterSubject, options: StageOptions = {}): Promise<Stage> {
  const { handle = () => {}, add, isBare = false } = options;
  const exchanges: Exchange[] = [];
  const received: Event[] = [];
  const traces: Trace[] = [];
  const lines: string[] = [];
  let underWay = 0;
  let host: AdapterHost | undefined;

  function start(given: AdapterHost): Promise<void> {
    host = tapped(given, received);
    return adapter.start(host);
  }

  async function deliver(request: WebhookRequest): Promise<WebhookResponse> {
    underWay += 1;
    try {
      const response = await bot.webhook(request);
      exchanges.push({ request, response });
      return response;
    } finally {
      underWay -= 1;
    }
  }

  const platform = await subject.open({ deliver });
  const { adapter } = platform;
  const ownStorage = memory();
  const storage = add === undefined ? ownStorage : replace(ownStorage, { add: (entry) => add(entry, ownStorage) });
  const bot = createBot(
    {
      name: "contract",
      storage,
      adapters: [replace(adapter, { start })],
      plugins: [listener(handle)()],
      secret: SECRET,
    },
    { log: logTo(lines), url: () => platform.url ?? "http://127.0.0.1" },
  );
  bot.watch((trace) => traces.push(trace));

  async function settle(): Promise<void> {
    let quiet = 0;
    let seen = exchanges.length;
    await until(
      async () => {
        const isQuiet = underWay === 0 && storage.pending() === 0 && exchanges.length === seen;
        seen = exchanges.length;
        quiet = isQuiet ? quiet + 1 : 0;
        await pause(5);
        return quiet > QUIET_LOOKS;
      },
      () => `The bot is still busy: ${underWay} requests wait for an answer, ${storage.pending()} jobs are not done.`,
    );
  }

  const stage: Stage = {
    bot,
    adapter,
    platform,
    storage,
    host: () => host!,
    exchanges,
    received,
    traces,
    lines,
    underWay: () => underWay,
    deliver,
    settle,
    async say(text) {
      const [before, heard] = [exchanges.length, received.length];
      await platform.say(text);
      // Without a webhook the adapter fetches it by itself.
      await until(
        () => exchanges.length > before || received.length > heard,
        () => "Somebody spoke, and the platform did not tell the bot.",
      );
      await settle();
      const requests = exchanges.slice(before).map(({ request }) => request);
      // Not the pages that somebody opens meanwhile.
      return requests.filter(({ method, path }) => method === "POST" || path === adapter.paths[0]);
    },
    async posts(count) {
      await settle();
      const posts = await platform.posts();
      ensure(posts.length === count, `The bot spoke ${posts.length} times instead of ${count}: ${shown(posts)}.`);
      return posts;
    },
    async [Symbol.asyncDispose]() {
      await bot.stop();
      await platform[Symbol.asyncDispose]();
    },
  };
  try {
    await bot.start();
    if (!isBare) await platform.install?.();
    await settle();
    received.length = exchanges.length = 0;
    return stage;
  } catch (error) {
    await stage[Symbol.asyncDispose]();
    throw error;
  }
}

/** Runs of the plugin's handler before its job becomes a dead letter. */
export const ATTEMPTS = 3;
const SECRET = "a secret that guards nothing";
/** So many looks in a row, 10 ms apart: a platform may need a moment between a post and the event of it. */
const QUIET_LOOKS = 3;

const listener = (handle: NonNullable<StageOptions["handle"]>) =>
  definePlugin({
    name: "contract",
    setup(bot) {
      bot.on("message", handle, { attempts: ATTEMPTS, backoff: { delay: 20, factor: 1, jitter: 0 } });
    },
  });

function tapped(host: AdapterHost, received: Event[]): AdapterHost {
  return replace(host, {
    receive(event) {
      received.push(event);
      return host.receive(event);
    },
  });
}

function logTo(lines: string[]): Log {
  const line = (fields: object, sentence: string) => void lines.push(`${sentence} ${inspect(fields, { depth: 10 })}`);
  return { debug: line, info: line, warn: line, error: line };
}

/** The same object with some members replaced. Getters and private members of the original keep working. */
function replace<T extends object>(original: T, members: Partial<T>): T {
  return new Proxy(original, {
    get(target, key) {
      if (Object.hasOwn(members, key)) return members[key as keyof T];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
