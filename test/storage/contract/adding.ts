import { expect, test } from "vitest";
import type { StorageContract } from "../contract.ts";
import { done, doneWith, entry, eventually, job, keyed, openDesk, openStage, turn } from "../desk.ts";

export function addingContract(contract: StorageContract): void {
  test("a stored job is counted and listed", async () => {
    await using stage = await openStage(contract);
    expect(await stage.storage.add(entry(job("x", { lane: "l", pool: "gpu" })))).toBe(true);
    expect(stage.storage.pending()).toBe(1);
    expect(await stage.storage.jobs(10)).toMatchObject([
      { state: "waiting", lane: "l", pool: "gpu", adapter: "a", plugin: "p", handler: "x", attempt: 0 },
    ]);
  });

  test("a second entry with the same key stores nothing, before and after the first has ended", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    expect(await storage.add(keyed("k", job("first")))).toBe(true);
    expect(await storage.add(keyed("k", job("second")))).toBe(false);
    const desk = openDesk(storage);
    await desk.take("first");
    expect(await storage.add(keyed("k", job("second")))).toBe(false);
    desk.end("first", done);
    await stage.quiet(desk);
    expect(await storage.add(keyed("k", job("second")))).toBe(false);
    expect(storage.pending()).toBe(0);
  });

  test("of many entries with one key in one tick the first is stored", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    const results = await Promise.all([1, 2, 3, 4].map((n) => stage.storage.add(keyed("k", job(`job ${n}`)))));
    expect(results).toEqual([true, false, false, false]);
    await stage.quiet(desk);
    expect(desk.begun.filter((name) => name.startsWith("job"))).toEqual(["job 1"]);
  });

  test("entries without a key are never duplicates", async () => {
    await using stage = await openStage(contract);
    expect(await stage.storage.add(entry(job("x")))).toBe(true);
    expect(await stage.storage.add(entry(job("x")))).toBe(true);
    expect(stage.storage.pending()).toBe(2);
  });

  test("an entry that cannot be stored leaves nothing behind, neither jobs nor its key", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    await expect(storage.add(keyed("k", job("good"), job("bad", { payload: { n: 1n } })))).rejects.toThrow();
    expect(storage.pending()).toBe(0);
    expect(await storage.jobs(10)).toEqual([]);
    expect(await storage.add(keyed("k", job("good"), job("better")))).toBe(true);
    expect(storage.pending()).toBe(2);
  });

  test("an entry that cannot be stored does not spoil those of the same tick", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const desk = openDesk(storage);
    const results = await Promise.allSettled([
      storage.add(keyed("one", job("one", { lane: "l" }))),
      storage.add(keyed("bad", job("bad", { lane: "l", payload: 1n }))),
      storage.add(keyed("one", job("twin", { lane: "l" }))),
      storage.add(keyed("two", job("two", { lane: "l" }))),
    ]);
    expect(results.map((result) => (result.status === "fulfilled" ? result.value : "refused"))).toEqual([
      true,
      "refused",
      false,
      true,
    ]);
    desk.finish();
    await stage.quiet(desk);
    expect(desk.begun.slice(0, 2)).toEqual(["one", "two"]);
    expect(storage.pending()).toBe(0);
  });

  test("jobs of one entry run in their lanes in the order given", async () => {
    await using stage = await openStage(contract);
    const names = ["a", "b", "c", "d"];
    await stage.storage.add(entry(...names.map((name) => job(name, { lane: "l" }))));
    const desk = openDesk(stage.storage);
    desk.finish();
    await eventually("all have run", () => stage.storage.pending() === 0);
    expect(desk.begun).toEqual(names);
  });

  test("from a job's end to the begin of what it deferred there is something left to do", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const desk = openDesk(storage);
    for (let n = 0; n < 20; n++) {
      await storage.add(entry(job(`parent ${n}`)));
      await desk.take(`parent ${n}`);
      const pending: number[] = [];
      desk.end(`parent ${n}`, doneWith(entry(job(`child ${n}`))));
      for (; !desk.begun.includes(`child ${n}`); await turn()) pending.push(storage.pending());
      expect(Math.min(...pending)).toBe(1);
      desk.end(`child ${n}`);
    }
    await stage.quiet(desk);
    expect(storage.pending()).toBe(0);
  });

  test("what is deferred under a key is dropped while that key is known", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("parent")));
    await desk.take("parent");
    desk.end("parent", doneWith(keyed("child", job("child")), keyed("child", job("twin"))));
    await desk.take("child");
    desk.end("child");
    await stage.quiet(desk);
    expect(await stage.storage.add(keyed("child", job("late")))).toBe(false);
    expect(desk.begun).not.toContain("twin");
  });

  if (!contract.isDurable) return;

  test("a job is there after a reopen as soon as add has resolved", async () => {
    await using stage = await openStage(contract);
    await stage.storage.add(keyed("k", job("x", { payload: { text: "hello" } })));
    const storage = await stage.reopen();
    expect(storage.pending()).toBe(1);
    const desk = openDesk(storage);
    expect(await desk.take("x")).toMatchObject({ payload: { text: "hello" }, attempt: 1, inDoubt: false, errors: [] });
    expect(await storage.add(keyed("k", job("twin")))).toBe(false);
  });

  test("waiting jobs keep their order over a reopen", async () => {
    await using stage = await openStage(contract);
    const names = Array.from({ length: 30 }, (_, n) => `job ${n}`);
    for (const name of names) await stage.storage.add(entry(job(name, { lane: "l" })));
    const desk = openDesk(await stage.reopen());
    desk.finish();
    await eventually("all have run", () => stage.storage.pending() === 0);
    expect(desk.begun).toEqual(names);
  });
}
