import { expect, test } from "vitest";
import type { StorageContract } from "../contract.ts";
import { dead, entry, eventually, job, keyed, listOf, openDesk, openStage, retryAt, START } from "../desk.ts";

const TEXTS: Readonly<Record<string, string>> = {
  emoji: "👩‍👩‍👧‍👦🍕",
  "NUL characters": "a\0b\0",
  "a lone surrogate": "x\ud83cy",
  "line breaks and quotes": `a\n\r\u2028'"\\\${x}%s`,
  "right to left": "שלום\u202e",
  "an empty string": "",
  "a megabyte": "é".repeat(500_000),
  "what looks like SQL": "'); DROP TABLE job; --",
};

export function contentContract(contract: StorageContract): void {
  test.each(Object.entries(TEXTS))("%s in a payload, a step and a value", async (_, text) => {
    await using stage = await openStage(contract);
    let { storage } = stage;
    const payload = { text, deep: [{ text }] };
    await storage.add(entry(job("x", { payload })));
    await storage.values.set("k", JSON.stringify(text));
    let desk = openDesk(storage);
    await storage.saveStep(await desk.take("x"), "s", { text });
    desk.end("x", retryAt(START));
    await eventually("it runs again", () => desk.begun.length === 2);
    if (contract.isDurable) {
      await desk.take("x");
      storage = await stage.reopen();
      desk = openDesk(storage);
    }
    const again = await desk.take("x");
    expect(again.payload).toEqual(payload);
    expect(again.steps.get("s")).toEqual({ text });
    desk.end("x", dead(text.slice(0, 500)));
    await stage.quiet(desk);
    expect((await storage.dead.list(1))[0]?.payload).toEqual(payload);
    expect(JSON.parse((await storage.values.get("k"))!)).toBe(text);
  });

  const NAMES = ["👩‍👩‍👧", "a\0b", "", " ", "__proto__", "constructor", "a\nb", "a/b:c%_*", "n".repeat(10_000)];

  test.each(NAMES.map((name) => [JSON.stringify(name).slice(0, 30), name]))(
    "%s as every name there is",
    async (_, name) => {
      await using stage = await openStage(contract);
      let { storage } = stage;
      const odd = job(name, { lane: name, pool: name, adapter: name, plugin: name });
      expect(await storage.add(keyed(name, odd))).toBe(true);
      expect(await storage.add(keyed(name, odd))).toBe(false);
      expect(await storage.add(keyed(`${name}!`, { ...odd, handler: "second" }))).toBe(true);
      await storage.values.set(name, "v");
      let desk = openDesk(storage);
      const first = await desk.take(name);
      expect(first).toMatchObject({ lane: name, pool: name, adapter: name, plugin: name });
      await storage.saveStep(first, name, 1);
      if (contract.isDurable) {
        storage = await stage.reopen();
        desk = openDesk(storage);
        expect((await desk.take(name)).steps.get(name)).toBe(1);
      }
      expect(await storage.add(keyed(name, odd))).toBe(false);
      expect(await storage.values.get(name)).toBe("v");
      expect(await listOf(storage.values.keys(name))).toEqual([name]);
      expect(desk.begun).not.toContain("second");
      desk.end(name);
      await desk.take("second");
    },
  );

  test("a step whose key was cut in the middle of an emoji is found again", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("x")));
    await stage.storage.saveStep(await desk.take("x"), "once:🍕".slice(0, -1), 1);
    desk.end("x", retryAt(START));
    await eventually("it runs again", () => desk.begun.length === 2);
    expect((await desk.take("x")).steps.get("once:🍕".slice(0, -1))).toBe(1);
  });

  test.each([
    ["a\0b", "a\0c"],
    ["a", "a\0"],
    ["é", "e\u0301"],
    ["K", "k"],
    ["x\ud83cy", "x\ud83dy"],
    ["x\ud83cy", "x\ufffdy"],
    ["1", "1.0"],
  ])("%j and %j are two keys, two lanes and two values", async (one, two) => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    expect(await storage.add(keyed(one, job("one", { lane: one })))).toBe(true);
    expect(await storage.add(keyed(two, job("two", { lane: two })))).toBe(true);
    await storage.values.set(one, "1");
    await storage.values.set(two, "2");
    expect(await storage.values.get(one)).toBe("1");
    const desk = openDesk(storage);
    await desk.take("one");
    await desk.take("two");
  });
}
