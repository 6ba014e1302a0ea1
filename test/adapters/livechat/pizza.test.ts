import { expect, test } from "vitest";
import { livechat } from "../../../src/adapters/livechat/index.ts";
import { pizza } from "../../../src/plugins/pizza/index.ts";
import { openPlatforms } from "../stage.ts";

test("a pizza is announced to the staff alone, over the real wire, by a bot that comes and goes", async () => {
  await using stage = await openPlatforms({ adapters: [livechat()], plugins: [pizza()] });
  await stage.say("Hey! where is my pizza?");
  expect(await stage.answers(1)).toEqual(["Pizza is on the way!"]);
  const shown = (await stage.messages()).map(({ author, text, visibility }) => `${visibility} ${author}: ${text}`);
  expect(shown).toEqual([
    "everyone ada: Hey! where is my pizza?",
    "agents LiveChat: Pizza BOT joined the chat.",
    "agents Pizza BOT: Pizza is on the way!",
    "agents LiveChat: Pizza BOT left the chat.",
  ]);
});
