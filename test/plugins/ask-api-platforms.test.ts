import { describe, expect, test } from "vitest";
import { livechat } from "../../src/adapters/livechat/index.ts";
import { slack } from "../../src/adapters/slack/index.ts";
import { twilio } from "../../src/adapters/twilio/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { twitter } from "../../src/adapters/twitter/index.ts";
import { askApi } from "../../src/plugins/ask-api/index.ts";
import { openPlatforms } from "../adapters/stage.ts";
import { openBackend, stream } from "./ask-api-stage.ts";

const GROWING = "Impossible de contacter le chatbot pour le moment.\nMerci de réessayer plus tard";
const WHOLE = "Une erreur s'est produite. Veuillez réessayer plus tard.";
const ANSWER = "Sure, I'll get right on that!\r\nHELLO";

const IMPATIENT = { pace: false, timeout: "500ms" } as const;

const PLATFORMS = [
  { name: "slack", adapter: () => slack(IMPATIENT), place: "@ada", error: GROWING },
  { name: "twist", adapter: () => twist(IMPATIENT), place: "@ada", error: GROWING },
  { name: "twitter", adapter: () => twitter({ timeout: "500ms" }), place: "@ada", error: WHOLE },
  { name: "livechat", adapter: () => livechat(IMPATIENT), place: "ada", error: WHOLE },
  { name: "twilio", adapter: () => twilio(IMPATIENT), place: "ada", error: WHOLE },
];

describe.concurrent.each(PLATFORMS)("on $name", ({ name, adapter, place, error }) => {
  const open = () => openPlatforms({ adapters: [adapter()], plugins: [askApi({ listen: "everything" })] });

  test("a question is answered, once, also when its event comes twice", async () => {
    await using stage = await open();
    await stage.control(`/${name}/faults`, { on: "events", kind: "duplicate" });
    await stage.say("hello", { conversation: place });
    expect(await stage.answers(1, place)).toEqual([ANSWER]);
    expect(await stage.control("/backend/messages")).toHaveLength(1);
    expect(stage.warnings).toEqual([]);
  });

  test("questions that overtake each other are all answered", async () => {
    await using stage = await open();
    await stage.control(`/${name}/faults`, { on: "events", kind: "reorder" });
    for (const text of ["one", "two"]) await stage.say(text, { conversation: place });
    const texts = (await stage.answers(2, place)).map((text) => text.split(/\s/).at(-1));
    expect(texts.sort()).toEqual(["ONE", "TWO"]);
  });

  test("a backend that breaks off is told, and nothing else is left", async () => {
    await using stage = await open();
    await stage.say("one two three (break)", { conversation: place });
    const texts = await stage.answers(error === GROWING ? 2 : 1, place);
    expect(texts.at(-1)).toBe(error);
    expect(texts).toHaveLength(error === GROWING ? 2 : 1);
  });

  test.each(["429", "500", "lost-answer", "timeout"])(
    "a reply that meets a %s is there in the end, once",
    async (kind) => {
      await using stage = await open();
      const platforms = (await stage.control<{ platforms: readonly { platform: string; replyMethod: string }[] }>(""))
        .platforms;
      const on = platforms.find(({ platform }) => platform === name)!.replyMethod;
      await stage.control(`/${name}/faults`, { on, kind, retryAfter: 0.1 });
      await stage.say("hello", { conversation: place });
      expect(await stage.answers(1, place)).toEqual([ANSWER]);
      expect(await stage.control("/backend/messages")).toHaveLength(1);
    },
  );
});

test.concurrent.each(["chat.update", "chat.delete", "chat.postMessage"])(
  "Slack fails each way at %s, and the answer is whole in the end",
  async (on) => {
    const words = Array.from({ length: 30 }, (_, n) => `mot${n} `);
    await using backend = await openBackend((response) => stream(response, words, 50));
    await using stage = await openPlatforms({
      adapters: [slack({ pace: false })],
      plugins: [askApi({ url: backend.url })],
    });
    for (const [index, kind] of ["500", "lost-answer", "429"].entries()) {
      await stage.control("/slack/faults", { on, kind, retryAfter: 0.1 });
      const conversation = `@${["ada", "bob", "grace"][index]}`;
      await stage.say("raconte", { conversation, user: conversation.slice(1) });
    }
    for (const conversation of ["@ada", "@bob", "@grace"]) {
      expect(await stage.answers(1, conversation)).toEqual([words.join("")]);
    }
    expect(backend.asked).toHaveLength(3);
  },
);

test.concurrent("a long answer comes by SMS in order, with nothing before it", async () => {
  const text = Array.from({ length: 400 }, (_, n) => `mot${n}`).join(" ");
  await using backend = await openBackend((response) => response.end(text));
  await using stage = await openPlatforms({
    adapters: [twilio({ pace: false })],
    plugins: [askApi({ url: backend.url })],
  });
  await stage.say("raconte");
  const texts = await stage.answers(2);
  expect(texts.join(" ")).toBe(text);
  expect(texts).toHaveLength(2);
  expect(backend.asked[0]!.body).toMatchObject({ type: "twilio", user_name: expect.stringMatching(/^\+/) });
});

test.concurrent("staff who speak with a customer are not answered, a customer is, after a sign that somebody types", async () => {
  await using stage = await openPlatforms({
    adapters: [livechat({ pace: false })],
    plugins: [askApi({ listen: "everything" })],
  });
  await stage.say("what do you cost?");
  expect(await stage.answers(1)).toEqual(["Sure, I'll get right on that!\r\nWHAT DO YOU COST?"]);
  await stage.say("I can help you with that", { user: "grace" });
  await stage.settle();
  expect(await stage.answers(1)).toHaveLength(1);
});

test.concurrent("with `ack` the waiting text is Twist's immediate answer", async () => {
  await using stage = await openPlatforms({ adapters: [twist({ pace: false })], plugins: [askApi({ ack: true })] });
  await stage.say("hello", { conversation: "@ada" });
  const texts = await stage.answers(2, "@ada");
  expect(texts).toEqual([expect.stringContaining("Un instant"), ANSWER]);
});
