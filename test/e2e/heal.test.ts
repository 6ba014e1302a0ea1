import { expect, test } from "vitest";
import { openPlatformsCrashStage } from "./platforms-stage.ts";
import { pause } from "./stage.ts";

const EACH = 9;

test("X sends nothing again, and yet all that was said while the bot was killed again and again is answered once", {
  timeout: 60_000,
}, async () => {
  await using stage = await openPlatformsCrashStage();
  const said = { user: "ada", conversation: "@ada" };
  const say = (n: number) => stage.say("twitter", { ...said, text: `ada-${n}` });
  const answers = async () =>
    (await stage.messages("twitter", "@ada")).filter(({ self }) => self).map(({ text }) => text);
  // Even numbers share one text.
  const wanted = Array.from({ length: EACH }, (_, n) => (n % 2 ? `done ada-${n}` : "done ada")).toSorted();

  await say(0);
  while ((await answers()).length === 0) await pause(20);
  // A conversation that was begun a moment ago is not written down yet.
  await pause(1500);
  const missed: number[] = [];
  for (let n = 1; n < EACH; n += 2) {
    const killed = stage.bot.kill();
    for (const each of [n, n + 1]) {
      if (!(await stage.delivered("twitter", await say(each)))) missed.push(each);
    }
    await killed;
  }
  while ((await answers()).length < EACH) await pause(20);
  await stage.bot.stop();
  expect((await answers()).toSorted()).toEqual(wanted);
  expect(missed).not.toEqual([]);
  const audit = await stage.hobnob(["audit", "--json"]);
  expect(audit.code, audit.stdout + audit.stderr).toBe(0);
  expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true, totals: { dead: 0, discarded: 0 } });
});
