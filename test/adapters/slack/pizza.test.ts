import { expect, test } from "vitest";
import { slack } from "../../../src/adapters/slack/index.ts";
import { pizza } from "../../../src/plugins/pizza/index.ts";
import { openPlatforms } from "../stage.ts";

test("a pizza is announced in the thread, over the real wire", async () => {
  await using stage = await openPlatforms({ adapters: [slack()], plugins: [pizza()] });
  const id = await stage.say("Hey! where is my pizza?");
  expect(await stage.answers(1)).toEqual(["Pizza is on the way!"]);
  expect((await stage.messages()).at(-1)).toMatchObject({ thread: id, self: true });
});
