import { expect, test } from "vitest";
import type { Storage, StoredRecord } from "../../../src/core/index.ts";
import type { StorageContract } from "../contract.ts";
import {
  dead,
  entry,
  eventually,
  HOUR,
  job,
  keyed,
  listOf,
  openDesk,
  openStage,
  retryAt,
  START,
  type Stage,
} from "../desk.ts";

const lane = "one lane";

/** Something of every kind, in a storage where nothing runs any more. */
async function fill(stage: Stage): Promise<void> {
  const { storage } = stage;
  const desk = openDesk(storage);
  await storage.add(keyed("first", job("first", { lane, payload: { text: "a\0b \ud83c" } })));
  await storage.add(keyed("second", job("second", { lane }), job("other", { lane: "x\ud83cy", pool: "gpu" })));
  await storage.add(entry(job("later", { lane, runAt: START + HOUR })));
  await storage.add(entry(job("soon", { lane, runAt: START + 1000 })));
  await storage.add(keyed("died", job("died")));
  await storage.add(keyed("ended", job("ended")));
  await storage.add(keyed("ended", job("ended")));
  await storage.saveStep(await desk.take("first"), "once:\0", { done: true });
  await storage.saveStep(await desk.take("died"), "reply:1", 1);
  desk.end("died", dead("it had enough"));
  desk.end("ended");
  desk.end("first", retryAt(START + 60_000, "not yet"));
  (await desk.take("other")) && desk.end("other", { kind: "release" });
  await eventually("all but the waiting have ended", () => desk.running.size <= 1);
  desk.stop();
  await storage.saveDoubt({ at: START, job: "1", adapter: "a", plugin: "p", step: "s", outcome: "sent again" });
  await storage.saveDoubt({ at: START, job: "1", adapter: "a", plugin: "p", step: "s", outcome: "sent again" });
  for (const key of ["", "k", "k\0", "\u0001key"]) await storage.values.set(key, `value of ${key}`, START + HOUR);
  await storage.values.set("for ever", "\ud83c\0");
  storage.countIgnored("a");
}

/** A dump in one order, for comparison; jobs of a lane stay in theirs. */
async function read(storage: Storage): Promise<unknown[]> {
  const places = new Map<string, number>();
  const records = (await listOf(storage.dump())).map((record: StoredRecord) => {
    if (record.kind === "seen") return { ...record, at: undefined };
    if (record.kind !== "job" && record.kind !== "dead") return record;
    const place = places.get(record.lane) ?? 0;
    places.set(record.lane, place + 1);
    return { ...record, place, steps: [...record.steps].sort() };
  });
  return records.map((record) => JSON.stringify(record, Object.keys(record).sort())).sort();
}

async function copy(from: Storage, to: Storage, size = 2): Promise<void> {
  const records = await listOf(from.dump());
  for (let at = 0; at < records.length; at += size) await to.load(records.slice(at, at + size));
}

