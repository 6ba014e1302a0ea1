import { expect, test } from "vitest";
import type { KeyValues } from "../../../src/core/index.ts";
import type { StorageContract } from "../contract.ts";
import { HOUR, listOf, openStage, START } from "../desk.ts";

const keysOf = async (values: KeyValues, prefix: string) => (await listOf(values.keys(prefix))).toSorted();

export function valuesContract(contract: StorageContract): void {
  test("a value is set, read, replaced and deleted", async () => {
    await using stage = await openStage(contract);
    const { values } = stage.storage;
    expect(await values.get("k")).toBeUndefined();
    await values.set("k", "one");
    expect(await values.get("k")).toBe("one");
    await values.set("k", "");
    expect(await values.get("k")).toBe("");
    expect(await values.delete("k")).toBe(true);
    expect(await values.delete("k")).toBe(false);
    expect(await values.get("k")).toBeUndefined();
  });

  test("writes of one tick are applied in order", async () => {
    await using stage = await openStage(contract);
    const { values } = stage.storage;
    await Promise.all([
      values.set("k", "1"),
      values.delete("k"),
      values.set("k", "2"),
      values.update("k", (v) => `${v}!`),
    ]);
    expect(await values.get("k")).toBe("2!");
  });

  test("two hundred updates at once lose nothing", async () => {
    await using stage = await openStage(contract);
    const { values } = stage.storage;
    const add = (current: string | undefined) => String(Number(current ?? 0) + 1);
    const results = await Promise.all(Array.from({ length: 200 }, () => values.update("n", add)));
    expect(await values.get("n")).toBe("200");
    expect(new Set(results).size).toBe(200);
  });

  test("an update to undefined deletes", async () => {
    await using stage = await openStage(contract);
    const { values } = stage.storage;
    await values.set("k", "one");
    expect(await values.update("k", () => undefined)).toBeUndefined();
    expect(await values.get("k")).toBeUndefined();
  });

  test("an update that throws rejects with what was thrown, changes nothing and spoils no neighbour", async () => {
    await using stage = await openStage(contract);
    const { values } = stage.storage;
    await values.set("k", "one");
    const broken = values.update("k", () => {
      throw new RangeError("mine");
    });
    const neighbour = values.set("other", "fine");
    await expect(broken).rejects.toThrow(new RangeError("mine"));
    await neighbour;
    expect(await values.get("k")).toBe("one");
    expect(await values.get("other")).toBe("fine");
  });

  test("keys are found by their prefix, the prefix itself too", async () => {
    await using stage = await openStage(contract);
    const { values } = stage.storage;
    const all = ["a", "a:", "a:1", "a:2", "a:\u{10ffff}", "a:é", "a;", "b:1", "A:1", "a%", "a_b"];
    await Promise.all(all.map((key) => values.set(key, "x")));
    expect(await keysOf(values, "a:")).toEqual(["a:", "a:1", "a:2", "a:\u{10ffff}", "a:é"].toSorted());
    expect(await keysOf(values, "a%")).toEqual(["a%"]);
    expect(await keysOf(values, "a_")).toEqual(["a_b"]);
    expect(await keysOf(values, "zzz")).toEqual([]);
    expect(await keysOf(values, "")).toEqual(all.toSorted());
  });

  test("many keys are listed, each once", async () => {
    await using stage = await openStage(contract);
    const { values } = stage.storage;
    const all = Array.from({ length: 523 }, (_, n) => `k:${n}`);
    await Promise.all(all.map((key) => values.set(key, "x")));
    expect(await keysOf(values, "k:")).toEqual(all.toSorted());
  });

  test("a value without an end is kept for ever, one with an end at least until then", async () => {
    await using stage = await openStage(contract);
    const { values } = stage.storage;
    await values.set("ever", "x");
    await values.set("hour", "x", START + HOUR);
    await values.set("prolonged", "x", START + HOUR);
    await values.set("prolonged", "x", START + 9 * HOUR);
    await values.set("freed", "x", START + HOUR);
    await values.set("freed", "x");
    await values.set("renewed", "x", START + HOUR);
    await values.update("renewed", (v) => v, START + 9 * HOUR);
    await stage.advance(HOUR - 1);
    expect(await keysOf(values, "")).toEqual(["ever", "freed", "hour", "prolonged", "renewed"]);
    await stage.advance(2 * HOUR);
    for (const key of ["ever", "freed", "prolonged", "renewed"]) expect(await values.get(key)).toBe("x");
  });

  if (!contract.isDurable) return;

  test("values are there after a reopen", async () => {
    await using stage = await openStage(contract);
    await stage.storage.values.set("k", "one");
    await stage.storage.values.update("n", () => "1");
    const storage = await stage.reopen();
    expect(await storage.values.get("k")).toBe("one");
    expect(await storage.values.get("n")).toBe("1");
  });
}
