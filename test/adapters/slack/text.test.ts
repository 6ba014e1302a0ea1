import { expect, test } from "vitest";
import { readText } from "../../../src/adapters/slack/text.ts";

const read = (text: string) => readText(text, (user) => user === "U0BOTUSER");

test.each([
  ["<@U0BOTUSER> pizza", "pizza"],
  ["  <@U0BOTUSER>   pizza", "pizza"],
  ["<@U0BOTUSER|moe> pizza", "pizza"],
  ["pizza <@U0BOTUSER>", "pizza"],
  ["pizza <@U0BOTUSER> \n", "pizza"],
  ["hey <@U0BOTUSER> pizza", "hey pizza"],
  ["hey <@U0BOTUSER>, pizza", "hey, pizza"],
  ["hey <@U0BOTUSER>pizza", "hey pizza"],
  ["<@U0BOTUSER><@U0BOTUSER> pizza <@U0BOTUSER>", "pizza"],
  ["one\n<@U0BOTUSER> two", "one\ntwo"],
  ["<@U0BOTUSER>\n```\n  code\n```", "```\n  code\n```"],
  ["<@U0BOTUSER>", ""],
])("the bot's own mention is taken out of %j", (source, text) => {
  expect(read(source)).toEqual({ text, named: true });
});

test.each([
  ["  kept as it is \n", "  kept as it is \n"],
  ["a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"],
  ["&lt;@U0BOTUSER&gt; typed by hand", "<@U0BOTUSER> typed by hand"],
  ["<@U0HUMAN01> and <@U0HUMAN02|ada>", "@U0HUMAN01 and @ada"],
  ["<#C0A1B2C3D|general> <#C0A1B2C3D>", "#general #C0A1B2C3D"],
  ["<!here> <!channel> <!here|here>", "@here @channel @here"],
  ["<!subteam^S0A1|@support> <!subteam^S0A1>", "@support @S0A1"],
  ["<!date^1392734382^{date}|18 Feb>", "18 Feb"],
  ["<https://x.dev/?a=1&amp;b=2>", "https://x.dev/?a=1&b=2"],
  ["<https://x.dev|the docs>", "the docs (https://x.dev)"],
  ["<https://x.dev|https://x.dev>", "https://x.dev"],
  ["<http://x.dev|x.dev>", "x.dev"],
  ["<mailto:ada@x.dev|ada@x.dev>", "ada@x.dev"],
  ["1 < 2", "1 < 2"],
  ["```\nif (a &lt; b)\n```", "```\nif (a < b)\n```"],
])("%j is read as people see it", (source, text) => {
  expect(read(source)).toEqual({ text, named: false });
});

test("thousands of mentions in one message are read without delay", () => {
  expect(read("  <@U0BOTUSER>,".repeat(3000)).named).toBe(true);
});
