import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, vi } from "vitest";
import { slack } from "../../src/adapters/slack/index.ts";
import { createBot, type Plugin, silentLog } from "../../src/core/index.ts";
import { pizza } from "../../src/plugins/pizza/index.ts";
import { createSandbox, type DeliveryRecord, type ShownMessage } from "../../src/sandbox/index.ts";
import { startServer } from "../../src/server/index.ts";
import { sqlite } from "../../src/storage/sqlite/index.ts";

let browser: Browser;
let usual: BrowserContext;
beforeAll(async () => {
  browser = await chromium.connect(inject("browserEndpoint"));
  usual = await browser.newContext(USUAL);
});
afterAll(() => browser.close());

// Nothing fades in: what is there can be read and measured at once.
const USUAL: BrowserContextOptions = { reducedMotion: "reduce" };

/** The bot with Slack, its sandbox and its server, put together as `hobnob start` does it. */
async function startBot(file: string, port: number, plugins: readonly Plugin[]) {
  const adapter = slack({});
  const config = { name: "hobnob", storage: sqlite({ file }), adapters: [adapter], plugins };
  const bot = createBot(config);
  const sandbox = createSandbox({ url: () => server.url, botName: config.name });
  const server = await startServer({ bot, host: "127.0.0.1", port, log: silentLog, fallback: sandbox.fetch });
  const webhook = `${server.url}${adapter.paths[0]}`;
  adapter.sandbox!(sandbox.connect({ platform: adapter.platform, name: adapter.name, webhook })!);
  bot.watch(sandbox.trace);
  await bot.start();
  return {
    bot,
    url: server.url,
    async stop() {
      await bot.stop();
      await sandbox.close();
      await server.stop();
    },
  };
}

export interface VisitOptions extends BrowserContextOptions {
  /** What the browser may complain about; anything else fails the test. */
  readonly expected?: RegExp;
}

/** A running bot, and browsers that visit its sandbox. */
export async function openStage({ plugins = [pizza()] }: { readonly plugins?: readonly Plugin[] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "hobnob-browser-"));
  const file = join(folder, "bot.db");
  const complaints: string[] = [];
  const pages: Page[] = [];
  let running: Awaited<ReturnType<typeof startBot>> | undefined = await startBot(file, 0, plugins);
  const { url } = running;

  async function control<T>(path: string, init?: RequestInit): Promise<T> {
    return (await (await fetch(`${url}/sandbox${path}`, init)).json()) as T;
  }

  async function expectQuiet(): Promise<void> {
    const underWay = await control<readonly DeliveryRecord[]>("/slack/deliveries?pending=1");
    expect([underWay, running!.bot.storage.pending()]).toEqual([[], 0]);
  }

  return {
    url,
    async visit({ expected, ...options }: VisitOptions = {}): Promise<Page> {
      // The page keeps nothing in the browser, and a context of its own costs as much as a test.
      const isUsual = Object.keys(options).length === 0;
      const page = isUsual ? await usual.newPage() : await browser.newPage({ ...USUAL, ...options });
      page.setDefaultTimeout(10_000);
      const complain = (text: string) => {
        if (!expected?.test(text)) complaints.push(text);
      };
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) complain(message.text());
      });
      page.on("pageerror", (error) => complain(error.message));
      pages.push(page);
      await page.goto(url);
      await page.getByText("Live", { exact: true }).waitFor();
      return page;
    },
    /** Nothing is on its way any more, in either direction: what has been said by now is all that will be said. */
    async settles(): Promise<void> {
      await vi.waitFor(expectQuiet, { interval: 20, timeout: 10_000 });
    },
    messages: (conversation = "general") =>
      control<readonly ShownMessage[]>(`/slack/messages?conversation=${conversation}`),
    deliveries: () => control<readonly DeliveryRecord[]>("/slack/deliveries"),
    async stop() {
      await running!.stop();
      running = undefined;
    },
    async startAgain() {
      running = await startBot(file, Number(new URL(url).port), plugins);
    },
    async [Symbol.asyncDispose]() {
      for (const page of pages) await page.close();
      await running?.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
      expect(complaints).toEqual([]);
    },
  };
}

export type Stage = Awaited<ReturnType<typeof openStage>>;

export const ANSWER = "Pizza is on the way!";

/** Writes into the message box and presses Enter. */
export async function say(page: Page, text: string): Promise<void> {
  const box = page.getByRole("textbox", { name: "Message" });
  await box.fill(text);
  await box.press("Enter");
}

/** What the bot has said in the conversation that is open, as the page shows it. */
export const answers = (page: Page) => page.locator("article.self .text").allInnerTexts();

/** The stations of the road that have been reached, in order. */
export const stations = (page: Page) => page.locator("#road .stop:not(.ahead) .name").allInnerTexts();
