import { describe, expect, test } from "vitest";
import { livechat } from "../../src/adapters/livechat/index.ts";
import { slack } from "../../src/adapters/slack/index.ts";
import { twilio } from "../../src/adapters/twilio/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { twitter } from "../../src/adapters/twitter/index.ts";
import { pizza } from "../../src/plugins/pizza/index.ts";
import { openPlatforms } from "../adapters/stage.ts";
import { message, openBot, platform } from "../core/stage.ts";

const TEXT = "Pizza is on the way!";

describe.concurrent.each([
  ["Slack", () => slack({ pace: false }), "general", "everyone"],
  ["Twist", () => twist({ pace: false }), "general", "everyone"],
  ["X", () => twitter(), "@ada", "everyone"],
  ["LiveChat", () => livechat(), undefined, "agents"],
  ["SMS", () => twilio({ pace: false }), undefined, "everyone"],
] as const)("on %s", (_, adapter, conversation, visibility) => {
  const open = () => openPlatforms({ adapters: [adapter()], plugins: [pizza()] });
  const there = conversation === undefined ? {} : { conversation };

  test("the pizza is announced once, also when the event comes twice", async () => {
    await using stage = await open();
    await stage.control(`/${stage.bot.adapters[0]!.platform}/faults`, { on: "events", kind: "duplicate" });
    await stage.say("Hey! where is my PIZZA?", there);
    expect(await stage.answers(1, conversation)).toEqual([TEXT]);
    const [own] = (await stage.messages(conversation)).filter(({ self }) => self);
    expect(own).toMatchObject({ text: TEXT, visibility });
  });

  test("once too when the platform takes the post and does not say so", async () => {
    await using stage = await open();
    const { platform: name } = stage.bot.adapters[0]!;
    const { replyMethod } = (
      await stage.control<{ platforms: { platform: string; replyMethod: string }[] }>("")
    ).platforms.find((each) => each.platform === name)!;
    await stage.control(`/${name}/faults`, { on: replyMethod, kind: "lost-answer" });
    await stage.say("pizza", there);
    expect(await stage.answers(1, conversation)).toEqual([TEXT]);
  });
});

test("the staff can be left out", async () => {
  const test = platform("test");
  await using stage = await openBot([pizza({ ignoreStaff: true })], { adapters: [test] });
  const say = (isAgent: boolean) =>
    stage.receive(message("pizza", { author: { id: "a", name: "A", isBot: false, isAgent } }));
  await say(true);
  expect(stage.storage.pending()).toBe(0);
  await say(false);
  await stage.settle();
  expect(test.texts).toEqual([TEXT]);
});