export function movingContract(contract: StorageContract): void {
  test.each([1, 2, 100])("what is dumped and loaded elsewhere (%i at a time) is the same there", async (size) => {
    await using stage = await openStage(contract);
    await fill(stage);
    const before = await read(stage.storage);
    expect(new Set((await listOf(stage.storage.dump())).map(({ kind }) => kind)).size).toBe(7);
    await using other = await openStage(contract);
    await copy(stage.storage, other.storage, size);
    await other.storage.load([]);
    expect(await read(other.storage)).toEqual(before);
    expect(await read(stage.storage)).toEqual(before);
    expect(other.storage.instance).toBe(stage.storage.instance);
    expect(await other.storage.ledger()).toEqual(await stage.storage.ledger());
    expect(await other.storage.doubts(10)).toEqual(await stage.storage.doubts(10));
    expect(other.storage.pending()).toBe(stage.storage.pending());
  });

  test("jobs that were moved run in their order, with their steps, as they would have where they came from", async () => {
    await using stage = await openStage(contract);
    await fill(stage);
    await using other = await openStage(contract);
    await copy(stage.storage, other.storage);
    await other.storage.load([]);
    const desk = openDesk(other.storage);
    await desk.take("other");
    expect(desk.begun).toEqual(["other"]);
    await other.advance(60_000);
    const first = await desk.take("first");
    expect(first).toMatchObject({ attempt: 2, inDoubt: false, errors: [{ message: "not yet" }] });
    expect(first.steps.get("once:\0")).toEqual({ done: true });
    desk.finish();
    desk.end("first");
    await eventually("the lane goes on", () => desk.begun.includes("soon"));
    await other.advance(HOUR);
    await eventually("the delayed one runs", () => desk.begun.includes("later"));
    expect(desk.begun).toEqual(["other", "first", "second", "soon", "later"]);
    await eventually("all has ended", () => other.storage.pending() === 0);
  });

  test("an event that came before the move is a duplicate after it, and new jobs have ids of their own", async () => {
    await using stage = await openStage(contract);
    await fill(stage);
    const ids = (await listOf(stage.storage.dump())).flatMap((record) => ("id" in record ? [record.id] : []));
    await using other = await openStage(contract);
    await copy(stage.storage, other.storage);
    await other.storage.load([]);
    for (const key of ["first", "second", "died", "ended"]) {
      expect(await other.storage.add(keyed(key, job("again")))).toBe(false);
    }
    await other.storage.add(keyed("new", job("new")));
    const desk = openDesk(other.storage);
    expect(Number((await desk.take("new")).id)).toBeGreaterThan(Math.max(...ids));
  });

  test("a load that broke off begins again, and nothing is there twice", async () => {
    await using stage = await openStage(contract);
    await fill(stage);
    await using other = await openStage(contract);
    const records = await listOf(stage.storage.dump());
    for (let upTo = 0; upTo <= records.length; upTo += 3) {
      for (let at = 0; at < upTo; at += 2) await other.storage.load(records.slice(at, Math.min(at + 2, upTo)));
    }
    await copy(stage.storage, other.storage, 100);
    await other.storage.load([]);
    expect(await read(other.storage)).toEqual(await read(stage.storage));
    expect(other.storage.pending()).toBe(stage.storage.pending());
  });

  test.each<[string, (storage: Storage) => Promise<unknown>]>([
    ["a job", (storage) => storage.add(entry(job("x")))],
    ["a dedupe record", (storage) => storage.add({ key: "k", jobs: [] })],
    ["a value", (storage) => storage.values.set("k", "v")],
  ])("nothing is loaded where there is %s already", async (_, add) => {
    await using stage = await openStage(contract);
    await fill(stage);
    await using other = await openStage(contract);
    await add(other.storage);
    const before = await read(other.storage);
    await expect(copy(stage.storage, other.storage)).rejects.toMatchObject({ code: "STORAGE_NOT_EMPTY" });
    expect(await read(other.storage)).toEqual(before);
  });

  test("a storage to which all was moved takes no second load", async () => {
    await using stage = await openStage(contract);
    await fill(stage);
    await using other = await openStage(contract);
    await copy(stage.storage, other.storage);
    await other.storage.load([]);
    await expect(copy(stage.storage, other.storage)).rejects.toMatchObject({ code: "STORAGE_NOT_EMPTY" });
  });

  if (!contract.isDurable) return;

  test("a bot does not start on a part of the data, and does on all of it", async () => {
    await using stage = await openStage(contract);
    await fill(stage);
    await using other = await openStage(contract);
    const records = await listOf(stage.storage.dump());
    await other.storage.load(records.slice(0, 3));
    await expect(other.reopen()).rejects.toMatchObject({ code: "STORAGE_UNFINISHED" });
  });

  test("what was moved is still there, and in its order, after the storage was closed", async () => {
    await using stage = await openStage(contract);
    await fill(stage);
    await using other = await openStage(contract);
    await copy(stage.storage, other.storage);
    await other.storage.load([]);
    const before = await read(stage.storage);
    expect(await read(await other.reopen())).toEqual(before);
  });
}
