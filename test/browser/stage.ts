import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import { afterAll, beforeAll, expect, inject, vi } from "vitest";
import { livechat } from "../../src/adapters/livechat/index.ts";
import { slack } from "../../src/adapters/slack/index.ts";
import { twilio } from "../../src/adapters/twilio/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { twitter } from "../../src/adapters/twitter/index.ts";
import { type Adapter, createBot, type Plugin, silentLog } from "../../src/core/index.ts";
import { pizza } from "../../src/plugins/pizza/index.ts";
import {
  createSandbox,
  type DeliveryRecord,
  type SandboxPlatform,
  type ShownMessage,
} from "../../src/sandbox/index.ts";
import { startServer } from "../../src/server/index.ts";
import { sqlite } from "../../src/storage/sqlite/index.ts";
import { freePort } from "../servers/port.ts";

let browser: Browser;
let usual: BrowserContext;
beforeAll(async () => {
  browser = await chromium.connect(inject("browserEndpoint"));
  usual = await browser.newContext(USUAL);
});
afterAll(() => browser.close());

// Nothing fades in: what is there can be read and measured at once.
const USUAL: BrowserContextOptions = { reducedMotion: "reduce" };

interface Cast {
  readonly plugins: readonly Plugin[];
  readonly adapters: () => readonly Adapter[];
  /** In place of the sandbox's own. */
  readonly platforms?: readonly SandboxPlatform[];
}

/** The bot, its sandbox and its server, put together as `hobnob start` does it. */
async function startBot(file: string, port: number, { plugins, adapters, platforms }: Cast) {
  const config = { name: "hobnob", storage: sqlite({ file }), adapters: adapters(), plugins };
  const bot = createBot(config, { sandboxed: config.adapters.map(({ name }) => name), url: () => server.url });
  const sandbox = createSandbox({ url: () => server.url, botName: config.name, ...(platforms && { platforms }) });
  const server = await startServer({ bot, host: "127.0.0.1", port, log: silentLog, fallback: sandbox.fetch });
  for (const { platform } of platforms ?? []) {
    sandbox.connect({ platform: platform.name, name: platform.name, webhook: `${server.url}/${platform.name}` });
  }
  for (const adapter of config.adapters) {
    const webhook = `${server.url}${adapter.paths[0]}`;
    adapter.sandbox!(sandbox.connect({ platform: adapter.platform, name: adapter.name, webhook })!);
  }
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

/** One of each kind. */
export const everyAdapter = (): readonly Adapter[] => [slack({}), twist({}), twitter({}), livechat({}), twilio({})];

export interface VisitOptions extends BrowserContextOptions {
  /** What the browser may complain about; anything else fails the test. */
  readonly expected?: RegExp;
}

/** A running bot, and browsers that visit its sandbox. */
export async function openStage(given: Partial<Cast> = {}) {
  const cast: Cast = { plugins: [pizza()], adapters: () => [slack({})], ...given };
  const folder = mkdtempSync(join(tmpdir(), "hobnob-browser-"));
  const file = join(folder, "bot.db");
  const complaints: string[] = [];
  const pages: Page[] = [];
  let running: Awaited<ReturnType<typeof startBot>> | undefined = await startBot(file, await freePort(), cast);
  const { url } = running;

  async function control<T>(path: string, init?: RequestInit): Promise<T> {
    return (await (await fetch(`${url}/sandbox${path}`, init)).json()) as T;
  }

  async function expectQuiet(): Promise<void> {
    const { platforms } = await control<{ readonly platforms: readonly { readonly platform: string }[] }>("");
    for (const { platform } of platforms) {
      expect(await control<readonly DeliveryRecord[]>(`/${platform}/deliveries?pending=1`)).toEqual([]);
    }
    expect(running!.bot.storage.pending()).toBe(0);
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
      await vi.waitFor(expectQuiet, { interval: 20, timeout: 30_000 });
    },
    control,
    /** Somebody says it elsewhere, not on the page. */
    say: (text: string, platform: string) =>
      control<{ readonly id: string }>(`/${platform}/say`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ text }),
      }),
    messages: (conversation = "general") =>
      control<readonly ShownMessage[]>(`/slack/messages?conversation=${conversation}`),
    deliveries: () => control<readonly DeliveryRecord[]>("/slack/deliveries"),
    async stop() {
      await running!.stop();
      running = undefined;
    },
    async startAgain() {
      running = await startBot(file, Number(new URL(url).port), cast);
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

/** A platform's column. */
export const column = (page: Page, platform = "slack"): Locator => page.locator(`[data-platform="${platform}"].column`);

/** A column's message box. */
export const box = (page: Page, platform?: string): Locator =>
  column(page, platform).getByRole("textbox", { name: "Message" });

/** Writes into the message box and presses Enter. */
export async function say(page: Page, text: string, platform?: string): Promise<void> {
  await box(page, platform).fill(text);
  await box(page, platform).press("Enter");
}

/** Opens a conversation in a column. */
export async function open(page: Page, label: string, platform?: string): Promise<void> {
  await column(page, platform).getByRole("combobox", { name: "Conversation" }).selectOption({ label });
}

/** What the bot has said in the conversation that is open, as the page shows it. */
export const answers = (page: Page, platform?: string) =>
  column(page, platform).locator("article.self .text").allInnerTexts();

/** What everybody has said there. */
export const texts = (page: Page, platform?: string) => column(page, platform).locator("article .text").allInnerTexts();

/** The stations of the road that have been reached, in order. */
export const stations = (page: Page) => page.locator("#road .stop:not(.ahead) .name").allInnerTexts();

const CONTRAST = readFileSync(join(import.meta.dirname, "contrast.js"), "utf8");

/** The texts that do not stand out enough from what is behind them. */
export async function unreadable(page: Page): Promise<readonly string[]> {
  const { count, found } = await page.evaluate<{ readonly count: number; readonly found: readonly string[] }>(CONTRAST);
  expect(count).toBeGreaterThan(20);
  return found;
}

/** How much wider than they may be some parts of the page are. */
export const excessWidth = (page: Page, selectors: readonly string[]) =>
  page.evaluate<number[]>(
    `${JSON.stringify(selectors)}.map((each) => document.querySelector(each)).map((each) => each.scrollWidth - each.clientWidth)`,
  );
