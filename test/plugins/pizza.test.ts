import { describe, expect, test } from "vitest";
import { pizza } from "../../src/plugins/pizza/index.ts";
import { testBot } from "../../src/testing/index.ts";

describe("pizza", () => {
  test("is announced to the staff when somebody asks", async () => {
    await using bot = await testBot(pizza());
    expect(await bot.says("Hey! where is my pizza?")).toEqual(["Pizza is on the way!"]);
    expect(bot.sent[0]).toMatchObject({ visibility: "agents", conversation: { id: "general", thread: "message-1" } });
  });

  test.each(["PIZZA!", "pizza", "a _pizza_, please", "no\npizza\nno fun"])("hears %j", async (text) => {
    await using bot = await testBot(pizza());
    expect(await bot.says(text)).toEqual(["Pizza is on the way!"]);
  });

  test.each(["pizzazz", "pizzas", "a pie", "", "🍕"])("does not hear %j", async (text) => {
    await using bot = await testBot(pizza());
    expect(await bot.says(text)).toEqual([]);
  });

  test("is announced once for a message that names it several times", async () => {
    await using bot = await testBot(pizza());
    expect(await bot.says("pizza, pizza and PIZZA")).toEqual(["Pizza is on the way!"]);
  });

  test("has words and a text to choose", async () => {
    await using bot = await testBot(pizza({ words: ["calzone", "quattro stagioni"], text: "Arriva!" }));
    expect(await bot.says("one Quattro  Stagioni")).toEqual(["Arriva!"]);
    expect(await bot.says("pizza")).toEqual([]);
  });

  test("does not answer other bots", async () => {
    await using bot = await testBot(pizza());
    expect(await bot.says("pizza", { bot: true })).toEqual([]);
  });

  test.each([
    [{ word: "x" }, /unknown option `word` \(did you mean `words`\?\)/],
    [{ words: [] }, /option `words` is \[\]/],
    [{ words: [" "] }, /option `words\.0` is " "/],
    [{ text: 5 }, /option `text` is 5/],
  ])("refuses the options %j in one line", async (options, message) => {
    await expect(testBot(pizza(options as never))).rejects.toMatchObject({
      code: "PLUGIN_OPTIONS",
      message: expect.stringMatching(message),
    });
  });
});
