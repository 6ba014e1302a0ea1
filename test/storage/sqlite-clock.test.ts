import { expect, test } from "vitest";
import { silentLog } from "../../src/core/index.ts";
import { createFakeClock } from "../../src/testing/clock.ts";
import { entry, eventually, HOUR, job, openDesk, START } from "./desk.ts";
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
