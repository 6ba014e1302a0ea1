import { expect, test } from "vitest";
import { RateLimitError } from "../../src/core/index.ts";
import { createFakeClock } from "../../src/testing/clock.ts";
import { eventually, HOUR, START } from "../storage/desk.ts";
import { gate, hearing, openBot, platform } from "./stage.ts";

const limits = { textLength: 4000, ackSeconds: 3, inlineAck: false };
const at = (thread: string) => ({ conversation: { adapter: "test", id: "a", isDirect: true, thread } });
const echo = hearing("p", "hi", (ctx) => ctx.reply(ctx.message.text));

/** A clock whose time of day can be set. */
function settableClock() {
  const right = createFakeClock(START);
  let wrong = 0;
  return {
    ...right,
    now: () => right.now() + wrong,
    set(by: number) {
      wrong = by;
    },
  };
}

test.each([-HOUR, HOUR])("a pace is kept, and nobody falls silent, when the clock is set by %d ms", async (by) => {
  const clock = settableClock();
  const test = platform("test", { limits: { ...limits, pace: { burst: 1, perSecond: 0.5 } } });
  await using stage = await openBot([echo], { adapters: [test], clock });
  await stage.hear("hi 0", at("t0"));
  await eventually("the burst is out", () => test.texts.length === 1);
  clock.set(by);
  await stage.hear("hi 1", at("t1"));
  await stage.advance(1999);
  expect(test.texts).toEqual(["hi 0"]);
  await stage.advance(1);
  await eventually("the next is out", () => test.texts.length === 2);
});

test.each([-HOUR, HOUR])("a pause that the platform wants is as long, when the clock is set by %d ms", async (by) => {
  const clock = settableClock();
  let calls = 0;
  const test = platform("test", {
    limits,
    before() {
      if (calls++ === 0) throw new RateLimitError("slowly", { retryAfter: 5000 });
    },
  });
  await using stage = await openBot([echo], { adapters: [test], clock });
  await stage.hear("hi 0", at("t0"));
  await eventually("it was asked to wait", () => calls === 1);
  clock.set(by);
  await stage.hear("hi 1", at("t1"));
  await stage.advance(4999);
  expect(calls).toBe(1);
  await stage.advance(1);
  await eventually("both are out", () => test.texts.length === 2);
});

test("a clock set forward while a reply waits for its turn takes no time from its handler", async () => {
  const clock = settableClock();
  const door = gate();
  const test = platform("test", { limits: { ...limits, pace: { burst: 1, perSecond: 0.5 } } });
  const p = hearing(
    "p",
    "hi",
    async (ctx) => {
      await ctx.reply("1");
      clock.set(HOUR);
      await ctx.reply("2");
      await door.opened;
      await ctx.reply("3");
    },
    { timeout: "5s", attempts: 1 },
  );
  await using stage = await openBot([p], { adapters: [test], clock });
  const isOut = (count: number) =>
    eventually(`${count} are out`, async () => {
      await stage.advance(100);
      return test.texts.length === count;
    });
  await stage.hear("hi");
  await isOut(2);
  await stage.advance(4000);
  door.open();
  await isOut(3);
  expect(stage.warnings).toEqual([]);
});
