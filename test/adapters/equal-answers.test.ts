import { expect, test } from "vitest";
import { livechat } from "../../src/adapters/livechat/index.ts";
import { slack } from "../../src/adapters/slack/index.ts";
import { twilio } from "../../src/adapters/twilio/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { twitter } from "../../src/adapters/twitter/index.ts";
import { type Adapter, definePlugin } from "../../src/core/index.ts";
import { openPlatforms, type PlatformStage } from "./stage.ts";

const ANSWER = "Pizza is on the way!";

/** Two people can ask the same before anybody is answered, and get the same answer. */
interface Place {
  readonly title: string;
  readonly create: () => Adapter;
  readonly conversation: string;
  /** The calls that post. */
  readonly posting: readonly string[];
  /** What comes before the questions; resolves with the thread in which they are asked. */
  readonly begin?: (stage: PlatformStage) => Promise<{ readonly thread: string }>;
}

const beginThread = async (stage: PlatformStage) => ({
  thread: await stage.say("lunch", { conversation: "general" }),
});

const PLACES: readonly Place[] = [
  { title: "Slack", create: slack, conversation: "@ada", posting: ["chat.postMessage"] },
  {
    title: "Twist, directly",
    create: () => twist({ pace: false }),
    conversation: "@ada",
    posting: ["url_callback", "conversation_messages/add"],
  },
  {
    title: "Twist, in a thread",
    create: () => twist({ pace: false }),
    conversation: "general",
    posting: ["url_callback", "comments/add"],
    begin: beginThread,
  },
  {
    title: "X, directly",
    create: twitter,
    conversation: "@ada",
    posting: ["createDirectMessagesByParticipantId"],
  },
  { title: "LiveChat", create: livechat, conversation: "ada", posting: ["send_event"] },
  { title: "SMS", create: () => twilio({ pace: false }), conversation: "ada", posting: ["messages.create"] },
  {
    title: "WhatsApp",
    create: () => twilio({ pace: false }),
    conversation: "whatsapp/ada",
    posting: ["messages.create"],
  },
];

/** A plugin whose answers to questions leave one by one, when they may. */
function createWaiter() {
  const gates = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  const asked = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  let count = 0;
  const waiter = definePlugin({
    name: "waiter",
    setup(bot) {
      bot.hears(
        "pizza",
        async (ctx) => {
          if (ctx.attempt === 1) {
            const turn = count++;
            asked[turn]!.resolve();
            await gates[turn]!.promise;
          }
          await ctx.reply(ANSWER);
        },
        { attempts: 10, backoff: { delay: "5ms", factor: 1 } },
      );
    },
  });
  return {
    plugin: waiter(),
    asked: (turn: number) => asked[turn]!.promise,
    answer: (turn: number) => gates[turn]!.resolve(),
  };
}

test.each(
  PLACES.flatMap((place) => [
    { ...place, isLookedUp: false },
    { ...place, isLookedUp: true, title: `${place.title}, the first one looked up itself` },
  ]),
)("of two equal answers one that is not out is not taken for the other: $title", async (place) => {
  const { create, conversation, posting, begin, isLookedUp } = place;
  const waiter = createWaiter();
  await using stage = await openPlatforms({ adapters: [create()], plugins: [waiter.plugin] });
  const { platform } = stage.bot.adapters[0]!;
  const where = { conversation, ...(await begin?.(stage)) };
  await stage.say("pizza?", where);
  await waiter.asked(0);
  // It is older than the answer to the first.
  await stage.say("pizza!", where);
  while (stage.bot.storage.pending() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  if (isLookedUp) await stage.control(`/${platform}/faults`, { on: posting[0]!, kind: "lost-answer" });
  waiter.answer(0);
  await waiter.asked(1);
  for (const on of posting) await stage.control(`/${platform}/faults`, { on, kind: "500" });
  waiter.answer(1);
  expect(await stage.answers(2, conversation)).toEqual([ANSWER, ANSWER]);
});

test.each(PLACES)("of two equal answers one that is out is not said again: $title", async (place) => {
  const { create, conversation, posting, begin } = place;
  const waiter = createWaiter();
  await using stage = await openPlatforms({ adapters: [create()], plugins: [waiter.plugin] });
  const { platform } = stage.bot.adapters[0]!;
  const where = { conversation, ...(await begin?.(stage)) };
  for (let turn = 0; turn < 3; turn++) {
    await stage.say(`pizza ${turn}?`, where);
    if (turn === 0) await waiter.asked(0);
  }
  while (stage.bot.storage.pending() < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  for (let turn = 0; turn < 3; turn++) {
    await waiter.asked(turn);
    // The first of them goes one way, what is lost on that way is looked for on all.
    await stage.control(`/${platform}/faults`, { on: posting[0]!, kind: "lost-answer" });
    waiter.answer(turn);
  }
  expect(await stage.answers(3, conversation)).toEqual([ANSWER, ANSWER, ANSWER]);
});
