import { expect, test } from "vitest";
import type { Conversation, Storage } from "../../src/core/index.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { hearing, openBot, platform, plugin } from "./stage.ts";

const dm: Conversation = { adapter: "test", account: "w1", id: "d7", isDirect: true };

test("a job that is queued for a conversation is at home there", async () => {
  const asked: unknown[] = [];
  const test = platform("test", {
    async *threads(query) {
      asked.push(query);
      yield* [];
    },
  });
  const digest = plugin("digest", (bot) => {
    const tell = bot.job("tell", async (ctx) => {
      for await (const _ of ctx.threads!({ updatedFrom: 1, updatedTo: 2 })) expect.unreachable();
      await ctx.reply(`${ctx.can("threads")} ${ctx.can("mute")}`);
    });
    bot.every("1h", (ctx) => ctx.defer(tell, undefined, { conversation: dm }));
  });
  await using stage = await openBot([digest], { adapters: [test] });
  await stage.advance(3_600_000);
  await stage.settle();
  expect(test.posts).toMatchObject([{ to: dm, text: "true false" }]);
  expect(asked).toMatchObject([{ account: "w1", updatedFrom: 1, updatedTo: 2 }]);
});

test("a job that is queued elsewhere does not answer the event it comes from", async () => {
  const test = platform("test");
  const replies = plugin("echo", (bot) => {
    const there = bot.job("there", (ctx) => ctx.reply("over there"));
    bot.hears("x", (ctx) => ctx.defer(there, undefined, { conversation: dm }));
  });
  await using stage = await openBot([replies], { adapters: [test] });
  await stage.hear("x");
  await stage.settle();
  expect(test.posts).toMatchObject([{ to: dm, text: "over there" }]);
});

test("a handler that needs what the platform cannot leaves the event to the next", async () => {
  const handy = platform("test", { async typing() {} });
  const poor = platform("poor");
  const picky = plugin("picky", (bot) => {
    bot.hears("x", (ctx) => ctx.reply("with"), { needs: "typing" });
    bot.hears("x", (ctx) => ctx.reply("without"));
    bot.fallback((ctx) => ctx.reply("what?"), { needs: "typing" });
  });
  await using stage = await openBot([picky], { adapters: [handy, poor] });
  const there = { conversation: { adapter: "poor", id: "c", isDirect: true }, isMention: true };
  for (const more of [{ isMention: true }, there]) {
    await stage.hear("x", more);
    await stage.hear("hm", more);
  }
  await stage.settle();
  expect(handy.texts.toSorted()).toEqual(["what?", "with"]);
  expect(poor.texts).toEqual(["without"]);
});

test("who cannot be stored is told so, once, and is answered when the platform delivers again", async () => {
  const inner = memory();
  const isDown = { now: true };
  const storage: Storage = Object.create(inner, {
    add: { value: (entry: never) => (isDown.now ? Promise.reject(new Error("the disk is full")) : inner.add(entry)) },
  });
  const test = platform("test");
  const patient = hearing("patient", "x", (ctx) => ctx.reply("here"), { unstored: "Not now." });
  await using stage = await openBot([patient], { adapters: [test], storage });
  const event = { id: "m-1", conversation: dm };
  await expect(stage.hear("x", event)).rejects.toThrow("full");
  await expect(stage.hear("x", event)).rejects.toThrow("full");
  isDown.now = false;
  await stage.hear("x", event);
  await stage.settle();
  expect(test.texts).toEqual(["Not now.", "here"]);
});
