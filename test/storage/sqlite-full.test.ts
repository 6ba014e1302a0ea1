import { expect, test } from "vitest";
import { type Log, silentLog } from "../../src/core/index.ts";
import { storageError } from "../../src/storage/sqlite/open.ts";
import { createFakeClock } from "../../src/testing/clock.ts";
import { dead, doneWith, entry, eventually, job, keyed, openDesk, START, totals, turn } from "./desk.ts";
import { openFileStage } from "./file-stage.ts";

// The disk has room: what is full is the file that the stage limits.
const full = expect.objectContaining({
  code: "STORAGE_FULL",
  message: expect.stringMatching(/bot\.db cannot grow: it has reached `maxBytes`, 1000000\. Raise it/),
});
const big = { text: "x".repeat(40_000) };

/** A file that has room for a few big jobs only, and its jobs' names. */
async function openFull(log: Log = silentLog) {
  const stage = await openFileStage({ maxBytes: 1_000_000, host: { clock: createFakeClock(START), log } });
  const names: string[] = [];
  for (let n = 0; ; n++) {
    try {
      await stage.storage.add(keyed(`k${n}`, job(`job ${n}`, { payload: big })));
    } catch (error) {
      expect(error).toEqual(full);
      return { stage, names };
    }
    names.push(`job ${n}`);
  }
}

test("a full disk refuses new events and forgets neither their keys nor what it has", async () => {
  const { stage, names } = await openFull();
  await using _ = stage;
  expect(names.length).toBeGreaterThan(3);
  expect(stage.storage.pending()).toBe(names.length);
  await expect(stage.storage.add(keyed("new", job("new", { payload: big })))).rejects.toEqual(full);
  const desk = openDesk(stage.storage);
  desk.finish();
  await eventually("all have run", () => stage.storage.pending() === 0);
  expect(new Set(desk.begun)).toEqual(new Set(names));
  expect(await stage.storage.add(keyed("new", job("new", { payload: big })))).toBe(true);
  expect(await totals(stage.storage)).toMatchObject({ received: names.length + 1, dead: 0, ignored: 0 });
});

test("dead letters that are discarded make room", async () => {
  const { stage, names } = await openFull();
  await using _ = stage;
  const { storage } = stage;
  const desk = openDesk(storage);
  await desk.take("job 0");
  desk.end("job 0", dead());
  // A dead letter is written before its job goes, so on a full disk it waits for room too.
  await desk.take("job 1");
  desk.end("job 1");
  await eventually("the letter is there", async () => (await storage.dead.list(1)).length === 1);
  while (await storage.add(entry(job("more", { payload: big }))).catch(() => false)) names.push("more");
  expect(await storage.dead.discard((await storage.dead.list(1))[0]!.id)).toBe(true);
  expect(await storage.add(entry(job("room", { payload: big })))).toBe(true);
});

test("verdicts that find no room are kept in memory and written as soon as there is some", async () => {
  const { stage, names } = await openFull();
  await using _ = stage;
  const { storage } = stage;
  const desk = openDesk(storage);
  for (const name of names) await desk.take(name);
  // It defers more than there is room for.
  desk.end("job 0", doneWith(entry(job("child", { payload: { text: "y".repeat(400_000) } }))));
  await turn();
  await turn();
  expect(desk.begun).not.toContain("child");
  // An operator's look at a full disk loses nothing of it.
  expect(await totals(storage)).toMatchObject({ received: names.length, inFlight: names.length, done: 0 });
  expect((await storage.jobs(100)).map(({ handler }) => handler)).toEqual(names);
  for (const name of names.slice(1)) desk.end(name);
  await desk.take("child");
  expect(await totals(storage)).toMatchObject({ received: names.length + 1, done: names.length, inFlight: 1 });
});

test("a step that finds no room does not hold up the verdicts that make some", async () => {
  const { stage, names } = await openFull();
  await using _ = stage;
  const { storage } = stage;
  const desk = openDesk(storage);
  for (const name of names) await desk.take(name);
  const saved = storage.saveStep(await desk.take("job 0"), "once:x", { text: "y".repeat(400_000) });
  await turn();
  for (const name of names.slice(1)) desk.end(name);
  await saved;
  await eventually("the others have ended", () => storage.pending() === 1);
  expect(await totals(storage)).toMatchObject({ done: names.length - 1, inFlight: 1 });
});

test("a full disk at the close costs no more than doubt", async () => {
  const warnings: string[] = [];
  const { stage } = await openFull({ ...silentLog, error: (_, sentence) => warnings.push(sentence) });
  await using _ = stage;
  const desk = openDesk(stage.storage);
  await desk.take("job 0");
  desk.end("job 0", doneWith(entry(job("child", { payload: { text: "y".repeat(400_000) } }))));
  for (let n = 0; n < 10; n++) await Promise.resolve();
  desk.stop();
  const again = openDesk(await stage.reopen());
  expect(warnings.at(-1)).toMatch(/`maxBytes`, 1000000.*done again after the next start/);
  expect(await again.take("job 0")).toMatchObject({ attempt: 2, inDoubt: true });
});

test("a ping says that the disk is full, and that it is no longer", async () => {
  const { stage } = await openFull();
  await using _ = stage;
  await expect(stage.storage.ping()).rejects.toEqual(full);
  const desk = openDesk(stage.storage);
  desk.finish();
  await eventually("all have run", () => stage.storage.pending() === 0);
  await stage.storage.ping();
});

test("what SQLite says of a full file is the limit's doing, unless the disk has no room for so much", () => {
  const refused = Object.assign(new Error("database or disk is full"), { errcode: 13 });
  expect(storageError(import.meta.filename, refused, 1_000_000).message).toMatch(/`maxBytes`, 1000000/);
  expect(storageError(import.meta.filename, refused, Number.MAX_SAFE_INTEGER).message).toMatch(/the disk is full/);
  expect(storageError(import.meta.filename, refused).message).toMatch(/the disk is full/);
});

test("more jobs than maxWaiting are refused, also in one tick", async () => {
  await using stage = await openFileStage({ maxWaiting: 3 });
  const results = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => stage.storage.add(entry(job(`${n}`)))));
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected", "rejected"]);
  await expect(stage.storage.add(entry(job("x")))).rejects.toMatchObject({ code: "QUEUE_FULL" });
  const desk = openDesk(stage.storage);
  desk.finish();
  await eventually("all have run", () => stage.storage.pending() === 0);
  expect(await stage.storage.add(entry(job("x")))).toBe(true);
});
