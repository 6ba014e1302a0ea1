import { describe, expect, test } from "vitest";
import type { Broken } from "./bot-settings.ts";
import { BLOWS, planOf, type Step } from "./plan.ts";
import { STORAGES, type StorageName } from "./storages.ts";
import { torture } from "./torture.ts";

// Longer than it takes: what does not settle is told by the kit itself.
const TIMEOUT_MS = 150_000;

describe("a short run", { timeout: TIMEOUT_MS }, () => {
  test.for<StorageName>(STORAGES)("%s: nothing is lost, nothing is said twice", async (storage) => {
    const report = await torture({ seed: 7, storage, rounds: 1, length: 5000, talkers: 20, every: 1000 });
    expect(report.violations, `seed 7, ${storage}, logs in ${report.folder}`).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(0);
    expect(report.answers).toBeGreaterThan(0);
  });
});

describe("a promise broken on purpose is noticed", { timeout: TIMEOUT_MS }, () => {
  test("acknowledged before it is stored: a kill loses it", async () => {
    const kills = [1000, 2000, 3000].map((at): Step => ({ at, what: "kill", ms: 0, node: 0, amount: 0 }));
    expect(await rulesBroken("hasty", kills)).toContain("acknowledged and not answered");
  });

  test("sent again without a look: a lost answer doubles it", async () => {
    const losses: Step = { at: 200, what: "lost answer", ms: 3000, node: 0, amount: 30 };
    expect(await rulesBroken("blind", [losses])).toContain("answered twice");
  });
});

test("the same seed makes the same schedule, another seed another one", () => {
  const plan = (seed: number) => planOf({ seed, round: 3, length: 60_000, blows: BLOWS, lease: 2000, every: 1000 });
  expect(plan(1)).toEqual(plan(1));
  expect(plan(1)).not.toEqual(plan(2));
  const kinds = new Set(plan(1).map(({ what }) => what));
  expect(BLOWS.filter((blow) => !kinds.has(blow))).toEqual([]);
});

async function rulesBroken(broken: Broken, steps: readonly Step[]): Promise<readonly string[]> {
  const options = { seed: 5, storage: "sqlite", rounds: 1, length: 4000, talkers: 20, settle: 3000 } as const;
  const { violations } = await torture({ ...options, broken, steps, isKept: false });
  return violations.map(({ rule }) => rule);
}
