import { expect, test } from "vitest";
import type { BackendContract } from "../backend-contract.ts";
import { listOf } from "../desk.ts";
import { ODD } from "./batches.ts";
import { createSession, NOW, openBackend } from "./session.ts";

const set = (key: string, value: string | null, expected?: string | null, until: number | null = null) => ({
  ...{ key, value, expected, until },
});

export function valueContract(contract: BackendContract): void {
  test("a value is written, read, overwritten and deleted", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    expect(await backend.get("k")).toBeUndefined();
    const values = [set("k", "1"), set("k", "2"), set("other", "")];
    expect((await session.apply({ values })).values).toEqual([true, true, true]);
    expect([await backend.get("k"), await backend.get("other")]).toEqual(["2", ""]);
    expect((await session.apply({ values: [set("k", null), set("k", null)] })).values).toEqual([true, false]);
    expect(await backend.get("k")).toBeUndefined();
  });

  test("a value is written only where what is expected stands", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    const values = [
      ...[set("k", "x", "y"), set("k", "1", null), set("k", "2", null), set("k", "3", "2"), set("k", "", "1")],
      ...[set("k", "4", null), set("k", "5", ""), set("k", null, "4"), set("k", null, "5"), set("k", null, null)],
    ];
    expect((await session.apply({ values })).values).toEqual([
      ...[false, true, false, false, true],
      ...[false, true, false, true, false],
    ]);
    expect(await backend.get("k")).toBeUndefined();
    expect(await listOf(backend.keys(""))).toEqual([]);
  });

  test("of many that change a value at once, each sees the one before", async () => {
    await using stage = await openBackend(contract);
    const sessions = [stage.session, createSession(await stage.another(), "two")];
    async function count(session: (typeof sessions)[number]) {
      for (let added = 0; added < 30; ) {
        const current = await stage.backend.get("n");
        const next = set("n", String(Number(current ?? 0) + 1), current ?? null);
        if ((await session.apply({ values: [next] })).values[0]) added += 1;
      }
    }
    await Promise.all(sessions.map(count));
    expect(await stage.backend.get("n")).toBe("60");
  });

  test("keys are found by their beginning, each once, over many pages", async () => {
    await using stage = await openBackend(contract);
    const many = Array.from({ length: 700 }, (_, n) => `many/${n}`);
    const few = ["a", "a%", "a%b", "a_", "ab", "b", "A", "ä", "😀", "😀x"];
    await stage.session.apply({ values: [...many, ...few].map((key) => set(key, "1")) });
    await stage.session.apply({ values: [set("many/5", "2"), set("b", null)] });
    expect((await listOf(stage.backend.keys("many/"))).sort()).toEqual([...many].sort());
    expect((await listOf(stage.backend.keys("a%"))).sort()).toEqual(["a%", "a%b"]);
    expect((await listOf(stage.backend.keys("a_"))).sort()).toEqual(["a_"]);
    expect((await listOf(stage.backend.keys("😀"))).sort()).toEqual(["😀", "😀x"]);
    expect(await listOf(stage.backend.keys("b"))).toEqual([]);
    expect(await listOf(stage.backend.keys(""))).toHaveLength(709);
  });

  test("odd keys and values come back as they were", async () => {
    await using stage = await openBackend(contract);
    await stage.session.apply({ values: ODD.map((text) => set(`odd${text}`, text)) });
    for (const text of ODD) expect(await stage.backend.get(`odd${text}`)).toBe(text);
    expect((await listOf(stage.backend.keys("odd"))).sort()).toEqual(ODD.map((text) => `odd${text}`).sort());
    const values = ODD.map((text) => set(`odd${text}`, null, text));
    expect((await stage.session.apply({ values })).values).toEqual(ODD.map(() => true));
  });

  test("a value whose time has passed may be dropped, another may not", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    const many = Array.from({ length: 1200 }, (_, n) => set(`old/${n}`, "1", undefined, NOW + 10));
    const values = [
      ...many,
      set("later", "1", undefined, NOW + 1000),
      set("always", "1"),
      set("renewed", "1", undefined, NOW),
    ];
    await session.apply({ values });
    await session.apply({ values: [set("renewed", "2")] });
    for (let round = 0; round < 50 && (await backend.sweep(NOW + 500)); round++);
    expect((await listOf(backend.keys(""))).sort()).toEqual(["always", "later", "renewed"]);
    expect([await backend.get("old/7"), await backend.get("renewed")]).toEqual([undefined, "2"]);
  });
}
