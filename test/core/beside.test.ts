import { expect, test } from "vitest";
import { definePlugin, type SentMessage } from "../../src/core/index.ts";
import { openBot, platform, plugin } from "./stage.ts";

test("a handler with a lane of its own runs while the plugin's lane is busy in the same conversation", async () => {
  const test = platform("test");
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const p = plugin("p", (bot) => {
    bot.hears("stop", stop, { lane: "stop" });
    bot.hears("go", async (ctx) => {
      await stopped;
      await ctx.reply("stopped");
    });
  });
  await using stage = await openBot([p], { adapters: [test] });
  await stage.hear("go", { conversation: { adapter: "test", id: "c1", isDirect: true } });
  await stage.hear("stop", { conversation: { adapter: "test", id: "c1", isDirect: true } });
  await stage.settle();
  expect(test.texts).toEqual(["stopped"]);
});

test("a plugin stands in the config twice under two names, each with a state of its own", async () => {
  const test = platform("test");
  const counter = definePlugin({
    name: "counter",
    setup(bot) {
      bot.hears("count", async (ctx) => {
        const count = await ctx.store.update<number>("count", (n = 0) => n + 1);
        await ctx.reply(`${count} on ${ctx.platform}`);
      });
    },
  });
  const twice = [counter({}, { channels: ["c1"] }), counter({}, { name: "other", channels: ["c2"] })];
  expect(twice.map(({ name }) => name)).toEqual(["counter", "other"]);
  await using stage = await openBot(twice, { adapters: [test] });
  for (const id of ["c1", "c2", "c2"]) {
    await stage.hear("count", { conversation: { adapter: "test", id, isDirect: true } });
    await stage.settle();
  }
  expect(test.texts).toEqual(["1 on test", "1 on test", "2 on test"]);
});

test("a later job changes what an earlier one said", async () => {
  const edits: string[] = [];
  const test = platform("test", {
    async edit({ id }, { text }) {
      edits.push(`${id}: ${text}`);
    },
  });
  const p = plugin("p", (bot) => {
    bot.hears("begin", async (ctx) => {
      const { id, conversation } = await ctx.reply("begun");
      await ctx.store.set("post", { id, conversation });
    });
    bot.hears("end", async (ctx) => {
      const post = await ctx.store.get<SentMessage>("post");
      await ctx.sent(post!).edit?.("ended");
      expect(ctx.sent(post!).delete).toBeUndefined();
    });
  });
  await using stage = await openBot([p], { adapters: [test] });
  await stage.hear("begin");
  await stage.settle();
  await stage.hear("end");
  await stage.settle();
  expect(edits).toEqual(["post 1: ended"]);
});

test("a post, and a message that came in, have an address where the platform gives them one", async () => {
  const said: unknown[] = [];
  const plain = platform("plain");
  const linking = platform("linking", {});
  linking.permalink = async ({ id }) => `https://platform.example/${id}`;
  const p = plugin("p", (bot) => {
    bot.hears("where", async (ctx) => {
      const reply = await ctx.reply("here");
      said.push(await reply.permalink?.(), await ctx.sent(ctx.message).permalink?.());
    });
  });
  await using stage = await openBot([p], { adapters: [plain, linking] });
  for (const adapter of ["plain", "linking"]) {
    await stage.hear("where", { conversation: { adapter, id: "c", isDirect: false }, id: "m1" });
    await stage.settle();
  }
  expect(said).toEqual([undefined, undefined, "https://platform.example/post 1", "https://platform.example/m1"]);
});
