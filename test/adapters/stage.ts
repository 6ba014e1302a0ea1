import { expect } from "vitest";
import {
  type Adapter,
  type AdapterHost,
  type Bot,
  type Clock,
  createBot,
  type DeliveryError,
  type Event,
  type Log,
  type Plugin,
  type Receive,
  silentLog,
  systemClock,
  type WebhookRequest,
  type WebhookResponse,
} from "../../src/core/index.ts";
import { createStore } from "../../src/core/store.ts";
import { createKeyring, createVault } from "../../src/core/vault.ts";
import { createSandbox, type DeliveryRecord, type Sandbox, type ShownMessage } from "../../src/sandbox/index.ts";
import { startServer } from "../../src/server/index.ts";
import { memory } from "../../src/storage/memory/index.ts";

/** A started adapter that nobody but the test stands behind: what it receives is kept in a list. */
export interface StartedAdapter extends AsyncDisposable {
  readonly host: AdapterHost;
  readonly events: Event[];
  /** How many events of kinds that no plugin can ask for. */
  readonly ignored: () => number;
  /** How often it said that it had been cut off. */
  readonly reconnections: () => number;
  readonly lines: { readonly level: string; readonly fields: object; readonly sentence: string }[];
  deliver(request: WebhookRequest): Promise<WebhookResponse>;
}

export interface StartOptions {
  /** @default keeps the event, stored and new */
  readonly receive?: Receive;
  /** Milliseconds since 1970. @default the machine's clock */
  readonly now?: () => number;
  /** @default "https://bot.example.com" */
  readonly url?: string;
}

// Slow on purpose, so it is made once a file.
const KEYRING = createKeyring("a secret for tests only");

/** Starts an adapter with a real store and vault in memory. */
export async function startAdapter(adapter: Adapter, options: StartOptions = {}): Promise<StartedAdapter> {
  const { now = Date.now, url = "https://bot.example.com" } = options;
  const clock = { ...systemClock, now };
  const events: Event[] = [];
  const lines: StartedAdapter["lines"] = [];
  let ignored = 0;
  let reconnections = 0;
  const line = (level: string) => (fields: object, sentence: string) => void lines.push({ level, fields, sentence });
  const log: Log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  const storage = memory();
  await storage.open({ clock, log });
  const receive: Receive = async (event) => {
    events.push(event);
    return { event: `${event.kind} ${event.id}`, duplicate: false };
  };
  const host: AdapterHost = {
    receive: options.receive ?? receive,
    ignore() {
      ignored += 1;
    },
    reconnected() {
      reconnections += 1;
    },
    store: createStore(storage.values, `adapter:${adapter.name}`, now),
    vault: createVault(storage.values, `adapter:${adapter.name}:vault`, KEYRING),
    url,
    clock,
    log,
  };
  await adapter.start(host);
  return {
    host,
    events,
    ignored: () => ignored,
    reconnections: () => reconnections,
    lines,
    deliver: (request) => adapter.webhook!(request),
    async [Symbol.asyncDispose]() {
      await adapter.stop?.();
      await storage.close();
    },
  };
}

/** A request as plain data; a text body is taken as UTF-8. */
export function request(
  parts: Partial<Omit<WebhookRequest, "body">> & { readonly body?: string | Uint8Array },
): WebhookRequest {
  const { body = "", ...rest } = parts;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return { method: "POST", path: "/", query: "", headers: {}, ...rest, body: bytes };
}

/** What a call failed with. */
export async function failure(call: Promise<unknown>): Promise<DeliveryError> {
  return call.then(
    () => expect.unreachable("it did not fail"),
    (error) => error,
  );
}

