import { test } from "vitest";
import { definePlugin, type Plugin } from "../../src/core/index.ts";
import type { Overview } from "../../src/sandbox/shown.ts";
import {
  ANSWER,
  answers,
  box,
  column,
  everyAdapter,
  excessWidth,
  openStage,
  say,
  stations,
  unreadable,
} from "./stage.ts";

const WIDE = { viewport: { width: 1600, height: 900 } };

async function openAll(plugins?: readonly Plugin[]) {
  const stage = await openStage({ adapters: everyAdapter, ...(plugins && { plugins }) });
  const { platforms: all } = await stage.control<{ readonly platforms: readonly Overview[] }>("");
  // Where no bot is there is no column.
  const platforms = all.filter(({ apps }) => apps.length > 0);
  return { stage, platforms, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() };
}

/** What somebody says to the bot in the conversation that the platform opens with. */
const question = ({ platform, apps }: Overview) =>
  platform === "twitter" ? `@${apps[0]!.bot} where is my pizza?` : "where is my pizza?";

test("all platforms stand side by side, and each answers", async ({ expect }) => {
  await using all = await openAll();
  const page = await all.stage.visit(WIDE);
  expect(all.platforms.map(({ title }) => title)).toEqual(["Slack", "Twist", "X", "LiveChat", "SMS & WhatsApp"]);
  expect(await page.getByRole("heading", { level: 2 }).allInnerTexts()).toEqual([
    ...all.platforms.map(({ title }) => title),
    "The road of the last message",
    "What can I break?",
  ]);
  for (const info of all.platforms) await say(page, question(info), info.platform);
  for (const { platform } of all.platforms) {
    await expect.poll(() => answers(page, platform)).toEqual([ANSWER]);
  }
  await all.stage.settles();
  for (const { platform } of all.platforms) expect(await answers(page, platform)).toEqual([ANSWER]);
  expect(await excessWidth(page, ["html", ...all.platforms.map(({ platform }) => scrollOf(platform))])).toEqual([
    0, 0, 0, 0, 0, 0,
  ]);
});

test("the road tells of the last message, wherever it was said", async ({ expect }) => {
  await using all = await openAll();
  const page = await all.stage.visit(WIDE);
  for (const info of all.platforms) {
    const text = `${question(info)} on ${info.platform}`;
    await say(page, text, info.platform);
    await page.getByText(`on ${info.title}: “${text}”`, { exact: false }).waitFor();
    await expect.poll(() => stations(page)).toContain("done");
    expect(await page.locator("#road-verdict").textContent()).toContain("Stored before it was acknowledged");
  }
});

test.for(["Deliver twice", "Lost answer"])("%s: each platform is answered once", async (fault, { expect }) => {
  await using all = await openAll();
  const page = await all.stage.visit(WIDE);
  for (const info of all.platforms) {
    await box(page, info.platform).focus();
    expect(await page.getByRole("combobox", { name: "On which platform" }).inputValue()).toBe(info.platform);
    await page.getByRole("button", { name: fault }).click();
    await column(page, info.platform).getByText("a fault is armed").waitFor();
    await say(page, question(info), info.platform);
  }
  for (const { platform } of all.platforms) await expect.poll(() => answers(page, platform)).toEqual([ANSWER]);
  await all.stage.settles();
  for (const { platform } of all.platforms) {
    expect([platform, await answers(page, platform)]).toEqual([platform, [ANSWER]]);
    expect(await column(page, platform).getByText("a fault is armed").count()).toBe(0);
  }
});

test.for(["light", "dark"] as const)(
  "in the %s scheme all can be read on all platforms",
  async (scheme, { expect }) => {
    await using all = await openAll();
    const page = await all.stage.visit({ ...WIDE, colorScheme: scheme });
    expect(await unreadable(page)).toEqual([]);
    for (const info of all.platforms) await say(page, question(info), info.platform);
    for (const { platform } of all.platforms) await expect.poll(() => answers(page, platform)).toEqual([ANSWER]);
    expect(await unreadable(page)).toEqual([]);
  },
);

test("on a phone of 320 pixels nothing hangs out on any platform", async ({ expect }) => {
  await using all = await openAll();
  const page = await all.stage.visit({ viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true });
  for (const info of all.platforms) {
    await page.getByRole("navigation").locator(`[data-name="${info.platform}"]`).tap();
    await say(page, question(info), info.platform);
    await expect.poll(() => answers(page, info.platform)).toEqual([ANSWER]);
    expect(await excessWidth(page, ["html", "#tabs", scrollOf(info.platform)])).toEqual([0, 0, 0]);
  }
});

test("after starting over, and after a restart, each platform answers as at first", async ({ expect }) => {
  await using all = await openAll();
  const page = await all.stage.visit({ ...WIDE, expected: /net::ERR_/ });
  const ask = async () => {
    for (const info of all.platforms) await say(page, question(info), info.platform);
    for (const { platform } of all.platforms) {
      await expect.poll(() => answers(page, platform), { message: platform }).toEqual([ANSWER]);
    }
    await all.stage.settles();
  };
  await ask();
  await page.getByRole("button", { name: "Start over" }).click();
  await page.getByText("Say something in any column.").waitFor();
  await ask();
  await all.stage.stop();
  await page.getByText("Connection lost, trying again…").waitFor();
  await all.stage.startAgain();
  await page.getByText("Say something in any column.").waitFor();
  await ask();
});

const colours = definePlugin({
  name: "colours",
  setup(bot) {
    const buttons = [{ id: "red", label: "Red" }];
    bot.hears(/colour/, (ctx) => ctx.reply({ text: "Which one?", buttons }));
    // Where a button only says its text, that is heard.
    bot.hears(/^red$/i, (ctx) => ctx.reply("Red it is."));
    bot.on("action", (ctx) => ctx.reply("Red it is."));
  },
});

test("a button of the bot's is pressed wherever there are buttons", async ({ expect }) => {
  await using all = await openAll([colours()]);
  const page = await all.stage.visit(WIDE);
  const able = all.platforms.filter(({ can }) => can.includes("press")).map(({ platform }) => platform);
  expect(able).toEqual(["slack", "twist", "livechat"]);
  for (const platform of able) {
    await say(page, "what colour?", platform);
    await column(page, platform).getByRole("button", { name: "Red" }).click();
    await column(page, platform).getByText("Red it is.").waitFor();
  }
});

const scrollOf = (platform: string) => `[data-platform="${platform}"] .scroll`;
