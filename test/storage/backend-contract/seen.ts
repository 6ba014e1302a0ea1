import { expect, test } from "vitest";
import type { BackendContract } from "../backend-contract.ts";
import { dead, done, job, keyed, NOW, openBackend, states } from "./session.ts";

const HOUR = 3_600_000;

export function seenContract(contract: BackendContract): void {
  test("an entry whose digest is known is a duplicate and stores nothing", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    const adds = [keyed("5", job(1)), keyed("5", job(2)), keyed("-5", job(3)), keyed("5", job(4), job(5))];
    expect((await session.apply({ adds })).added).toEqual([true, false, true, false]);
    expect(await states(backend)).toEqual({ "job 1": "waiting", "job 3": "waiting" });
    expect((await backend.ledger())[0]).toMatchObject({ received: 2, duplicates: 3, inFlight: 2 });
  });

  test("it is known in every process, while its jobs wait, run and after they have ended", async () => {
    await using stage = await openBackend(contract);
    await stage.session.apply({ adds: [keyed("5", job(1), job(2))] });
    const other = stage.open("other");
    const isNew = async (id: number) => (await other.apply({ adds: [keyed("5", job(id))] })).added[0];
    expect(await isNew(10)).toBe(false);
    await stage.session.claim(2);
    expect(await isNew(11)).toBe(false);
    await stage.session.apply({ ends: [done(1), dead(2)] });
    expect(await isNew(12)).toBe(false);
  });

  test("an entry without jobs is known as well", async () => {
    await using stage = await openBackend(contract);
    expect((await stage.session.apply({ adds: [keyed("5"), keyed("5", job(1))] })).added).toEqual([true, false]);
  });

  test("entries without a digest are never duplicates", async () => {
    await using stage = await openBackend(contract);
    const adds = [
      { digest: null, jobs: [job(1)] },
      { digest: null, jobs: [job(2)] },
    ];
    expect((await stage.session.apply({ adds })).added).toEqual([true, true]);
  });

  test("what a verdict defers is deduplicated too", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    await session.apply({ adds: [keyed("1", job(1)), keyed("2", job(2))] });
    await session.claim(2);
    await session.apply({ ends: [done(1, keyed("2", job(3)), keyed("3", job(4))), dead(2, keyed("3", job(5)))] });
    expect(await states(backend)).toEqual({ "job 4": "waiting" });
    expect((await backend.ledger())[0]).toMatchObject({ received: 3, duplicates: 2, done: 1, dead: 1, inFlight: 1 });
  });

  test("it stays known while a job waits, however often what has had its time is dropped", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    await session.apply({ adds: [keyed("5", job(1))] });
    for (let round = 0; round < 3; round++) await backend.sweep(NOW + 1000 * HOUR);
    const [claimed] = (await session.apply({ claim: 1, now: NOW + 1000 * HOUR })).claimed;
    expect(claimed).toMatchObject({ digest: "5" });
    await session.apply({ ends: [done(1)], now: NOW + 1000 * HOUR });
    for (let round = 0; round < 3; round++) await backend.sweep(NOW + 1071 * HOUR);
    expect((await session.apply({ adds: [keyed("5", job(2))] })).added).toEqual([false]);
  });

  test("a dead letter that is tried again does not meet its own record, and renews it when it ends", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    await session.apply({ adds: [keyed("5", job(1))] });
    for (let round = 0; round < 2; round++) {
      await session.claim(1);
      await session.apply({ ends: [dead(1)] });
      expect((await session.apply({ dead: [{ id: 1, kind: "retry" }] })).dead).toEqual([true]);
      expect((await session.apply({ adds: [keyed("5", job(9))] })).added).toEqual([false]);
    }
    await session.claim(1);
    await session.apply({ ends: [done(1)] });
    expect((await session.apply({ adds: [keyed("5", job(9))] })).added).toEqual([false]);
    expect((await backend.ledger())[0]).toMatchObject({ received: 1, done: 1, dead: 0, duplicates: 3 });
  });
}
