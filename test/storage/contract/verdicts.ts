import { expect, test } from "vitest";
import type { StorageContract } from "../contract.ts";
import {
  dead,
  doneWith,
  entry,
  eventually,
  failure,
  job,
  keyed,
  openDesk,
  openStage,
  retryAt,
  START,
} from "../desk.ts";

export function verdictContract(contract: StorageContract): void {
  test("a failed job keeps the head of its lane until its time, and nothing overtakes it", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const desk = openDesk(storage);
    await storage.add(entry(job("first", { lane: "l" }), job("second", { lane: "l" })));
    await desk.take("first");
    desk.end("first", retryAt(START + 1000, "down"));
    await stage.quiet(desk);
    await storage.add(entry(job("third", { lane: "l" })));
    await stage.advance(999);
    await stage.quiet(desk);
    expect([...desk.running]).toEqual([]);
    expect((await storage.jobs(10))[0]).toMatchObject({
      handler: "first",
      state: "retrying",
      runAt: START + 1000,
      attempt: 1,
      lastError: failure("down"),
    });
    await stage.advance(1);
    expect(await desk.take("first")).toMatchObject({ attempt: 2, inDoubt: false, errors: [failure("down")] });
    desk.finish();
    await eventually("all have run", () => storage.pending() === 0);
    expect(desk.begun.filter((name) => !name.startsWith("probe"))).toEqual(["first", "first", "second", "third"]);
  });

  test("a retry that is due at once runs before the rest of its lane", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("first", { lane: "l" }), job("second", { lane: "l" })));
    await desk.take("first");
    desk.end("first", retryAt(START));
    await eventually("it runs again", () => desk.begun.length === 2);
    expect(desk.begun).toEqual(["first", "first"]);
  });

  test("errors add up, the oldest first", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("x")));
    for (const message of ["one", "two", "three"]) {
      await desk.take("x");
      desk.end("x", retryAt(START, message));
      await eventually("its verdict is taken", () => !desk.running.has("x") || desk.begun.length > 3);
    }
    expect((await desk.take("x")).errors.map(({ message }) => message)).toEqual(["one", "two", "three"]);
  });

  test.each([undefined, START + 500])(
    "a release (until %s) does not count the attempt and keeps the steps",
    async (at) => {
      await using stage = await openStage(contract);
      const { storage } = stage;
      const desk = openDesk(storage);
      await storage.add(entry(job("first", { lane: "l" }), job("second", { lane: "l" })));
      const claimed = await desk.take("first");
      await storage.saveStep(claimed, "reply:0", { id: "1" });
      desk.end("first", at === undefined ? { kind: "release" } : { kind: "release", at });
      if (at !== undefined) {
        await stage.quiet(desk);
        expect([...desk.running]).toEqual([]);
        await stage.advance(500);
      }
      await eventually("it runs again", () => desk.begun.filter((name) => name === "first").length === 2);
      const again = await desk.take("first");
      expect(again).toMatchObject({ attempt: 1, inDoubt: false, errors: [] });
      expect(again.id).toBe(claimed.id);
      expect([...again.steps]).toEqual([["reply:0", { id: "1" }]]);
      expect(desk.begun).not.toContain("second");
    },
  );

  test("steps are seen by the next attempt, the latest value of each", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const desk = openDesk(storage);
    await storage.add(entry(job("x"), job("other")));
    const claimed = await desk.take("x");
    expect([...claimed.steps]).toEqual([]);
    await storage.saveStep(claimed, "a", { doubt: true });
    await storage.saveStep(claimed, "a", { id: "1" });
    void storage.saveStep(claimed, "b", null);
    desk.end("x", retryAt(START));
    await eventually("it runs again", () => desk.begun.filter((name) => name === "x").length === 2);
    expect(Object.fromEntries((await desk.take("x")).steps)).toEqual({ a: { id: "1" }, b: null });
    expect([...(await desk.take("other")).steps]).toEqual([]);
  });

  test("a step that cannot be kept is refused, and storage goes on", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const desk = openDesk(storage);
    await storage.add(entry(job("x")));
    const claimed = await desk.take("x");
    await expect(storage.saveStep(claimed, "a", { n: 1n })).rejects.toThrow();
    await storage.saveStep(claimed, "b", 1);
    expect(await storage.add(entry(job("y")))).toBe(true);
  });

  test("a claimed job is held until its verdict", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("x")));
    const claimed = await desk.take("x");
    expect(claimed.isHeld()).toBe(true);
    desk.end("x", retryAt(START + 1000));
    await stage.quiet(desk);
    expect(claimed.isHeld()).toBe(false);
    await stage.advance(1000);
    expect((await desk.take("x")).isHeld()).toBe(true);
    expect(claimed.isHeld()).toBe(false);
  });

  test("a step saved after the end of its job does no harm", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("x")));
    const claimed = await desk.take("x");
    desk.end("x");
    await stage.quiet(desk);
    await stage.storage.saveStep(claimed, "late", 1);
    expect(stage.storage.pending()).toBe(0);
  });

  test("deferred jobs are stored with the verdict, in their lanes' order", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const desk = openDesk(storage);
    await storage.add(entry(job("parent", { lane: "l" }), job("waiting", { lane: "l" })));
    await desk.take("parent");
    expect(storage.pending()).toBe(2);
    desk.end("parent", doneWith(entry(job("child", { lane: "l", payload: { n: 1 } })), entry(job("far"))));
    expect((await desk.take("far")).attempt).toBe(1);
    expect(storage.pending()).toBe(3);
    await desk.take("waiting");
    desk.end("waiting");
    expect((await desk.take("child")).payload).toEqual({ n: 1 });
    expect(desk.begun.indexOf("child")).toBeGreaterThan(desk.begun.indexOf("waiting"));
  });

  test("a job that dies frees its lane", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("first", { lane: "l" }), job("second", { lane: "l" })));
    await desk.take("first");
    desk.end("first", dead());
    await desk.take("second");
    expect(stage.storage.pending()).toBe(1);
  });

  if (!contract.isDurable) return;

  test("an attempt is counted before the run: without a verdict the next one is the second, and in doubt", async () => {
    await using stage = await openStage(contract);
    await stage.storage.add(entry(job("x", { lane: "l" }), job("y", { lane: "l" })));
    const first = openDesk(stage.storage);
    const claimed = await first.take("x");
    await stage.storage.saveStep(claimed, "reply:0", { id: "1" });
    const second = openDesk(await stage.reopen());
    expect(claimed.isHeld()).toBe(false);
    const again = await second.take("x");
    expect(again).toMatchObject({ id: claimed.id, attempt: 2, inDoubt: true, errors: [] });
    expect([...again.steps]).toEqual([["reply:0", { id: "1" }]]);
    expect(second.begun).toEqual(["x"]);
    second.end("x", retryAt(START, "later"));
    await eventually("it runs again", () => second.begun.length === 2);
    expect(await second.take("x")).toMatchObject({ attempt: 3, inDoubt: true, errors: [failure("later")] });
  });

  test("the first run, straight from add, is counted too", async () => {
    await using stage = await openStage(contract);
    const first = openDesk(stage.storage);
    await stage.storage.add(entry(job("x")));
    await first.take("x");
    const second = openDesk(await stage.reopen());
    expect(await second.take("x")).toMatchObject({ attempt: 2, inDoubt: true });
  });

  test("a release after a lost attempt leaves the job in doubt", async () => {
    await using stage = await openStage(contract);
    await stage.storage.add(entry(job("x")));
    await openDesk(stage.storage).take("x");
    const desk = openDesk(await stage.reopen());
    await desk.take("x");
    desk.end("x", { kind: "release" });
    await eventually("it runs again", () => desk.begun.length === 2);
    expect(await desk.take("x")).toMatchObject({ attempt: 2, inDoubt: true });
  });

  test.each(["retry", "release"] as const)("a lane that waits after a %s still waits after a reopen", async (kind) => {
    await using stage = await openStage(contract);
    await stage.storage.add(entry(job("first", { lane: "l" }), job("second", { lane: "l" })));
    const before = openDesk(stage.storage);
    await before.take("first");
    before.end("first", kind === "retry" ? retryAt(START + 5000) : { kind, at: START + 5000 });
    await eventually("the verdict is taken", async () => (await stage.storage.jobs(1))[0]?.state === "retrying");
    const desk = openDesk(await stage.reopen());
    await stage.advance(4999);
    await stage.quiet(desk);
    expect([...desk.running]).toEqual([]);
    await stage.advance(1);
    expect(await desk.take("first")).toMatchObject({ attempt: kind === "retry" ? 2 : 1, inDoubt: false });
    desk.end("first");
    await desk.take("second");
  });

  test("a verdict and what it defers are one: both are there after a reopen", async () => {
    await using stage = await openStage(contract);
    await stage.storage.add(entry(job("parent")));
    const before = openDesk(stage.storage);
    await before.take("parent");
    before.stop();
    before.end("parent", doneWith(keyed("k", job("child"))));
    await eventually("the verdict is taken", async () => (await stage.storage.jobs(1))[0]?.handler === "child");
    const desk = openDesk(await stage.reopen());
    await desk.take("child");
    expect(desk.begun).toEqual(["child"]);
    expect(await stage.storage.add(keyed("k", job("twin")))).toBe(false);
  });
}
