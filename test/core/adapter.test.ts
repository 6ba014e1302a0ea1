import { expect, test } from "vitest";
import { createBot, RateLimitError, systemClock } from "../../src/core/index.ts";
import { createStore } from "../../src/core/store.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { hearing, message, openBot, type Platform, platform } from "./stage.ts";

test("what an adapter remembers of a sandbox ends with the sandbox, and needs no secret", async () => {
  const storage = memory();
  const adapter = platform("a");
  const values = () => createStore(storage.values, "sandbox:a", Date.now);
  const start = adapter.start.bind(adapter);
  const before: unknown[] = [];
  const bot = createBot(
    {
      name: "x",
      storage,
      plugins: [],
      adapters: [
        {
          ...adapter,
          async start(host) {
            before.push(await host.store.get("seen"), await host.vault.get("token"));
            await host.store.set("seen", 1);
            await host.vault.set("token", "t");
            expect(host.url).toBe("http://127.0.0.1:4000");
            await start(host);
          },
        },
      ],
    },
    { sandboxed: ["a"], url: () => "http://127.0.0.1:4000/" },
  );
  await storage.open({
    clock: { ...systemClock, after: () => () => {} },
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  await values().set("seen", "of the last sandbox");
  await bot.start();
  expect(before).toEqual([undefined, undefined]);
  expect(await values().get("seen")).toBe(1);
  await bot.stop();
});

test("an event's note of how to answer it comes back with its replies, and with no others", async () => {
  const notes: unknown[] = [];
  const adapter = platform("test", { before: ({ replyTo }) => void notes.push(replyTo) });
  const elsewhere = { adapter: "test", id: "elsewhere", isDirect: false };
  const plugin = hearing("a", "hello", async (ctx) => {
    await ctx.reply("here");
    await ctx.send(elsewhere, "there");
  });
  await using stage = await openBot([plugin], { adapters: [adapter] });
  await stage.receive(message("hello", { replyTo: { url: "https://callback" } }));
  await stage.settle();
  expect(notes).toEqual([{ url: "https://callback" }, undefined]);
});

test("a platform gets its own content, the length that fits the conversation, and what it is to be measured in", async () => {
  const seen: unknown[] = [];
  const adapter = platform("test", {
    limits: {
      textLength: 10,
      textLengthIn: ({ isDirect }) => (isDirect ? 100 : 10),
      measure: (text, { id }) => (id === "wide" ? text.length * 2 : text.length),
      ackSeconds: 3,
      inlineAck: false,
    },
    before: ({ text, native }) => void seen.push([text, native]),
  });
  const say = "four four four";
  const plugin = hearing("a", "hello", async (ctx) => {
    await ctx.send({ adapter: "test", id: "narrow", isDirect: false }, say);
    await ctx.send({ adapter: "test", id: "wide", isDirect: false }, say);
    await ctx.send({ adapter: "test", id: "direct", isDirect: true }, say);
    await ctx.reply({ native: { test: ["block"], other: 1 } });
  });
  await using stage = await openBot([plugin], { adapters: [adapter] });
  await stage.hear("hello");
  await stage.settle();
  const texts = seen.map((each) => (each as string[])[0]);
  expect(texts).toEqual(
    ["four four", "four", "four", "four", "four", "four four four", ""].map((t) => expect.stringContaining(t)),
  );
  expect(seen.at(-1)).toEqual(["", ["block"]]);
});

test("a limit on the account holds back its other conversations too", async () => {
  let isLimited = true;
  const adapter = platform("test", {
    before() {
      if (!isLimited) return;
      isLimited = false;
      throw new RateLimitError("slowly", { retryAfter: 5000, scope: "account" });
    },
  }) as Platform;
  const plugin = hearing("a", "hello", (ctx) => ctx.reply(`hi ${ctx.event.id}`));
  await using stage = await openBot([plugin], { adapters: [adapter] });
  const at = (id: string) => ({ id, conversation: { adapter: "test", id, isDirect: false } });
  await stage.hear("hello", at("one"));
  await stage.hear("hello", at("two"));
  await stage.advance(4000);
  expect(adapter.texts).toEqual([]);
  await stage.advance(2000);
  await stage.settle();
  expect(adapter.texts.toSorted()).toEqual(["hi one", "hi two"]);
});

test("half of an emoji, left by a plugin that cuts a text, does not break what follows it", async () => {
  const adapter = platform("test") as Platform;
  await using stage = await openBot([hearing("a", "hello", (ctx) => ctx.reply("one\ud800two"))], {
    adapters: [adapter],
  });
  await stage.hear("hello");
  await stage.settle();
  expect(adapter.texts).toEqual(["one\ufffdtwo"]);
});
