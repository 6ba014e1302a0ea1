import { expect, test } from "vitest";
import { definePlugin } from "../../src/core/index.ts";
import { testBot } from "../../src/testing/index.ts";

const picky = (accepts: (text: string) => boolean) =>
  definePlugin({
    name: "picky",
    setup(bot) {
      bot.on("message", (ctx) => ctx.reply(`at ${bot.now()}`), { accepts: ({ text }) => accepts(text) });
      bot.fallback((ctx) => ctx.reply("nobody wanted it"));
    },
  })();

test("a handler gets only what it accepts, and the others are asked for the rest", async () => {
  await using bot = await testBot(picky((text) => text.includes("?")));
  expect(await bot.says("anybody?")).toEqual([`at ${bot.now().getTime()}`]);
  expect(await bot.says("no")).toEqual([]);
  expect(await bot.says("@bot no")).toEqual(["nobody wanted it"]);
});

test("an event is not lost to an `accepts` that fails", async () => {
  const fail = () => {
    throw new Error("broken");
  };
  await using bot = await testBot(picky(fail));
  expect(await bot.says("hi")).toHaveLength(1);
  expect(bot.warnings).toEqual([expect.stringContaining("broken")]);
});
