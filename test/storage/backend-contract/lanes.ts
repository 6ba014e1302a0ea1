import { expect, test } from "vitest";
import type { BackendContract } from "../backend-contract.ts";
import { createSession, done, entry, job, openBackend, release, retry, states } from "./session.ts";

export function laneContract(contract: BackendContract): void {
  test("lanes are claimed in the order in which they became ready, the first job of each", async () => {
    await using stage = await openBackend(contract);
    const { session } = stage;
    await session.add(job(1, { lane: "b" }), job(2, { lane: "a" }), job(3, { lane: "b" }), job(4, { lane: "c" }));
    expect(await session.claim(2)).toEqual(["job 1", "job 2"]);
    expect(await session.claim(9)).toEqual(["job 4"]);
    expect(await session.claim(9)).toEqual([]);
  });

  test("jobs of a lane run one after another in the order they were stored", async () => {
    await using stage = await openBackend(contract);
    const jobs = [5, 3, 4].map((id) => job(id, { lane: "l" }));
    await stage.session.apply({ adds: [entry(...jobs)] });
    expect(await stage.session.claim(9)).toEqual(["job 5"]);
    expect(await stage.session.claim(9, { ends: [done(jobs[0]!)] })).toEqual(["job 3"]);
    expect(await stage.session.claim(9, { ends: [done(jobs[1]!)] })).toEqual(["job 4"]);
    expect(await stage.session.claim(9, { ends: [done(jobs[2]!)] })).toEqual([]);
  });

  test("a lane whose job ended goes to the end of the ready lanes", async () => {
    await using stage = await openBackend(contract);
    const first = job(1, { lane: "l" });
    await stage.session.add(first, job(2, { lane: "l" }), job(3));
    await stage.session.claim(1);
    await stage.session.add(job(4));
    expect(await stage.session.claim(9, { ends: [done(first)] })).toEqual(["job 3", "job 4", "job 2"]);
  });

  test("a job alone in its lane is claimed by the batch that stores it, as many as wanted", async () => {
    await using stage = await openBackend(contract);
    const { session } = stage;
    await session.add(job(1, { lane: "taken" }));
    await session.claim(1);
    const outcome = await session.apply({
      adds: [entry(job(2, { lane: "taken" }), job(3), job(4, { pool: "gpu" }), job(5)), entry(job(6))],
      direct: 2,
      pools: ["default"],
    });
    expect(outcome).toMatchObject({ direct: [3, 5], claimed: [], pending: 6 });
    expect(await states(stage.backend)).toEqual({
      ...{ "job 1": "running", "job 2": "waiting", "job 3": "running", "job 4": "waiting", "job 5": "running" },
      "job 6": "waiting",
    });
    expect((await stage.backend.jobs(9)).map(({ attempts }) => attempts)).toEqual([1, 0, 1, 0, 1, 0]);
    expect(await session.claim(9, { ends: [done(3)] })).toEqual(["job 4", "job 6"]);
  });

  test("jobs that a verdict defers are not claimed directly", async () => {
    await using stage = await openBackend(contract);
    await stage.session.add(job(1));
    await stage.session.claim(1);
    const outcome = await stage.session.apply({ ends: [done(1, entry(job(2)))], direct: 5 });
    expect(outcome.direct).toEqual([]);
    expect(await stage.session.claim(1)).toEqual(["job 2"]);
  });

  test("a deferred job of the same lane runs after those that wait there", async () => {
    await using stage = await openBackend(contract);
    const jobs = [1, 2, 3].map((id) => job(id, { lane: "l" }));
    await stage.session.add(jobs[0]!, jobs[1]!);
    await stage.session.claim(1);
    expect(await stage.session.claim(1, { ends: [done(jobs[0]!, entry(jobs[2]!))] })).toEqual(["job 2"]);
    expect(await stage.session.claim(1, { ends: [done(jobs[1]!)] })).toEqual(["job 3"]);
  });

  test("a session claims lanes of its pools only, in their order", async () => {
    await using stage = await openBackend(contract);
    await stage.session.add(job(1, { pool: "gpu" }), job(2), job(3, { pool: "slow" }), job(4, { pool: "gpu" }));
    expect(await stage.session.claim(9, { pools: [] })).toEqual([]);
    expect(await stage.session.claim(1, { pools: ["gpu"] })).toEqual(["job 1"]);
    expect(await stage.session.claim(9, { pools: ["none", "default"] })).toEqual(["job 2"]);
    expect(new Set(await stage.session.claim(9))).toEqual(new Set(["job 3", "job 4"]));
  });

  test("a lane may hold jobs of several pools: each head is its own pool's", async () => {
    await using stage = await openBackend(contract);
    const jobs = [job(1, { lane: "l" }), job(2, { lane: "l", pool: "gpu" })];
    await stage.session.add(...jobs);
    expect(await stage.session.claim(9, { pools: ["gpu"] })).toEqual([]);
    expect(await stage.session.claim(9, { pools: ["default"] })).toEqual(["job 1"]);
    expect(await stage.session.claim(9, { pools: ["default"], ends: [done(jobs[0]!)] })).toEqual([]);
    expect(await stage.session.claim(9, { pools: ["gpu"] })).toEqual(["job 2"]);
  });

  test("a job that failed stays the head of its lane and counts the failure", async () => {
    await using stage = await openBackend(contract);
    const first = job(1, { lane: "l" });
    await stage.session.add(first, job(2, { lane: "l" }));
    await stage.session.claim(1);
    const { claimed } = await stage.session.apply({ ends: [retry(first, 0, '["a"]')], claim: 9 });
    expect(claimed).toMatchObject([{ id: 1, attempts: 2, failed: 1, errors: '["a"]' }]);
  });

  test("a job that was released stays the head of its lane, and the attempt does not count", async () => {
    await using stage = await openBackend(contract);
    const first = job(1, { lane: "l" });
    await stage.session.add(first, job(2, { lane: "l" }), job(3));
    await stage.session.claim(1);
    const { claimed } = await stage.session.apply({ ends: [release(first)], claim: 9 });
    expect(claimed).toMatchObject([{ id: 3 }, { id: 1, attempts: 1, failed: 0, errors: "[]" }]);
  });

  test("several sessions that claim at once never get the same lane", async () => {
    await using stage = await openBackend(contract);
    const sessions = [
      stage.session,
      createSession(await stage.another(), "two"),
      createSession(await stage.another(), "three"),
    ];
    const jobs = Array.from({ length: 300 }, (_, n) => job(n + 1, { lane: `lane ${n % 20}` }));
    await stage.session.apply({ adds: [entry(...jobs)] });
    const ran: string[] = [];
    const running = new Set<string>();
    async function work(session: (typeof sessions)[number]) {
      let ends: ReturnType<typeof done>[] = [];
      for (let idle = 0; idle < 5; ) {
        const { claimed } = await session.apply({ ends, claim: 5 });
        for (const { lane, handler } of claimed) {
          expect(running.has(lane)).toBe(false);
          running.add(lane);
          ran.push(handler);
        }
        await new Promise(setImmediate);
        for (const { lane } of claimed) running.delete(lane);
        idle = claimed.length === 0 && ends.length === 0 ? idle + 1 : 0;
        ends = claimed.map((claim) => done(claim));
      }
    }
    await Promise.all(sessions.map(work));
    expect(ran).toHaveLength(300);
    expect(new Set(ran).size).toBe(300);
    const order = (lane: number) => ran.map((name) => Number(name.slice(4)) - 1).filter((n) => n % 20 === lane);
    for (let lane = 0; lane < 20; lane++) expect(order(lane)).toEqual([...order(lane)].sort((a, b) => a - b));
  });
}
