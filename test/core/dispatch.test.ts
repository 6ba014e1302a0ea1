import { describe, expect, test } from "vitest";
import type { Event, Handler, Limits, Message } from "../../src/core/index.ts";
import { hearing, message, openBot, platform, plugin } from "./stage.ts";

const says = (text: string) => (ctx: { reply(text: string): unknown }) => ctx.reply(text);
const direct = { adapter: "test", id: "dm", isDirect: true };
const event = (more: object): Event => ({ ...message(""), ...more }) as Event;

async function answers(plugins: Parameters<typeof openBot>[0], heard: Message | Event): Promise<readonly string[]> {
  const test = platform("test");
  await using stage = await openBot(plugins, { adapters: [test] });
  await stage.receive(heard);
  await stage.settle();
  return test.texts;
}

describe("who answers", () => {
  const two = plugin("two", (bot) => {
    bot.hears("pizza", says("first"));
    bot.hears(["pizza", "pasta"], says("second"));
    bot.on("message", says("third"));
  });

  test("of each plugin the handler that was registered first", async () => {
    expect(await answers([two, hearing("other", "pizza", says("other"))], message("pizza"))).toEqual([
      "first",
      "other",
    ]);
    expect(await answers([two], message("pasta"))).toEqual(["second"]);
    expect(await answers([two], message("rice"))).toEqual(["third"]);
  });

  test("a fallback only when no plugin wanted it, and only one", async () => {
    const plugins = [
      plugin("a", (bot) => bot.fallback(says("fallback a"))),
      plugin("b", (bot) => {
        bot.fallback(says("fallback b"));
        bot.hears("pizza", says("pizza"));
      }),
    ];
    expect(await answers(plugins, message("what?", { isMention: true }))).toEqual(["fallback a"]);
    expect(await answers(plugins, message("pizza", { isMention: true }))).toEqual(["pizza"]);
    expect(await answers(plugins, message("what?"))).toEqual([]);
  });

  test("commands and mentions only when the bot is addressed", async () => {
    const p = plugin("p", (bot) => {
      bot.command(["deploy", "roll back"], (ctx) => ctx.reply(`command ${ctx.args}`));
      bot.mention(says("mention"));
    });
    expect(await answers([p], message("deploy now"))).toEqual([]);
    expect(await answers([p], message("  /Deploy   now  please ", { isMention: true }))).toEqual([
      "command now  please",
    ]);
    expect(await answers([p], message("roll  BACK it", { isMention: true }))).toEqual(["command it"]);
    expect(await answers([p], message("deployment", { isMention: true }))).toEqual(["mention"]);
    expect(await answers([p], message("roll", { isMention: true }))).toEqual(["mention"]);
    expect(await answers([p], event({ kind: "command", name: "Deploy", text: " now " }))).toEqual(["command now"]);
    expect(await answers([p], event({ kind: "command", name: "roll", text: "back" }))).toEqual([]);
  });

  test.each([
    [{ on: ["test"] }, "c1", true],
    [{ on: ["other"] }, "c1", false],
    [{ channels: ["c1"] }, "c1", true],
    [{ channels: ["c2"] }, "c1", false],
    [{ on: ["test"], channels: ["c2"] }, "c1", false],
    [{ on: [] }, "c1", false],
  ])("where a plugin is enabled: %j", async (scope, id, answered) => {
    const other = platform("other");
    const test = platform("test");
    await using stage = await openBot([hearing("p", "hi", says("hello"), { scope })], { adapters: [test, other] });
    await stage.hear("hi", { conversation: { adapter: "test", id, isDirect: false } });
    await stage.settle();
    expect(test.texts).toEqual(answered ? ["hello"] : []);
  });

  test("other kinds of events reach their handlers, and are not messages", async () => {
    const p = plugin("p", (bot) => {
      bot.on("reaction", (ctx) => ctx.reply(`reaction ${ctx.event.name}`));
      bot.on("edited", (ctx) => ctx.reply(`edited ${ctx.event.text}`));
      bot.hears("pizza", says("heard"));
    });
    expect(await answers([p], event({ kind: "reaction", name: "tada", added: true }))).toEqual(["reaction tada"]);
    expect(await answers([p], event({ kind: "edited", text: "pizza", attachments: [] }))).toEqual(["edited pizza"]);
    expect(await answers([p], event({ kind: "deleted" }))).toEqual([]);
  });

  test("bots are answered only by handlers that want to, fallbacks too", async () => {
    const bot = { id: "b", name: "b", isBot: true };
    const shy = [hearing("p", "hi", says("hello")), plugin("f", (to) => to.fallback(says("what?")))];
    expect(await answers(shy, message("hi", { author: bot, isMention: true }))).toEqual([]);
    expect(await answers([hearing("p", "hi", says("hello"), { bots: true })], message("hi", { author: bot }))).toEqual([
      "hello",
    ]);
  });

  test("two bots stop answering each other until a person speaks", async () => {
    const test = platform("test");
    const author = { id: "b", name: "b", isBot: true };
    await using stage = await openBot([hearing("p", "hi", says("hello"), { bots: true })], { adapters: [test] });
    for (let n = 0; n < 20; n++) {
      await stage.hear("hi", { author });
      await stage.settle();
    }
    expect(test.posts).toHaveLength(5);
    expect(stage.warnings[0]).toMatch(/until a person speaks/);
    await stage.hear("hi", { author, conversation: { adapter: "test", id: "elsewhere", isDirect: false } });
    await stage.hear("oh, nothing");
    await stage.hear("hi", { author });
    await stage.settle();
    expect(test.posts).toHaveLength(7);
  });
});

