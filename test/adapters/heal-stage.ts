import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import {
  type Adapter,
  type Bot,
  createBot,
  definePlugin,
  type Message,
  type Storage,
  silentLog,
  systemClock,
} from "../../src/core/index.ts";
import { createSandbox, type DeliveryRecord, type ShownMessage } from "../../src/sandbox/index.ts";
import { startServer } from "../../src/server/index.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { freePort } from "../servers/port.ts";

/** A bot that answers to "pizza", and what it was handed. */
export interface EchoBot extends AsyncDisposable {
  readonly bot: Bot;
  readonly heard: readonly Message[];
  /** Resolves once it was handed so many messages, and has answered. */
  hears(count: number): Promise<readonly Message[]>;
}

/** A simulated platform that sends nothing twice and stays up, and bots that come and go. */
export async function openPlatformThatStays(create: () => Adapter) {
  const sandbox = createSandbox({ url: () => url, retryDelays: [], botName: "moe" });
  const listener = getRequestListener(sandbox.fetch, { overrideGlobalObjects: false });
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { platform } = create();
  const storages: Storage[] = [];
  // Bots that come and go are found by the same webhook.
  const port = await freePort();

  async function control<T>(path: string, body?: object): Promise<T> {
    const response = await fetch(`${url}/sandbox/${platform}/${path}`, {
      ...(body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as T;
  }

  return {
    control,
    /** Somebody says something; resolves with its id once the platform has told the bot, or tried in vain. */
    async say(said: object): Promise<string> {
      const { id } = await control<{ id: string }>("say", said);
      await until(async () => {
        const records = await control<readonly DeliveryRecord[]>("deliveries?pending=1");
        return records.length === 0;
      });
      return id;
    },
    /** What the bot has said in a conversation. */
    async answers(conversation: string): Promise<string[]> {
      const messages = await control<readonly ShownMessage[]>(
        `messages?conversation=${encodeURIComponent(conversation)}`,
      );
      return messages.filter(({ self }) => self).map(({ text }) => text);
    },
    /** A storage that bots open and close without its noticing. */
    async storage(): Promise<Storage> {
      const inner = memory();
      storages.push(inner);
      await inner.open({ clock: systemClock, log: silentLog });
      const nothing = { value: async () => {} };
      return Object.create(inner, { open: nothing, close: nothing }) as Storage;
    },
    async start(storage: Storage): Promise<EchoBot> {
      const heard: Message[] = [];
      const echo = definePlugin({
        name: "echo",
        setup(bot) {
          bot.hears("pizza", async (ctx) => {
            heard.push(ctx.message);
            await ctx.reply(`got ${/\d+/.exec(ctx.message.text)}`);
          });
        },
      });
      const adapter = create();
      const bot = createBot(
        { name: "moe", storage, adapters: [adapter], plugins: [echo()], secret: "a secret for tests only" },
        { url: () => http.url },
      );
      const http = await startServer({ bot, host: "127.0.0.1", port, log: silentLog });
      adapter.sandbox!(sandbox.connect({ platform, name: platform, webhook: `${http.url}${adapter.paths[0]}` })!);
      await bot.start();
      return {
        bot,
        heard,
        async hears(count) {
          await until(() => heard.length >= count && storage.pending() === 0);
          return heard;
        },
        async [Symbol.asyncDispose]() {
          await bot.stop();
          await http.stop();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      for (const storage of storages) await storage.close();
    },
  };
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`It did not become true within 10 s: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
