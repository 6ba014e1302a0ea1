import { expect, test } from "vitest";
import type { BackendContract } from "../backend-contract.ts";
import { done, entry, job, NOW, openBackend, release, retry, states } from "./session.ts";

export function timeContract(contract: BackendContract): void {
  test("a delayed job enters its lane at its time, behind what is there", async () => {
    await using stage = await openBackend(contract);
    const { session } = stage;
    const first = job(2, { lane: "l" });
    const added = await session.apply({ adds: [entry(job(1, { lane: "l", runAt: NOW + 100 }), first)] });
    expect(added).toMatchObject({ nextAt: NOW + 100, pending: 2 });
    expect(await states(stage.backend)).toEqual({ "job 1": "delayed", "job 2": "waiting" });
    expect(await session.claim(9, { now: NOW + 99 })).toEqual(["job 2"]);
    expect(await session.apply({ now: NOW + 100, claim: 9 })).toMatchObject({ claimed: [], nextAt: 0 });
    expect(await session.claim(9, { now: NOW + 100, ends: [done(first)] })).toEqual(["job 1"]);
  });

  test("delayed jobs come in the order of their times, then of their ids", async () => {
    await using stage = await openBackend(contract);
    const at = { 1: 30, 2: 10, 3: 30, 4: 20, 10: 10 };
    const jobs = Object.entries(at).map(([id, delay]) => job(Number(id), { runAt: NOW + delay }));
    await stage.session.apply({ adds: [entry(...jobs.reverse())] });
    expect(await stage.session.claim(9, { now: NOW + 50 })).toEqual(["job 2", "job 10", "job 4", "job 1", "job 3"]);
  });

  test("a job that is due was never delayed, and a time in the past is now", async () => {
    await using stage = await openBackend(contract);
    const jobs = [job(1, { runAt: NOW }), job(2, { runAt: NOW - 1000 })];
    expect((await stage.session.apply({ adds: [entry(...jobs)], direct: 2 })).direct).toEqual([1, 2]);
  });

  test("a delayed job is not claimed directly", async () => {
    await using stage = await openBackend(contract);
    expect((await stage.session.apply({ adds: [entry(job(1, { runAt: NOW + 1 }))], direct: 2 })).direct).toEqual([]);
  });

  test("a lane is held until its job may be tried again, and nothing of it runs meanwhile", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    const first = job(1, { lane: "l" });
    await session.add(first, job(2, { lane: "l" }));
    await session.claim(1);
    const held = await session.apply({ ends: [retry(first, NOW + 500)], claim: 9 });
    expect(held).toMatchObject({ claimed: [], nextAt: NOW + 500 });
    expect(await backend.jobs(9)).toMatchObject([
      { id: 1, state: "retrying", heldUntil: NOW + 500, attempts: 1, failed: 1, errors: '["no"]' },
      { id: 2, state: "waiting", heldUntil: 0 },
    ]);
    await session.add(job(3, { lane: "l" }));
    expect(await session.claim(9, { now: NOW + 499 })).toEqual([]);
    expect(await session.claim(9, { now: NOW + 500 })).toEqual(["job 1"]);
  });

  test("a released job holds its lane as well, when it says until when", async () => {
    await using stage = await openBackend(contract);
    const first = job(1, { lane: "l" });
    await stage.session.add(first);
    await stage.session.claim(1);
    expect(await stage.session.claim(9, { ends: [release(first, NOW + 5)] })).toEqual([]);
    const { claimed } = await stage.session.apply({ claim: 9, now: NOW + 5 });
    expect(claimed).toMatchObject([{ id: 1, attempts: 1, failed: 0 }]);
  });

  test("lanes that were held and jobs that were delayed come in by their times, behind what was ready before", async () => {
    await using stage = await openBackend(contract);
    const { session } = stage;
    await session.add(job(1), job(2));
    await session.claim(2);
    await session.apply({ ends: [retry(1, NOW + 30), retry(2, NOW + 10)], adds: [entry(job(3, { runAt: NOW + 20 }))] });
    await session.add(job(4));
    expect(await session.claim(9, { now: NOW + 40 })).toEqual(["job 4", "job 2", "job 3", "job 1"]);
  });

  test("the next time is the earliest of all pools", async () => {
    await using stage = await openBackend(contract);
    const adds = [entry(job(1, { runAt: NOW + 50, pool: "gpu" }), job(2, { runAt: NOW + 80 }))];
    expect((await stage.session.apply({ adds, pools: ["default"] })).nextAt).toBe(NOW + 50);
    expect((await stage.session.apply({ pools: ["default"], claim: 1, now: NOW + 60 })).nextAt).toBe(NOW + 80);
    expect(await stage.session.claim(9, { pools: ["gpu"], now: NOW + 60 })).toEqual(["job 1"]);
  });

  test("a job whose hold has passed waits again, for those who look", async () => {
    await using stage = await openBackend(contract);
    await stage.session.add(job(1));
    await stage.session.claim(1);
    await stage.session.apply({ ends: [retry(1, NOW + 10)] });
    await stage.session.apply({ claim: 1, pools: ["gpu"], now: NOW + 20 });
    expect(await states(stage.backend)).toEqual({ "job 1": "waiting" });
  });
}