describe("the immediate text", () => {
  const acks = ["a", "b", "c"].map((name) => hearing(name, "hi", says(`late ${name}`), { ack: `ack ${name}` }));

  test("goes out with the acknowledgement where the platform can, the others before their handlers", async () => {
    const test = platform("test", { limits: { textLength: 4000, ackSeconds: 3, inlineAck: true } });
    await using stage = await openBot(acks, { adapters: [test] });
    expect((await stage.hear("hi")).ack).toBe("ack a");
    await stage.settle();
    expect(test.texts.toSorted()).toEqual(["ack b", "ack c", "late a", "late b", "late c"]);
    for (const name of ["b", "c"])
      expect(test.texts.indexOf(`ack ${name}`)).toBeLessThan(test.texts.indexOf(`late ${name}`));
  });

  test("goes out with the acknowledgement of those events only that the platform answers inline", async () => {
    const inlineAck: Limits["inlineAck"] = ({ conversation }, ack) => conversation.isDirect && ack === "ack a";
    const test = platform("test", { limits: { textLength: 4000, ackSeconds: 3, inlineAck } });
    await using stage = await openBot(acks.slice(0, 2), { adapters: [test] });
    expect(await stage.hear("hi")).not.toHaveProperty("ack");
    expect((await stage.hear("hi", { conversation: direct })).ack).toBe("ack a");
    await stage.settle();
    expect(test.texts.filter((text) => text.startsWith("ack")).toSorted()).toEqual(["ack a", "ack b", "ack b"]);
  });

  test("is sent first where it cannot", async () => {
    const test = platform("test");
    await using stage = await openBot(acks.slice(0, 1), { adapters: [test] });
    expect(await stage.hear("hi")).not.toHaveProperty("ack");
    await stage.settle();
    expect(test.texts).toEqual(["ack a", "late a"]);
  });

  test("can depend on the event, and be changed by the handler", async () => {
    const edits: string[] = [];
    const test = platform("test", { edit: async (_, { text }) => void edits.push(text) });
    const p = hearing("p", "hi", (ctx) => ctx.ack?.edit?.("done"), {
      ack: ({ text }) => (text === "hi" ? "wait" : undefined),
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.hear("hi there");
    await stage.settle();
    expect(test.texts).toEqual(["wait"]);
    expect(edits).toEqual(["done"]);
  });

  test("is not repeated by a second attempt", async () => {
    const test = platform("test");
    const p = hearing("p", "hi", (ctx) => (ctx.attempt === 1 ? Promise.reject(new Error("no")) : ctx.reply("done")), {
      ack: "wait",
    });
    await using stage = await openBot([p], { adapters: [test] });
    await stage.hear("hi");
    await stage.settle();
    await stage.advance(2000);
    expect(test.texts).toEqual(["wait", "done"]);
  });
});

describe("redeliveries", () => {
  test("are answered once, and said to be duplicates", async () => {
    const test = platform("test");
    await using stage = await openBot([hearing("p", "hi", says("hello"))], { adapters: [test] });
    const heard = message("hi");
    const receipts = await Promise.all([stage.receive(heard), stage.receive(heard)]);
    await stage.settle();
    receipts.push(await stage.receive(heard));
    expect(receipts.map(({ duplicate }) => duplicate)).toEqual([false, true, true]);
    expect(test.texts).toEqual(["hello"]);
  });

  test("one id in two conversations, accounts or kinds is two events", async () => {
    const p = plugin("p", (bot) => {
      bot.hears("hi", says("hello"));
      bot.on("deleted", says("gone"));
    });
    await using stage = await openBot([p]);
    const heard = message("hi", { conversation: direct });
    const others: readonly Event[] = [
      { ...heard, conversation: { ...direct, id: "dm2" } },
      { ...heard, conversation: { ...direct, account: "T2" } },
      { ...heard, kind: "deleted" } as Event,
      { ...heard, key: "another" },
    ];
    for (const other of [heard, ...others]) expect((await stage.receive(other)).duplicate).toBe(false);
  });

  test("two deliveries with one key are one event, whatever their ids", async () => {
    await using stage = await openBot([hearing("p", "hi", says("hello"))]);
    expect((await stage.hear("hi", { key: "k" })).duplicate).toBe(false);
    expect((await stage.hear("hi", { key: "k" })).duplicate).toBe(true);
  });
});

test("the platform's own payload is kept only for handlers that ask for it", async () => {
  const seen: unknown[] = [];
  const keep: Handler<Message> = (ctx) => void seen.push(ctx.event.raw);
  await using stage = await openBot([hearing("a", "hi", keep), hearing("b", "hi", keep, { raw: true })]);
  await stage.hear("hi", { raw: { secret: 1 } });
  await stage.settle();
  expect(seen).toEqual([undefined, { secret: 1 }]);
});

test("what an expression matched is there again in a later attempt", async () => {
  const test = platform("test");
  const p = plugin("p", (bot) =>
    bot.hears(/order (\d+)/g, (ctx) => {
      if (ctx.attempt < 3) throw new Error("no");
      return ctx.reply(`got ${ctx.match?.[1]}`);
    }),
  );
  await using stage = await openBot([p], { adapters: [test] });
  await stage.hear("please order 42");
  await stage.hear("please order 43");
  await stage.settle();
  await stage.advance(60_000);
  expect(test.texts.toSorted()).toEqual(["got 42", "got 43"]);
});

test("the road of a message is told in order", async () => {
  await using stage = await openBot([hearing("p", "hi", says("hello"))]);
  const heard = message("hi");
  await stage.receive(heard);
  await stage.settle();
  await stage.receive(heard);
  await stage.hear("nothing");
  expect(stage.traces.map(({ stage }) => stage)).toEqual([
    ...["received", "stored", "running", "sent", "done"],
    ...["received", "duplicate", "received", "ignored"],
  ]);
  expect(stage.traces[2]).toMatchObject({ event: stage.traces[0]!.event, plugin: "p", attempt: 1, adapter: "test" });
  expect(JSON.stringify(stage.traces)).not.toContain("hello");
});
