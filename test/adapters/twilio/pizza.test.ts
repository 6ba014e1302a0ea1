import { expect, test } from "vitest";
import { twilio } from "../../../src/adapters/twilio/index.ts";
import { definePlugin } from "../../../src/core/index.ts";
import { pizza } from "../../../src/plugins/pizza/index.ts";
import { openPlatforms } from "../stage.ts";

test.each(["ada", "whatsapp/grace"])("a pizza is announced to %s, over the real wire", async (conversation) => {
  await using stage = await openPlatforms({ adapters: [twilio()], plugins: [pizza()] });
  await stage.say("Hey! where is my pizza?", { conversation });
  expect(await stage.answers(1, conversation)).toEqual(["Pizza is on the way!"]);
  expect((await stage.deliveries()).every(({ acknowledged }) => acknowledged)).toBe(true);
});

test("a message that Twilio sends again is answered once", async () => {
  await using stage = await openPlatforms({ adapters: [twilio({ pace: false })], plugins: [pizza()] });
  for (const kind of ["duplicate", "lost-answer", "timeout"]) {
    await stage.control("/twilio/faults", { on: "events", kind });
    const id = await stage.say("pizza");
    await stage.settle();
    await stage.control("/twilio/redeliver", { id });
  }
  expect(await stage.answers(3)).toEqual(Array(3).fill("Pizza is on the way!"));
});

const slow = definePlugin({
  name: "slow",
  setup(bot) {
    bot.hears("report", (ctx) => ctx.reply("Here it is."), { ack: "One **moment** <please> …" });
    bot.hears("everyone", async (ctx) => {
      const { adapter, account = "" } = ctx.message.conversation;
      await bot.send({ adapter, account: `whatsapp:${account}`, id: "whatsapp:+14155550199", isDirect: true }, "News!");
    });
  },
});

test("an immediate text goes with the acknowledgement, the answer after it", async () => {
  await using stage = await openPlatforms({ adapters: [twilio({ pace: false })], plugins: [slow()] });
  await stage.say("report");
  expect((await stage.answers(2)).sort()).toEqual(["Here it is.", "One moment <please> …"]);
});

test("what WhatsApp does not deliver is said in the log", async () => {
  await using stage = await openPlatforms({ adapters: [twilio({ pace: false })], plugins: [slow()] });
  await stage.say("everyone");
  expect(await stage.answers(1, "whatsapp/+14155550199")).toEqual(["News!"]);
  await stage.settle();
  expect(stage.warnings).toContain("a message was not delivered");
});

test("after STOP a person hears nothing of us, until START", async () => {
  await using stage = await openPlatforms({ adapters: [twilio({ pace: false })], plugins: [pizza()] });
  for (const text of ["STOP", "pizza"]) await stage.say(text);
  await stage.settle();
  expect(await stage.bot.storage.dead.list(10)).toMatchObject([{ errors: [{ code: "DELIVERY_FAILED" }] }]);
  expect((await stage.messages()).filter(({ self }) => self)).toEqual([]);
  for (const text of ["START", "pizza"]) await stage.say(text);
  expect(await stage.answers(1)).toEqual(["Pizza is on the way!"]);
});
