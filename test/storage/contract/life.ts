import { expect, test } from "vitest";
import type { StorageContract } from "../contract.ts";
import { doneWith, entry, HOUR, job, openDesk, openStage, START, turn } from "../desk.ts";

const closed = expect.objectContaining({ code: "STORAGE_CLOSED" });

export function lifeContract(contract: StorageContract): void {
  test("an open storage answers a ping and has a name without secrets", async () => {
    await using stage = await openStage(contract);
    await stage.storage.ping();
    expect(stage.storage.name).not.toBe("");
    expect(stage.storage.instance).toMatch(/^[\w-]{4,}$/);
  });

  test("a closed storage takes nothing more", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    await storage.close();
    await expect(storage.add(entry(job("x")))).rejects.toEqual(closed);
    await expect(storage.ping()).rejects.toEqual(closed);
    await storage.close();
  });

  test("a job that still runs at the close can no longer say anything, and its verdict hurts nobody", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("x")));
    const claimed = await desk.take("x");
    await stage.storage.close();
    expect(claimed.isHeld()).toBe(false);
    desk.end("x");
    for (let n = 0; n < 5; n++) await turn();
  });

  test("what was taken hold of before the close rejects after it", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const { values, dead } = storage;
    const desk = openDesk(storage);
    await storage.add(entry(job("x")));
    const claimed = await desk.take("x");
    await storage.close();
    await expect(values.get("k")).rejects.toThrow();
    await expect(values.set("k", "v")).rejects.toEqual(closed);
    await expect(values.update("k", () => "v")).rejects.toEqual(closed);
    await expect(values.delete("k")).rejects.toEqual(closed);
    await expect(dead.retry("1")).rejects.toEqual(closed);
    await expect(storage.saveStep(claimed, "s", 1)).rejects.toEqual(closed);
    for (let n = 0; n < 5; n++) await turn();
  });

  test("nothing of it ticks on after the close", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("x"), job("later", { runAt: START + HOUR })));
    await desk.take("x");
    stage.storage.countIgnored("a");
    desk.end("x", doneWith(entry(job("child", { runAt: START + 1000 }))));
    void stage.storage.add(entry(job("pending", { runAt: START + 500 })));
    for (let n = 0; n < 10; n++) await Promise.resolve();
    await stage.storage.close();
    expect(stage.clock.step(START + 1000 * HOUR)).toBe(false);
  });

  if (!contract.isDurable) return;

  test("what was pending at the close is written", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const pending = [storage.add(entry(job("x"))), storage.values.set("k", "v"), storage.add(entry(job("y")))];
    const reopened = await stage.reopen();
    await Promise.all(pending);
    expect(reopened.pending()).toBe(2);
    expect(await reopened.values.get("k")).toBe("v");
  });

  test("a job that had not begun at the close has lost no attempt", async () => {
    await using stage = await openStage(contract);
    const before = openDesk(stage.storage);
    void stage.storage.add(entry(job("pending")));
    await stage.storage.add(entry(job("stored")));
    const storage = await stage.reopen();
    const begun = new Set(before.begun);
    for (let n = 0; n < 5; n++) await turn();
    expect(new Set(before.begun)).toEqual(begun);
    const desk = openDesk(storage);
    for (const name of ["pending", "stored"]) {
      if (!begun.has(name)) expect(await desk.take(name)).toMatchObject({ attempt: 1, inDoubt: false });
    }
  });

  test("a lane whose next job was about to be claimed at the close has lost no attempt", async () => {
    await using stage = await openStage(contract);
    await stage.storage.add(entry(job("a", { lane: "l" }), job("b", { lane: "l" })));
    const before = openDesk(stage.storage);
    await before.take("a");
    before.end("a");
    // Its verdict arrives in a microtask; the claim of the next waits for the end of this turn.
    for (let n = 0; n < 10; n++) await Promise.resolve();
    const storage = await stage.reopen();
    for (let n = 0; n < 5; n++) await turn();
    expect(before.begun).toEqual(["a"]);
    expect(await openDesk(storage).take("b")).toMatchObject({ attempt: 1, inDoubt: false });
  });

  test("the data keeps its name, and ids never come twice", async () => {
    await using stage = await openStage(contract);
    const { instance } = stage.storage;
    const ids = new Set<string>();
    for (let round = 0; round < 3; round++) {
      const desk = openDesk(stage.storage);
      for (const name of ["a", "b"]) {
        await stage.storage.add(entry(job(name)));
        ids.add((await desk.take(name)).id);
        desk.end(name);
      }
      await stage.quiet(desk);
      const storage = await stage.reopen();
      expect(storage.instance).toBe(instance);
    }
    expect(ids.size).toBe(6);
  });
}
