import { expect, test } from "vitest";
import type { BackendContract } from "../backend-contract.ts";
import { openBackend } from "./session.ts";

const HOUR = 3_600_000;
const take = (key: string, burst = 1) => ({ key, interval: HOUR, burst, pause: 0 });
const pause = (key: string, ms: number) => ({ key, interval: 0, burst: 1, pause: ms });

// On the database's own clock: an hour is so long that the test's own time does not count.
const hours = (waits: readonly number[]) => waits.map((ms) => Math.ceil(ms / HOUR));

export function budgetContract(contract: BackendContract): void {
  test("a full bucket gives its burst at once, then a token each interval", async () => {
    await using stage = await openBackend(contract);
    const { budgets } = await stage.session.apply({ budgets: Array.from({ length: 5 }, () => take("b", 3)) });
    expect(budgets.slice(0, 3)).toEqual([0, 0, 0]);
    expect(hours(budgets)).toEqual([0, 0, 0, 1, 2]);
  });

  test("all processes share a bucket, and each bucket is its own", async () => {
    await using stage = await openBackend(contract);
    await stage.session.apply({ budgets: [take("b")] });
    const { budgets } = await stage.open("other").apply({ budgets: [take("b"), take("c")] });
    expect(hours(budgets)).toEqual([1, 0]);
  });

  test("a pause holds everybody back, takes no token, and is never shortened", async () => {
    await using stage = await openBackend(contract);
    const { session } = stage;
    expect(hours((await session.apply({ budgets: [pause("b", 5 * HOUR), pause("b", HOUR)] })).budgets)).toEqual([5, 5]);
    const other = stage.open("other");
    const { budgets } = await other.apply({ budgets: [take("b", 2), take("b", 2), take("b", 2)] });
    expect(hours(budgets)).toEqual([5, 5, 6]);
  });

  test("tokens come back with time", async () => {
    await using stage = await openBackend(contract);
    const quick = { key: "b", interval: 1, burst: 1, pause: 0 };
    await stage.session.apply({ budgets: [quick] });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await stage.session.apply({ budgets: [quick] })).budgets).toEqual([0]);
  });
}