/** A whole bot on a port of its own, its adapters connected to simulators over HTTP, as `npm start` does it. */
export interface PlatformStage extends AsyncDisposable {
  readonly bot: Bot;
  readonly sandbox: Sandbox;
  /** Base URL of bot and sandbox. */
  readonly url: string;
  readonly warnings: readonly string[];
  /** The control API: `control("/twist/say", { text: "hi" })`; without a body a GET. @throws Error with the answer when it is not 2xx */
  control<T = unknown>(path: string, body?: object): Promise<T>;
  /** Somebody says something; resolves with the message's id. */
  say(text: string, more?: object): Promise<string>;
  messages(conversation?: string): Promise<readonly ShownMessage[]>;
  /** The texts of the bot in a conversation, once there are so many and nothing is left to do. */
  answers(count: number, conversation?: string): Promise<string[]>;
  deliveries(): Promise<readonly DeliveryRecord[]>;
  /** Resolves once every event was delivered and no job waits or runs. */
  settle(): Promise<void>;
}

export interface PlatformStageOptions {
  readonly adapters: readonly Adapter[];
  readonly plugins: readonly Plugin[];
  /** Delays of the platform's retries, ms. @default [0, 5, 10] */
  readonly retryDelays?: readonly number[];
  /** The bot's. @default the machine's */
  readonly clock?: Clock;
}

export async function openPlatforms({
  adapters,
  plugins,
  retryDelays = [0, 5, 10],
  clock = systemClock,
}: PlatformStageOptions): Promise<PlatformStage> {
  const [first] = adapters;
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_, text) => warnings.push(text), error: (_, text) => warnings.push(text) };
  const storage = memory();
  const bot = createBot(
    { name: "moe", storage, adapters, plugins, secret: "a secret for tests only" },
    { log, clock, url: () => server.url, sandboxed: adapters.map(({ name }) => name) },
  );
  const sandbox = createSandbox({ url: () => server.url, retryDelays, botName: "moe", log });
  const server = await startServer({ bot, host: "127.0.0.1", port: 0, log, fallback: sandbox.fetch });
  for (const adapter of adapters) {
    const { platform, name, paths } = adapter;
    adapter.sandbox!(sandbox.connect({ platform, name, webhook: `${server.url}${paths[0]}` })!);
  }
  const services = plugins.flatMap(({ name, service }) => (service === undefined ? [] : { name, service }));
  for (const { name, service } of services.filter(({ service: { missing } }) => missing.length > 0)) {
    const webhook = `${server.url}${service.webhook ?? "/"}`;
    service.sandbox(sandbox.connect({ platform: service.platform, name, webhook })!);
  }
  await bot.start();

  async function control<T>(path: string, body?: object): Promise<T> {
    const response = await fetch(`${server.url}/sandbox${path}`, {
      ...(body && {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as T;
  }
  const messages = (conversation?: string) =>
    control<readonly ShownMessage[]>(
      `/${first!.platform}/messages${conversation === undefined ? "" : `?conversation=${encodeURIComponent(conversation)}`}`,
    );
  const deliveries = () => control<readonly DeliveryRecord[]>(`/${first!.platform}/deliveries`);

  async function settle() {
    const end = Date.now() + 10_000;
    for (;;) {
      let isQuiet = !(await deliveries()).some(({ pending }) => pending);
      for (const { service } of services) {
        const sent = await control<readonly DeliveryRecord[]>(`/${service.platform}/deliveries`);
        isQuiet &&= !sent.some(({ pending }) => pending);
      }
      isQuiet &&= storage.pending() === 0;
      if (isQuiet) return;
      if (Date.now() > end)
        throw new Error(`The bot is still busy after 10 s: ${JSON.stringify(await storage.jobs(10))}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  return {
    bot,
    sandbox,
    url: server.url,
    warnings,
    control,
    async say(text, more) {
      return (await control<{ id: string }>(`/${first!.platform}/say`, { text, ...more })).id;
    },
    messages,
    async answers(count, conversation) {
      const end = Date.now() + 10_000;
      for (;;) {
        const own = (await messages(conversation)).filter(({ self }) => self);
        if (own.length >= count || Date.now() > end) {
          await settle();
          return (await messages(conversation)).filter(({ self }) => self).map(({ text }) => text);
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    deliveries,
    settle,
    async [Symbol.asyncDispose]() {
      await bot.stop();
      await sandbox.close();
      await server.stop();
    },
  };
}
