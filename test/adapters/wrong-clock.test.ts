import { expect, test } from "vitest";
import { slack } from "../../src/adapters/slack/index.ts";
import { twilio } from "../../src/adapters/twilio/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { type Adapter, definePlugin, systemClock } from "../../src/core/index.ts";
import { openPlatforms } from "./stage.ts";

// As far as Slack believes a request; the others set no limit.
const AHEAD_MS = 280_000;

const plugin = definePlugin({
  name: "clocked",
  setup(bot) {
    bot.hears(
      "pizza",
      async (ctx) => {
        const sent = await ctx.reply("Pizza is on the way!");
        await sent.edit?.("Pizza is here!");
      },
      { attempts: 10, backoff: { delay: "5ms", factor: 1 } },
    );
  },
});

const PLACES: readonly {
  readonly create: () => Adapter;
  readonly conversation: string;
  readonly posting: string;
  readonly answer: string;
}[] = [
  { create: slack, conversation: "@ada", posting: "chat.postMessage", answer: "Pizza is here!" },
  { create: () => twist({ pace: false }), conversation: "@ada", posting: "url_callback", answer: "Pizza is here!" },
  {
    create: () => twilio({ pace: false }),
    conversation: "ada",
    posting: "messages.create",
    answer: "Pizza is on the way!",
  },
];

test.each(PLACES)("a clock that is minutes ahead of the platform's doubles nothing: $posting", async (place) => {
  const { create, conversation, posting, answer } = place;
  const clock = { ...systemClock, now: () => Date.now() + AHEAD_MS };
  await using stage = await openPlatforms({ adapters: [create()], plugins: [plugin()], clock });
  await stage.control(`/${stage.bot.adapters[0]!.platform}/faults`, { on: posting, kind: "lost-answer" });
  await stage.say("pizza?", { conversation });
  expect(await stage.answers(1, conversation)).toEqual([answer]);
});

test("what Twist's callback has posted is edited although the clock is minutes ahead", async () => {
  const clock = { ...systemClock, now: () => Date.now() + AHEAD_MS };
  await using stage = await openPlatforms({ adapters: [twist({ pace: false })], plugins: [plugin()], clock });
  await stage.say("pizza?", { conversation: "@ada" });
  expect(await stage.answers(1, "@ada")).toEqual(["Pizza is here!"]);
});
