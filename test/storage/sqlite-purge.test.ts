import { expect, test } from "vitest";
import { silentLog } from "../../src/core/index.ts";
import { memory } from "../../src/storage/memory/index.ts";
import { createFakeClock } from "../../src/testing/clock.ts";
import type { StorageContract } from "./contract.ts";
import { eventually, HOUR, job, keyed, openDesk, openStage, START, turn } from "./desk.ts";

// The SQLite storage without a file: days of sweeps cost no fsync.
const inMemory: StorageContract = {
  isDurable: false,
  async create(host) {
    const storage = memory();
    await storage.open(host);
    return { storage, async dispose() {} };
  },
};

test("a dedupe record outlives the end of its job by 72 hours, and then goes", async () => {
  await using stage = await openStage(inMemory);
  const { storage } = stage;
  const desk = openDesk(storage);
  await storage.add(keyed("k", job("x")));
  await desk.take("x");
  await stage.advance(HOUR - 60_000);
  desk.end("x");
  await eventually("it has ended", async () => (await storage.jobs(1)).length === 0);
  await stage.advance(72 * HOUR - 60_000);
  expect(await storage.add(keyed("k", job("twin")))).toBe(false);
  await stage.advance(2 * HOUR);
  expect(await storage.add(keyed("k", job("again")))).toBe(true);
});

test("the dedupe record of a job that waits for days is kept, and renewed at its end", async () => {
  await using stage = await openStage(inMemory);
  const { storage } = stage;
  const desk = openDesk(storage);
  await storage.add(keyed("k", job("x")));
  await desk.take("x");
  await stage.advance(80 * HOUR);
  expect(await storage.add(keyed("k", job("twin")))).toBe(false);
  desk.end("x");
  await eventually("it has ended", async () => (await storage.jobs(1)).length === 0);
  await stage.advance(71 * HOUR);
  expect(await storage.add(keyed("k", job("twin")))).toBe(false);
  await stage.advance(3 * HOUR);
  expect(await storage.add(keyed("k", job("again")))).toBe(true);
});

test("many dedupe records are purged, a part at a time", async () => {
  // Its days pass in a jump, its timers do not.
  const timers = createFakeClock(START);
  let jump = 0;
  const storage = memory();
  await storage.open({ clock: { ...timers, now: () => timers.now() + jump }, log: silentLog });
  const desk = openDesk(storage);
  desk.finish();
  const addAll = () => Promise.all(Array.from({ length: 3500 }, (_, n) => storage.add(keyed(`k${n}`, job("x")))));
  await addAll();
  await eventually("all have ended", async () => (await storage.jobs(1)).length === 0);
  jump = 75 * HOUR;
  for (const until = timers.now() + 120_000; timers.step(until); ) {
    // The writer looks twice whether more is to come.
    await turn();
    await turn();
  }
  expect((await addAll()).every(Boolean)).toBe(true);
  await storage.close();
});

test("values are gone some time after their end", async () => {
  await using stage = await openStage(inMemory);
  await stage.storage.values.set("k", "v", START + HOUR);
  await stage.advance(HOUR + 120_000);
  expect(await stage.storage.values.get("k")).toBeUndefined();
});
