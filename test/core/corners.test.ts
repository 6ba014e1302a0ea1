import { expect, test } from "vitest";
import { createBot, type Event, RateLimitError } from "../../src/core/index.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { testBot } from "../../src/testing/index.ts";
import { hearing, message, openBot, platform, plugin } from "./stage.ts";

const bots = { author: { id: "b1", name: "Bob", isBot: true } };

test("two bots may work together, not flood a channel; a person lets them go on", async () => {
  await using stage = await openBot([hearing("parrot", "hello", (ctx) => ctx.reply("hello"), { bots: true })]);
  const [adapter] = stage.bot.adapters as [ReturnType<typeof platform>];
  for (let n = 0; n < 9; n++) await stage.hear("hello", bots);
  await stage.settle();
  expect(adapter.texts).toHaveLength(5);
  await stage.hear("hello");
  await stage.hear("hello", bots);
  await stage.settle();
  expect(adapter.texts).toHaveLength(7);
});

test("an event that could not be stored does not count against the bot who sent it", async () => {
  const storage = memory();
  let isBroken = true;
  const flaky = new Proxy(storage, {
    get: (target, key) =>
      key === "add" && isBroken ? () => Promise.reject(new Error("no disk")) : Reflect.get(target, key, target),
  });
  await using stage = await openBot([hearing("parrot", "hello", (ctx) => ctx.reply("hello"), { bots: true })], {
    storage: flaky,
  });
  const event = message("hello", bots);
  for (let n = 0; n < 9; n++) await expect(stage.receive(event)).rejects.toThrow("no disk");
  isBroken = false;
  expect(await stage.receive(event)).toMatchObject({ duplicate: false });
  await stage.settle();
  expect((stage.bot.adapters[0] as ReturnType<typeof platform>).texts).toEqual(["hello"]);
});

test("a message can be edited twice and reacted to by two people, though its adapter names no keys", async () => {
  const heard: string[] = [];
  const listener = plugin("listener", (bot) => {
    bot.on("edited", ({ event }) => heard.push(event.text));
    bot.on("reaction", ({ event }) => heard.push(`${event.author.id} ${event.added ? "+" : "-"}${event.name}`));
  });
  await using stage = await openBot([listener]);
  const { conversation, author } = message("");
  const edited = (text: string, sentAt: string): Event => ({
    kind: "edited",
    id: "m",
    conversation,
    author,
    text,
    isMention: false,
    attachments: [],
    sentAt,
  });
  const reaction = (id: string, added: boolean): Event => ({
    kind: "reaction",
    id: "m",
    conversation,
    author: { ...author, id },
    name: "tada",
    added,
    sentAt: "2026-01-31T12:00:00.000Z",
  });
  const events = [
    edited("one", "2026-01-31T12:00:00.000Z"),
    edited("two", "2026-01-31T12:00:01.000Z"),
    reaction("ada", true),
    reaction("bo", true),
    reaction("ada", false),
  ];
  for (const event of [...events, ...events]) await stage.receive(event);
  await stage.settle();
  expect(heard).toEqual(["one", "two", "ada +tada", "bo +tada", "ada -tada"]);
});

test("a pause too long to wait for holds for everyone who wants to speak there, and for nobody else", async () => {
  let tries = 0;
  const busy = platform("test", {
    before(_, to) {
      if (to.id === "c1" && ++tries === 1) throw new RateLimitError("later", { retryAfter: 300_000 });
    },
  });
  await using stage = await openBot([hearing("echo", "say", (ctx) => ctx.reply(ctx.message.text))], {
    adapters: [busy],
  });
  await stage.hear("say one");
  await stage.settle();
  await stage.hear("say two");
  await stage.hear("say elsewhere", { conversation: { adapter: "test", id: "c2", isDirect: false } });
  await stage.settle();
  expect([busy.texts, tries]).toEqual([["say elsewhere"], 1]);
  await stage.advance(301_000);
  expect(busy.texts.toSorted()).toEqual(["say elsewhere", "say one", "say two"]);
  expect((await stage.storage.ledger()).reduce((sum, { dead }) => sum + dead, 0)).toBe(0);
});

test("whoever asks for a stop waits for the same stop", async () => {
  const release = Promise.withResolvers<void>();
  const bot = createBot({
    name: "moe",
    storage: memory(),
    adapters: [platform("test", { stop: () => release.promise })],
    plugins: [],
  });
  await bot.start();
  let stopped = 0;
  const stops = [bot.stop(), bot.stop()].map((stop) => stop.then(() => ++stopped));
  await new Promise((resolve) => setImmediate(resolve));
  expect(stopped).toBe(0);
  release.resolve();
  await Promise.all(stops);
});

test("a `stopTimeout` that is no duration is refused", () => {
  const config = { name: "moe", storage: memory(), adapters: [], plugins: [], stopTimeout: "soon" as never };
  expect(() => createBot(config)).toThrow(/`stopTimeout` in the config must be a duration such as "20s", got "soon"/);
});

test("a handler may take its context apart", async () => {
  const apart = plugin("apart", (bot) => {
    bot.command("add", async ({ reply, args, once, store, can, react, signal, attempt }) => {
      const sum = await once("sum", () => args.split(" ").reduce((total, word) => total + Number(word), 0));
      await store.set("last", sum);
      await react?.("heavy_plus_sign");
      const sent = await reply(`${sum} ${can("edit")} ${signal.aborted} ${attempt}`);
      await sent.edit?.(`= ${sum}`);
    });
  });
  await using bot = await testBot(apart);
  await bot.says("@bot add 1 2 3");
  expect([bot.sent.map(({ text }) => text), bot.reactions.map(({ name }) => name)]).toEqual([
    ["= 6"],
    ["heavy_plus_sign"],
  ]);
});

test("what one plugin does to its event does not reach another", async () => {
  const heard: string[] = [];
  const vandal = hearing("vandal", "hello", ({ message }) => {
    (message.author as { name: string }).name = "Mallory";
  });
  const witness = hearing("witness", "hello", async ({ message }) => {
    await new Promise((resolve) => setImmediate(resolve));
    heard.push(message.author.name);
  });
  await using stage = await openBot([vandal, witness]);
  await stage.hear("hello");
  await stage.settle();
  expect(heard).toEqual(["Ada"]);
});

test("an emoji goes to the message whose button was pressed; to a slash command there is none", async () => {
  const marked: string[] = [];
  const adapter = platform("test", { react: async ({ id }, name) => void marked.push(`${id} ${name}`) });
  const p = plugin("p", (bot) => {
    bot.on("action", (ctx) => ctx.react!("eyes"));
    bot.on("command", (ctx) => ctx.reply(ctx.react === undefined ? "no emoji" : "emoji"));
  });
  await using stage = await openBot([p], { adapters: [adapter] });
  const { conversation, author, sentAt } = message("");
  const base = { conversation, author, sentAt };
  await stage.receive({ kind: "action", id: "press", name: "yes", messageId: "post", ...base });
  await stage.receive({ kind: "command", id: "slash", name: "roll", text: "", ...base });
  await stage.settle();
  expect(marked).toEqual(["post eyes"]);
  expect(adapter.texts).toEqual(["no emoji"]);
});
