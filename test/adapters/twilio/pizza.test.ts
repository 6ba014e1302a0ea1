import { expect, test } from "vitest";
import { twilio } from "../../../src/adapters/twilio/index.ts";
import { pizza } from "../../../src/plugins/pizza/index.ts";
import { openPlatforms } from "../stage.ts";

test.each(["ada", "whatsapp/grace"])("a pizza is announced to %s, over the real wire", async (conversation) => {
  await using stage = await openPlatforms({ adapters: [twilio()], plugins: [pizza()] });
  await stage.say("Hey! where is my pizza?", { conversation });
  expect(await stage.answers(1, conversation)).toEqual(["Pizza is on the way!"]);
  expect((await stage.deliveries()).every(({ acknowledged }) => acknowledged)).toBe(true);
});
