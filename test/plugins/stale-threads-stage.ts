import { twist } from "../../src/adapters/twist/index.ts";
import {
  type Bot,
  type Clock,
  createBot,
  type Plugin,
  type Storage,
  silentLog,
  systemClock,
} from "../../src/core/index.ts";
import { staleThreads } from "../../src/plugins/stale-threads/index.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { createFakeTwist, type FakeCall, type FakeTwist, send } from "../adapters/twist/fake-twist.ts";
import { form, item, now, posted, verifyToken } from "../adapters/twist/started.ts";

type Options = Parameters<typeof staleThreads>[0];

/** A whole bot with the plugin, over a Twist that answers as the test says, at the time of the fixtures. */
export interface AskStage extends AsyncDisposable {
  readonly bot: Bot;
  readonly api: FakeTwist;
  readonly storage: Storage;
  readonly warnings: readonly string[];
  /** Ada writes to the bot; resolves with what the acknowledgement says. */
  ask(
    content: string,
    changes?: Readonly<Record<string, string | undefined>>,
  ): Promise<{ status: number; content: string }>;
  /** What came over the event's callback, once nothing is left to do. */
  answers(): Promise<readonly string[]>;
  /** Names of calls but those of the start. */
  called(): readonly string[];
}

export interface AskStageOptions {
  readonly plugins?: readonly Plugin[];
  readonly storage?: Storage;
  /** @default one that stands still */
  readonly clock?: Clock;
}

const STILL: Clock = { ...systemClock, now: () => now };
const SPEED = 50;

/** A clock that runs fast, for pauses between attempts. */
export function fastClock(): Clock {
  const start = Date.now();
  return {
    now: () => now + (Date.now() - start) * SPEED,
    steady: () => systemClock.steady() * SPEED,
    after: (ms, fn) => systemClock.after(ms / SPEED, fn),
  };
}

export async function openAsk(
  options: Options = {},
  { plugins = [], storage = memory(), clock = STILL }: AskStageOptions = {},
): Promise<AskStage> {
  const api = await createFakeTwist();
  api.on("callback", { status: "ok" });
  api.on("channels/get", []);
  const warnings: string[] = [];
  const warn = (_: object, sentence: string) => void warnings.push(sentence);
  const log = { ...silentLog, warn, error: warn };
  const { apiUrl, oauthUrl } = api;
  const bot = createBot(
    {
      name: "moe",
      storage,
      adapters: [twist({ token: "token-1", verifyToken, apiUrl, oauthUrl, timeout: 200, pace: false })],
      plugins: [staleThreads(options), ...plugins],
      secret: "a secret for tests only",
    },
    { clock, log },
  );
  await bot.start();
  let messages = 0;
  return {
    bot,
    api,
    storage,
    warnings,
    async ask(content, changes = {}) {
      const id = `${3_456_789 + ++messages}`;
      const body = form("message", { message_id: id, content, url_callback: api.callback, ...changes });
      const { status, body: answer } = await bot.webhook(posted(body, { path: "/stale-threads" }));
      return { status, content: (JSON.parse(String(answer)) as { content: string }).content };
    },
    async answers() {
      while (storage.pending() > 0) await new Promise((resolve) => setTimeout(resolve, 2));
      return api.calls.filter(({ name }) => name === "callback").map(({ json }) => json.content);
    },
    called: () => api.names(),
    async [Symbol.asyncDispose]() {
      await bot.stop();
      await api[Symbol.asyncDispose]();
    },
  };
}

/** A thread of Ada's, silent for exactly three days. */
export const thread = (changes: object = {}) =>
  item("thread", { id: 32038, last_updated_ts: 1_794_963_600, ...changes });

/** Lets `threads/get` answer by channel: a list, or a function that does what it likes. */
export function channels(
  api: FakeTwist,
  threads: Readonly<Record<number, readonly object[] | ((...args: Parameters<typeof send>) => void)>>,
  more: readonly object[] = [],
): void {
  const open = Object.keys(threads).map((id) => ({
    id: Number(id),
    name: `channel ${id}`,
    archived: false,
    public: true,
  }));
  api.on("channels/get", [...open, ...more]);
  api.on("threads/get", (response, { query }: FakeCall) => {
    const answer = threads[Number(query.channel_id)]!;
    if (typeof answer === "function") answer(response, 200, []);
    else send(response, 200, answer);
  });
}
