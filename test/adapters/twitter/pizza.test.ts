import { expect, test } from "vitest";
import { twitter } from "../../../src/adapters/twitter/index.ts";
import { pizza } from "../../../src/plugins/pizza/index.ts";
import { openPlatforms } from "../stage.ts";

test("a pizza is announced as an answer to the post, and in a direct message, over the real wire", async () => {
  await using stage = await openPlatforms({ adapters: [twitter()], plugins: [pizza()] });
  const id = await stage.say("@moe where is my PIZZA?");
  expect(await stage.answers(1)).toEqual(["Pizza is on the way!"]);
  expect((await stage.messages()).at(-1)).toMatchObject({ thread: id, self: true });
  await stage.say("and a pizza for here", { conversation: "@ada" });
  expect(await stage.answers(1, "@ada")).toEqual(["Pizza is on the way!"]);
  expect(await stage.answers(1)).toHaveLength(1);
  expect(stage.warnings).toEqual([]);
});
