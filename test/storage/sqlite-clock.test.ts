import { expect, test } from "vitest";
import { silentLog } from "../../src/core/index.ts";
import { createFakeClock } from "../../src/testing/clock.ts";
import { entry, eventually, HOUR, job, openDesk, retryAt, START, turn } from "./desk.ts";
import { openFileStage } from "./file-stage.ts";

const lane = "one lane";

test("a clock that was set back holds nothing up after a restart, and turns no lane round", async () => {
  let wrong = HOUR;
  const right = createFakeClock(START);
  const clock = { ...right, now: () => right.now() + wrong };
  await using stage = await openFileStage({ host: { clock, log: silentLog } });
  await stage.storage.add(entry(job("first", { lane })));
  await stage.storage.add(entry(job("second", { lane })));
  await stage.storage.add(entry(job("later", { runAt: clock.now() + HOUR })));
  wrong = 0;
  await stage.storage.add(entry(job("third", { lane })));
  const desk = openDesk(await stage.reopen());
  desk.finish();
  await eventually("all of the lane have begun", () => desk.begun.length >= 3);
  expect(desk.begun).toEqual(["first", "second", "third"]);
});

test.each([
  ["back for good", -HOUR, -HOUR],
  ["back for a moment", -HOUR, 0],
  ["forward for a moment", HOUR, 0],
])("what waits for a second waits for a second, when the clock is set %s", async (_, wrongThen, wrongLater) => {
  let wrong = 0;
  const right = createFakeClock(START);
  const clock = { ...right, now: () => right.now() + wrong };
  await using stage = await openFileStage({ host: { clock, log: silentLog } });
  const { storage } = stage;
  const desk = openDesk(storage);
  const begun = (count: number) => eventually(`${count} have begun`, () => desk.begun.length >= count);
  async function advance(ms: number): Promise<void> {
    for (const until = right.now() + ms; right.step(until); ) await turn();
    for (let n = 0; n < 20; n++) await turn();
  }
  const pair = async (name: string) => {
    await storage.add(entry(job(`${name} delayed`, { runAt: clock.now() + 1000 })));
    await storage.add(entry(job(`${name} failed`)));
    await desk.take(`${name} failed`);
    desk.end(`${name} failed`, retryAt(clock.now() + 1000));
    await eventually("both wait", async () =>
      (await storage.jobs(10)).every(({ state }) => state === "delayed" || state === "retrying"),
    );
  };

  await pair("before");
  wrong = wrongThen;
  await advance(500);
  wrong = wrongLater;
  await advance(499);
  expect(desk.begun).toEqual(["before failed"]);
  await advance(1);
  await begun(3);
  for (const name of ["before delayed", "before failed"]) desk.end(name);

  wrong = wrongThen;
  await pair("while");
  wrong = wrongLater;
  await advance(999);
  expect(desk.begun).toHaveLength(4);
  await advance(1);
  await begun(6);
  expect(desk.begun.slice(4).sort()).toEqual(["while delayed", "while failed"]);
});
