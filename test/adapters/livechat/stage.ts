import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { type LiveChatOptions, livechat } from "../../../src/adapters/livechat/index.ts";
import {
  type Adapter,
  type Bot,
  type Clock,
  createBot,
  type Log,
  type Plugin,
  type Storage,
  systemClock,
} from "../../../src/core/index.ts";
import { createSandbox, type DeliveryRecord, type ShownMessage } from "../../../src/sandbox/index.ts";
import { startServer } from "../../../src/server/index.ts";
import { memory } from "../../../src/storage/memory/index.ts";
import { freePort } from "../../servers/port.ts";

/** A call that the bot made to LiveChat. */
export interface MadeCall {
  readonly name: string;
  readonly authorization: string | undefined;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what the wire brings
  readonly json: any;
}

export interface RunningBot extends AsyncDisposable {
  readonly bot: Bot;
  readonly adapter: Adapter;
  readonly url: string;
  readonly lines: { readonly level: string; readonly fields: object; readonly sentence: string }[];
  /** How many jobs wait or run. */
  busy(): number;
}

export interface BotOptions {
  readonly plugins?: readonly Plugin[];
  readonly storage?: Storage;
  readonly options?: LiveChatOptions;
  readonly clock?: Clock;
  /** Of a process that shares its storage. */
  readonly pools?: readonly string[];
}

/** A clock that runs fast from now on, and can be set forward. */
export function createClock(factor: number): Clock & { forward(ms: number): void } {
  const start = Date.now();
  let ahead = 0;
  return {
    now: () => Math.round(start + (Date.now() - start) * factor + ahead),
    steady: () => systemClock.steady() * factor + ahead,
    after: (ms, fn) => systemClock.after(ms / factor, fn),
    forward(ms) {
      ahead += ms;
    },
  };
}

/** LiveChat on an address of its own, and a bot that can be stopped and started again with real credentials. */
export async function openLiveChat() {
  const calls: MadeCall[] = [];
  const gates = new Map<string, () => Promise<void>>();
  const sandbox = createSandbox({ url: () => url, retryDelays: [5, 10, 20], botName: "moe" });
  const server = createServer(
    getRequestListener(
      async (request, host) => {
        const name = callName(request);
        if (name !== undefined) calls.push(await readCall(name, request.clone()));
        if (name !== undefined) await gates.get(name)?.();
        return sandbox.fetch(request, host as never);
      },
      { overrideGlobalObjects: false },
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // The port of the bot, so that one that starts again is found by the old webhooks.
  const port = await freePort();
  let credentials: Readonly<Record<string, string>> = {};

  async function control<T = unknown>(path: string, body?: object): Promise<T> {
    const response = await fetch(`${url}/sandbox${path}`, {
      ...(body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as T;
  }

  return {
    url,
    calls,
    control,
    /** The names of the calls so far, and forgets them. */
    takeCalls: () => calls.splice(0).map(({ name }) => name),
    credentials: () => credentials,
    say: async (text: string, more?: object) => (await control<{ id: string }>("/livechat/say", { text, ...more })).id,
    install: () => control<{ status: number; text: string }>("/livechat/install", {}),
    messages: (conversation = "ada") =>
      control<readonly ShownMessage[]>(`/livechat/messages?conversation=${conversation}`),
    deliveries: () => control<readonly DeliveryRecord[]>("/livechat/deliveries"),
    fail: (on: string, kind = "500", times = 1) => control("/livechat/faults", { on, kind, times }),

    /** Holds calls of this name back, after so many that pass, until the returned function is called. */
    hold(name: string, passing = 0) {
      const { promise, resolve: release } = Promise.withResolvers<void>();
      let left = passing;
      gates.set(name, async () => void (left-- > 0 || (await promise)));
      return release;
    },

    /** A call with the personal access token of the license's owner. */
    async ask(path: string, body: object) {
      const { accountId, personalAccessToken } = credentials;
      const basic = Buffer.from(`${accountId}:${personalAccessToken}`).toString("base64");
      const response = await fetch(`${url}/sandbox/livechat/api/v3.6/${path}`, {
        method: "POST",
        headers: { authorization: `Basic ${basic}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return (await response.json()) as never;
    },

    /** The id of a customer's chat. */
    async chat(name = "ada"): Promise<string> {
      const { platforms } = await control<{
        platforms: { platform: string; conversations: { name: string; id: string }[] }[];
      }>("");
      const { conversations } = platforms.find(({ platform }) => platform === "livechat")!;
      return conversations.find((one) => one.name === name)!.id;
    },

    async start({ plugins = [], storage = memory(), options, clock, pools }: BotOptions = {}): Promise<RunningBot> {
      const lines: RunningBot["lines"] = [];
      const line = (level: string) => (fields: object, sentence: string) =>
        void lines.push({ level, fields, sentence });
      const log: Log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
      const adapter = livechat(options);
      const bot = createBot(
        { name: "moe", storage, adapters: [adapter], plugins, secret: "a secret for tests only" },
        { log, url: () => http.url, ...(clock && { clock }), ...(pools && { pools }) },
      );
      const http = await startServer({ bot, host: "127.0.0.1", port, log });
      const webhook = `${http.url}${adapter.paths[0]}`;
      credentials = sandbox.connect({ platform: "livechat", name: "livechat", webhook })!;
      adapter.sandbox!(credentials);
      await bot.start();
      return {
        bot,
        adapter,
        url: http.url,
        lines,
        busy: () => storage.pending(),
        async [Symbol.asyncDispose]() {
          await bot.stop();
          await http.stop();
        },
      };
    },

    /** Another process of the same bot: LiveChat calls the first one, or whoever stands at its address. */
    async join({ plugins = [], storage = memory(), options, clock, pools }: BotOptions): Promise<RunningBot> {
      const url = `http://127.0.0.1:${port}`;
      const lines: RunningBot["lines"] = [];
      const adapter = livechat(options);
      const bot = createBot(
        { name: "moe", storage, adapters: [adapter], plugins, secret: "a secret for tests only" },
        { url: () => url, ...(clock && { clock }), ...(pools && { pools }) },
      );
      adapter.sandbox!(credentials);
      await bot.start();
      const busy = () => storage.pending();
      return { bot, adapter, url, lines, busy, [Symbol.asyncDispose]: () => bot.stop() };
    },

    async [Symbol.asyncDispose]() {
      await sandbox.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Resolves once it is true. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`It did not become true within 10 s: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A page's words. */
export async function readPage(url: string, init: RequestInit = {}) {
  const response = await fetch(url, { redirect: "manual", ...init });
  const text = /<p>([^<]*)<\/p>/.exec(await response.text())?.[1];
  return { status: response.status, text, headers: response.headers };
}

function callName({ url, method }: Request): string | undefined {
  const { pathname } = new URL(url);
  const action = /^\/sandbox\/livechat\/api\/v3\.6\/(?:agent|configuration)\/action\/(\w+)$/.exec(pathname)?.[1];
  if (action !== undefined) return action;
  const account = /^\/sandbox\/livechat\/accounts\/v2\/(\w+)$/.exec(pathname)?.[1];
  return account && (method === "DELETE" ? "revoke" : account);
}

async function readCall(name: string, request: Request): Promise<MadeCall> {
  const body = await request.text();
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    json = undefined;
  }
  return { name, authorization: request.headers.get("authorization") ?? undefined, body, json };
}
