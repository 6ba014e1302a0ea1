import { expect, test } from "vitest";
import type { BackendContract } from "../backend-contract.ts";
import { DAY, dead, done, entry, job, keyed, NOW, openBackend, states } from "./session.ts";

export function batchContract(contract: BackendContract): void {
  test("an empty batch has an empty outcome", async () => {
    await using stage = await openBackend(contract);
    expect(await stage.session.apply()).toEqual({
      ...{ alive: true, added: [], direct: [], values: [], dead: [], budgets: [], claimed: [], nextAt: 0, pending: 0 },
    });
  });

  test("a claimed job comes with all that is known of it", async () => {
    await using stage = await openBackend(contract);
    const spec = job(7, { lane: "l", pool: "gpu", payload: '{"text":"hi"}', storedAt: NOW - 5, runAt: NOW - 3 });
    await stage.session.apply({ adds: [keyed("-9223372036854775808", spec)] });
    expect((await stage.session.apply({ claim: 1 })).claimed).toEqual([
      { ...spec, digest: "-9223372036854775808", attempts: 1, failed: 0, errors: "[]", steps: [] },
    ]);
  });

  test("a batch that comes a second time changes nothing and has the same outcome", async () => {
    await using stage = await openBackend(contract);
    const { backend, session } = stage;
    await session.apply({ adds: [keyed("1", job(1), job(2), job(3))], claim: 2 });
    const budget = { key: "b", interval: 3_600_000, burst: 1, pause: 0 };
    const first = await session.apply({
      steps: [{ job: 2, key: "s", value: "1" }],
      ends: [done(1, keyed("2", job(4)))],
      adds: [keyed("1", job(5)), entry(job(6)), entry(job(7, { runAt: NOW + 50 }))],
      direct: 1,
      values: [{ key: "v", expected: null, value: "x", until: null }],
      dead: [{ id: 99, kind: "retry" }],
      counts: [{ day: DAY, adapter: "a", plugin: "", column: "received", by: 3 }],
      doubts: [{ at: NOW, job: "1", adapter: "a", plugin: "p", step: "s", outcome: "found" }],
      budgets: [budget, budget],
      claim: 2,
    });
    expect(first).toMatchObject({ added: [false, true, true], direct: [6], values: [true], dead: [false] });
    expect(first.claimed.map(({ id }) => id)).toEqual([3, 4]);
    const before = [await backend.jobs(9), await backend.ledger(), await backend.doubts(9), await backend.sessions()];
    const repeated = await session.again();
    expect({ ...repeated, pending: 0 }).toEqual({ ...first, pending: 0 });
    expect([await backend.jobs(9), await backend.ledger(), await backend.doubts(9), await backend.sessions()]).toEqual(
      before,
    );
    expect((await session.apply({ budgets: [budget] })).budgets[0]).toBeLessThanOrEqual(2 * 3_600_000);
  });

  test("the same batch may arrive twice at once, over two connections", async () => {
    await using stage = await openBackend(contract);
    const other = await stage.another();
    await stage.session.apply();
    const batch = {
      ...{ session: "one", number: 2, now: NOW, hello: undefined, pools: null, reap: [], steps: [], ends: [] },
      ...{ direct: 1, values: [], dead: [], counts: [], doubts: [], budgets: [], claim: 0, suspect: false },
      ...{ adds: [entry(job(1)), entry(job(2))], leave: false },
    };
    const [here, there] = await Promise.all([stage.backend.apply(batch), other.apply(batch)]);
    expect(there).toEqual(here);
    expect(here).toMatchObject({ added: [true, true], direct: [1], pending: 2 });
  });

  test("what an earlier batch did is not undone when its successor comes twice", async () => {
    await using stage = await openBackend(contract);
    await stage.session.add(job(1));
    await stage.session.claim(1);
    await stage.session.apply({ ends: [done(1)] });
    expect((await stage.session.again()).pending).toBe(0);
    expect((await stage.backend.ledger())[0]).toMatchObject({ received: 1, done: 1, inFlight: 0 });
  });

  test("within a batch, steps come before verdicts, verdicts before new jobs, and claims last", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    const running = job(1, { lane: "l" });
    await session.add(running);
    await session.claim(1);
    const outcome = await session.apply({
      steps: [{ job: 1, key: "s", value: '"said"' }],
      ends: [dead(running)],
      adds: [entry(job(2, { lane: "l" }))],
      direct: 1,
      dead: [{ id: 1, kind: "retry" }],
      claim: 5,
    });
    // The lane was free for the new job; the dead one went to the tail behind it.
    expect(outcome).toMatchObject({ direct: [2], dead: [true], claimed: [], pending: 2 });
    expect(await states(backend)).toEqual({ "job 1": "waiting", "job 2": "running" });
    const [again] = (await session.apply({ ends: [done(job(2, { lane: "l" }))], claim: 5 })).claimed;
    expect(again).toMatchObject({ id: 1, steps: [["s", '"said"']] });
  });

  test("steps are kept until the job ends, the latest value of each", async () => {
    await using stage = await openBackend(contract);
    const { session } = stage;
    await session.add(job(1));
    await session.claim(1);
    await session.apply({
      steps: [
        { job: 1, key: "a", value: "1" },
        { job: 1, key: "b", value: "2" },
        { job: 1, key: "a", value: "3" },
      ],
    });
    const [again] = (await session.apply({ ends: [{ ...done(1), kind: "release", at: 0 }], claim: 1 })).claimed;
    expect(new Map(again!.steps)).toEqual(
      new Map([
        ["a", "3"],
        ["b", "2"],
      ]),
    );
  });

  test("a large batch is one batch", async () => {
    await using stage = await openBackend(contract);
    const jobs = Array.from({ length: 9000 }, (_, n) => job(n + 1, { lane: `lane ${n % 100}` }));
    const added = await stage.session.apply({
      adds: [entry(...jobs.slice(0, 4500)), ...jobs.slice(4500).map((one) => entry(one))],
    });
    expect(added.added).toHaveLength(4501);
    expect(added.pending).toBe(9000);
    expect(await stage.session.claim(200)).toHaveLength(100);
    const ends = jobs.slice(0, 100).map((one) => done(one));
    expect(await stage.session.apply({ ends, claim: 1000 })).toMatchObject({ pending: 8900, claimed: { length: 100 } });
  });

  test("texts of all kinds come back as they were", async () => {
    await using stage = await openBackend(contract);
    for (const [n, text] of ODD.entries()) {
      const spec = job(n + 1, {
        ...{ lane: `l${text}`, pool: `p${text}`, adapter: `a${text}`, plugin: `b${text}`, handler: `h${text}` },
        payload: JSON.stringify(text),
      });
      await stage.session.apply({ adds: [entry(spec)] });
      const errors = JSON.stringify([text]);
      const value = JSON.stringify({ text });
      const [first] = (await stage.session.apply({ claim: 1 })).claimed;
      expect(first).toMatchObject(spec);
      const steps = [{ job: spec.id, key: text, value }];
      await stage.session.apply({ steps, ends: [{ kind: "retry", job: spec.id, lane: spec.lane, at: 0, errors }] });
      const [second] = (await stage.session.apply({ claim: 1, pools: [spec.pool] })).claimed;
      expect(second).toMatchObject({ ...spec, errors, steps: [[text, value]] });
      expect(await stage.backend.jobs(9)).toMatchObject([{ lane: spec.lane, pool: spec.pool, state: "running" }]);
      await stage.session.apply({ ends: [done(spec)] });
    }
    expect((await stage.backend.ledger()).map(({ adapter }) => adapter).sort()).toEqual(
      ODD.map((text) => `a${text}`).sort(),
    );
  });
}

export const ODD: readonly string[] = [
  "",
  " ",
  "a\nb\tc\r",
  "' \" ` \\ \\x00 $1 %s %z ; -- {} [] * ? (",
  "ünï – 日本 – 😀 – \u{10ffff}",
  "\u0001\u007f\u2028",
  "1769860800000 lane",
  "{hobnob}:job:1",
  "x".repeat(3000),
];
