import { expect, test } from "vitest";
import { createRandom } from "../../random.ts";
import type { StorageContract } from "../contract.ts";
import {
  dead,
  done,
  doneWith,
  entry,
  eventually,
  HOUR,
  job,
  keyed,
  openDesk,
  openStage,
  retryAt,
  START,
  totals,
} from "../desk.ts";

export function ledgerContract(contract: StorageContract): void {
  test("an empty storage has an empty ledger", async () => {
    await using stage = await openStage(contract);
    expect(await stage.storage.ledger()).toEqual([]);
    expect(await stage.storage.doubts(10)).toEqual([]);
  });

  test("jobs are counted by the day they were stored, by adapter and by plugin", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const desk = openDesk(storage);
    await storage.add(entry(job("x", { plugin: "one" }), job("y", { plugin: "two", adapter: "b" })));
    await desk.take("x");
    await stage.advance(24 * HOUR);
    desk.end("x");
    await storage.add(entry(job("z", { plugin: "one" })));
    await eventually("x has ended", () => storage.pending() === 2);
    const nothing = { received: 0, done: 0, ignored: 0, dead: 0, discarded: 0, inFlight: 0, duplicates: 0 };
    expect(await storage.ledger()).toEqual([
      { ...nothing, day: "2026-01-31", adapter: "a", plugin: "one", received: 1, done: 1 },
      { ...nothing, day: "2026-01-31", adapter: "b", plugin: "two", received: 1, inFlight: 1 },
      { ...nothing, day: "2026-02-01", adapter: "a", plugin: "one", received: 1, inFlight: 1 },
    ]);
  });

  test("duplicates are counted for each job they would have been, and are not received", async () => {
    await using stage = await openStage(contract);
    const two = keyed("k", job("x"), job("y", { plugin: "q" }));
    await stage.storage.add(two);
    await stage.storage.add(two);
    await Promise.all([stage.storage.add(two), stage.storage.add(two)]);
    expect(await stage.storage.ledger()).toMatchObject([
      { plugin: "p", received: 1, duplicates: 3 },
      { plugin: "q", received: 1, duplicates: 3 },
    ]);
  });

  test("an ignored event is received and ignored", async () => {
    await using stage = await openStage(contract);
    for (let n = 0; n < 1000; n++) stage.storage.countIgnored("a");
    expect(await stage.storage.ledger()).toMatchObject([{ adapter: "a", plugin: "", received: 1000, ignored: 1000 }]);
    stage.storage.countIgnored("a");
    await stage.advance(5000);
    expect(await totals(stage.storage)).toMatchObject({ received: 1001, ignored: 1001 });
  });

  test("a refused entry is not counted", async () => {
    await using stage = await openStage(contract);
    await expect(stage.storage.add(entry(job("good"), job("bad", { payload: 1n })))).rejects.toThrow();
    expect(await stage.storage.ledger()).toEqual([]);
  });

  test("retried and discarded dead letters move from one column to another", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const desk = openDesk(storage);
    await storage.add(entry(job("x"), job("y")));
    for (const name of ["x", "y"]) {
      await desk.take(name);
      desk.end(name, dead());
    }
    await eventually("both are dead", async () => (await storage.dead.list(10)).length === 2);
    expect(await totals(storage)).toMatchObject({ received: 2, dead: 2, inFlight: 0 });
    for (const { id, handler } of await storage.dead.list(10)) {
      await (handler === "x" ? storage.dead.retry(id) : storage.dead.discard(id));
    }
    expect(await totals(storage)).toMatchObject({ received: 2, dead: 0, discarded: 1, inFlight: 1 });
    await desk.take("x");
    desk.end("x");
    await eventually("x has ended", () => storage.pending() === 0);
    expect(await totals(storage)).toMatchObject({ received: 2, done: 1, discarded: 1, inFlight: 0 });
  });

  test("it adds up after a long random life", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const random = createRandom(7);
    const desk = openDesk(storage, { concurrency: 4 });
    let ignored = 0;
    desk.finish(({ attempt }) => {
      const chance = random.below(10);
      if (chance < 2 && attempt < 5) return retryAt(stage.clock.now() + random.below(2000));
      if (chance < 3) return dead();
      if (chance < 4 && attempt < 5) return { kind: "release", at: stage.clock.now() + 10 };
      return chance < 6 ? doneWith(keyed(`d${random.below(30)}`, job("child", { plugin: "q" }))) : done;
    });
    for (let n = 0; n < 150; n++) {
      const key = `k${random.below(100)}`;
      await storage.add(keyed(key, job("x", { lane: `${random.below(6)}` }), job("y", { plugin: "q" })));
      if (random.below(3) === 0) {
        storage.countIgnored("a");
        ignored += 1;
      }
      await stage.advance(random.below(300));
      const [letter] = await storage.dead.list(1);
      if (letter !== undefined) await (random.below(2) === 0 ? storage.dead.retry : storage.dead.discard)(letter.id);
    }
    for (const line of await storage.ledger()) {
      expect(line.done + line.ignored + line.dead + line.discarded + line.inFlight).toBe(line.received);
    }
    const sum = await totals(storage);
    expect(sum.ignored).toBe(ignored);
    expect(sum.inFlight).toBe(storage.pending());
    expect(sum.duplicates).toBeGreaterThan(0);
    expect(sum.discarded).toBeGreaterThan(0);
  });

  test("doubts are listed, the newest first", async () => {
    await using stage = await openStage(contract);
    const doubt = { at: START, job: "1", adapter: "a", plugin: "p", step: "reply:0", outcome: "found" } as const;
    await stage.storage.saveDoubt(doubt);
    await stage.storage.saveDoubt({ ...doubt, outcome: "sent again" });
    await stage.storage.saveDoubt({ ...doubt, outcome: "not found" });
    expect((await stage.storage.doubts(2)).map(({ outcome }) => outcome)).toEqual(["not found", "sent again"]);
    expect((await stage.storage.doubts(9))[2]).toEqual(doubt);
  });

  if (!contract.isDurable) return;

  test("the ledger is kept over a reopen, with what was ignored last", async () => {
    await using stage = await openStage(contract);
    await stage.storage.add(entry(job("x")));
    stage.storage.countIgnored("a");
    const before = await totals(stage.storage);
    stage.storage.countIgnored("a");
    const storage = await stage.reopen();
    expect(await totals(storage)).toEqual({ ...before, received: 3, ignored: 2 });
  });
}
