import { expect, test } from "vitest";
import { twitter } from "../../../src/adapters/twitter/index.ts";
import { createBot, definePlugin, type Message, silentLog } from "../../../src/core/index.ts";
import { memory } from "../../../src/storage/memory/index.ts";
import { openPlatforms } from "../stage.ts";
import { fixture, secret, signed } from "./started.ts";

/** A bot of command words, wherever they stand in a text. */
function commands(heard: Message[]) {
  return definePlugin({
    name: "commands",
    setup(bot) {
      bot.hears(/moe(?:rand|name|mess)/i, async ({ message }) => void heard.push(message));
    },
  })();
}

const KEYS = { appKey: "key", appSecret: secret, accessToken: "2244994945-token", accessSecret: "access secret" };

/** What such a bot makes of these bodies. */
async function heardOf(...names: readonly string[]): Promise<readonly Message[]> {
  const heard: Message[] = [];
  const storage = memory();
  const bot = createBot(
    { name: "moe", storage, adapters: [twitter(KEYS)], plugins: [commands(heard)] },
    { log: silentLog, url: () => "https://bot.example.com" },
  );
  await bot.start();
  for (const name of names) expect((await bot.webhook(signed(fixture(name)))).status).toBe(200);
  while (storage.pending() > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await bot.stop();
  return heard;
}

test("a command is heard in a mention and in an answer, but not without either, nor in a mention without a word", async () => {
  const heard = await heardOf("mention", "answer-without-mention", "not-addressed", "mention-without-word");
  expect(heard.map(({ id, author, text }) => ({ id, user: author.id, text }))).toEqual([
    { id: "1990000000000000101", user: "3001969357", text: "hello MoeRand please" },
    { id: "1990000000000000103", user: "3001969357", text: "one more moerand" },
  ]);
});

test("a command is heard in a direct message, but not in the bot's own, nor in likes, follows and typing", async () => {
  const heard = await heardOf("direct", "own-direct", "like", "follow", "typing");
  expect(heard.map(({ id, author }) => [id, author.id])).toEqual([["1990000000000000301", "3001969357"]]);
});

test("of several posts in one body those with a command are heard, and the direct messages too", async () => {
  const heard = await heardOf("posts-and-directs");
  expect(heard.map(({ id }) => id)).toEqual(["1990000000000000101", "1990000000000000102", "1990000000000000304"]);
});

test("a command beyond the place where old clients cut the text is heard", async () => {
  expect((await heardOf("long-post")).map(({ text }) => text)).toEqual([expect.stringContaining("<moerand>")]);
});

test("the same post is heard once, however often and in whatever shape it comes", async () => {
  const heard = await heardOf(
    "mention",
    "mention",
    "activity-mention",
    "activity-answer",
    "activity-answer-as-mention",
  );
  expect(heard.map(({ id }) => id)).toEqual(["1990000000000000101", "1990000000000000202"]);
});

test("neither the bot's own posts nor reposts nor people who block it are heard", async () => {
  expect(await heardOf("own-post", "repost", "blocked")).toEqual([]);
});

test("X's challenge is answered while a handler hangs", async () => {
  let release = () => {};
  const hanging = new Promise<void>((resolve) => {
    release = resolve;
  });
  const begun = Promise.withResolvers<void>();
  const plugin = definePlugin({
    name: "hanging",
    setup(bot) {
      bot.hears("hang", () => {
        begun.resolve();
        return hanging;
      });
    },
  });
  await using stage = await openPlatforms({ adapters: [twitter()], plugins: [plugin()] });
  await stage.say("@moe hang");
  await begun.promise;
  const response = await fetch(`${stage.url}/webhook?crc_token=challenge_string`);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
  expect(await response.json()).toEqual({ response_token: expect.stringMatching(/^sha256=.{44}$/) });
  release();
  await stage.settle();
});
