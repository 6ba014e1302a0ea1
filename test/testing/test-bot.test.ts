import { describe, expect, test } from "vitest";
import { slack } from "../../src/adapters/slack/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { definePlugin, type Event, type PluginBot } from "../../src/core/index.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { testBot } from "../../src/testing/index.ts";

const plugin = (setup: (bot: PluginBot) => void, name = "p") => definePlugin({ name, setup })();

describe("testBot", () => {
  test("tells what was said until nothing more is to be done, deferred jobs too", async () => {
    await using bot = await testBot(
      plugin((bot) => {
        const third = bot.job<string>("third", (ctx) => ctx.reply(ctx.payload));
        const second = bot.job<string>("second", async (ctx) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          ctx.defer(third, `${ctx.payload}!`);
        });
        bot.hears("hi", async (ctx) => {
          await ctx.reply("one");
          ctx.defer(second, "three");
        });
      }),
    );
    for (let n = 0; n < 20; n++) expect(await bot.says("hi")).toEqual(["one", "three!"]);
  });

  test("does not wait for a job behind one that is tried again later", async () => {
    let fails = true;
    await using bot = await testBot(
      plugin((bot) =>
        bot.mention((ctx) => {
          if (fails) throw new Error("no");
          return ctx.reply(ctx.message.text);
        }),
      ),
    );
    expect(await bot.says("one", { conversation: "dm" })).toEqual([]);
    expect(await bot.says("two", { conversation: "dm" })).toEqual([]);
    fails = false;
    expect(await bot.advance("2s")).toEqual(["one", "two"]);
    expect(bot.warnings).toHaveLength(1);
  });

  test("moves time: retries, delays and schedules", async () => {
    await using bot = await testBot(
      plugin((bot) => {
        const later = bot.job("later", (ctx) => ctx.reply(`later ${bot_.now().toISOString()}`));
        bot.hears("remind", (ctx) => ctx.defer(later, undefined, { delay: "10m" }));
      }),
    );
    const bot_ = bot;
    expect(await bot.says("remind me")).toEqual([]);
    expect(await bot.advance("9m")).toEqual([]);
    expect(await bot.advance("1m")).toEqual(["later 2026-01-01T00:10:00.000Z"]);
    expect(() => bot.advance("soon" as never)).toThrow(/takes a duration/);
  });

  test("shows posts as they look now, with reactions and dead letters", async () => {
    await using bot = await testBot(
      plugin((bot) => {
        bot.hears("hi", async (ctx) => {
          const sent = await ctx.reply("hello");
          await sent.edit?.("hello!");
          await (await ctx.reply("oops")).delete?.();
          await ctx.react?.("wave");
        });
        bot.on("reaction", (ctx) => ctx.reply(`${ctx.event.added ? "+" : "-"}${ctx.event.name}`));
        bot.hears("die", () => Promise.reject(new Error("no")), { attempts: 1 });
      }),
    );
    await bot.says("hi");
    expect(bot.sent.map(({ text }) => text)).toEqual(["hello!"]);
    expect(bot.reactions).toEqual([{ to: "message-1", name: "wave" }]);
    expect(await bot.reacts("tada")).toEqual(["+tada"]);
    expect(await bot.reacts("tada", { removed: true })).toEqual(["-tada"]);
    await bot.says("die");
    expect(await bot.deadLetters()).toMatchObject([{ plugin: "p", attempts: 1 }]);
  });

  test("knows mentions, threads, direct conversations and other bots", async () => {
    await using bot = await testBot([
      plugin((bot) => bot.mention((ctx) => ctx.reply(`mention: ${ctx.message.text}`)), "m"),
      plugin((bot) => bot.hears("who", (ctx) => ctx.reply(ctx.message.author.name), { bots: true }), "w"),
    ]);
    expect(await bot.says("@bot hello")).toEqual(["mention: hello"]);
    expect(await bot.says("hello", { mention: true })).toEqual(["mention: hello"]);
    expect(await bot.says("hello")).toEqual([]);
    expect(await bot.says("who", { user: "eve", bot: true, thread: "t1" })).toEqual(["eve"]);
    expect(bot.sent.at(-1)?.conversation).toMatchObject({ id: "general", thread: "t1", isDirect: false });
    await bot.says("who", { conversation: "dm" });
    expect(bot.sent.at(-1)?.conversation).toEqual({ adapter: "test", id: "dm", isDirect: true });
  });

  test("takes a whole config, with a platform and a storage of its own", async () => {
    const p = plugin((bot) => bot.hears("hi", (ctx) => ctx.reply("hello")));
    await using bot = await testBot({ name: "moe", storage: memory(), adapters: [], plugins: [p] });
    expect(await bot.says("hi")).toEqual(["hello"]);
  });

  test("has every platform of a config", async () => {
    const echo = (name: string, on: readonly string[]) =>
      definePlugin({
        name,
        setup: (bot) => void bot.hears("hi", (ctx) => ctx.reply(`${name} on ${ctx.event.conversation.adapter}`)),
      })({}, { on });
    await using bot = await testBot({
      name: "moe",
      storage: memory(),
      adapters: [slack(), twist({ token: "t", verifyToken: "v" })],
      plugins: [echo("first", ["slack"]), echo("second", ["twist"])],
    });
    expect(await bot.says("hi")).toEqual(["first on slack"]);
    expect(await bot.says("hi", { adapter: "twist" })).toEqual(["second on twist"]);
    await expect(bot.says("hi", { adapter: "twits" })).rejects.toThrow(
      "There is no adapter `twits`. There is: slack, twist.",
    );
  });

  test("has platforms that cannot do what is left out", async () => {
    const p = () =>
      plugin((bot) =>
        bot.hears("hi", async (ctx) => void (await (await ctx.reply(`${ctx.can("edit")}`)).edit?.("edited"))),
      );
    await using able = await testBot(p());
    await using unable = await testBot(p(), { without: ["edit"] });
    for (const bot of [able, unable]) await bot.says("hi");
    expect([able, unable].map(({ sent }) => sent[0]?.text)).toEqual(["edited", "false"]);
  });

  test("takes events of every kind, and requests to a plugin's webhook", async () => {
    await using bot = await testBot(
      plugin((bot) => {
        const tell = bot.job<string>("tell", (ctx) => ctx.reply(ctx.payload));
        bot.command("roll", (ctx) => ctx.reply(`rolled ${ctx.args}`));
        bot.webhook("/news", async (request) => {
          await bot.defer(tell, await request.text(), { conversation });
          return new Response(undefined, { status: 204 });
        });
      }),
    );
    const conversation = { adapter: "test", id: "c1", isDirect: false };
    const author = { id: "ada", name: "Ada", isBot: false };
    const command = {
      kind: "command",
      id: "1",
      conversation,
      author,
      name: "roll",
      text: "6",
      sentAt: bot.now().toISOString(),
    };
    expect(await bot.receives(command as Event)).toEqual(["rolled 6"]);
    expect((await bot.fetch("/news", { method: "POST", body: "extra!" })).status).toBe(204);
    expect(bot.sent.at(-1)?.text).toBe("extra!");
    expect((await bot.fetch("/nowhere")).status).toBe(404);
  });

  test("a stream is whole when its source has ended", async () => {
    async function* parts() {
      yield "Once ";
      await new Promise((resolve) => setTimeout(resolve, 5));
      yield "upon a time";
    }
    await using bot = await testBot(plugin((bot) => bot.hears("hi", (ctx) => ctx.stream(parts()))));
    await bot.says("hi");
    expect(bot.sent.map(({ text }) => text)).toEqual(["Once upon a time"]);
  });

  test("ends although a handler does not", async () => {
    const signals: AbortSignal[] = [];
    {
      await using bot = await testBot(
        plugin((bot) =>
          bot.hears("hi", (ctx) => {
            signals.push(ctx.signal);
            return new Promise(() => {});
          }),
        ),
      );
      void bot.says("hi").catch(() => {});
      while (signals.length === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(signals[0]?.aborted).toBe(true);
  });
});
