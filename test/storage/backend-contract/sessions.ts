import { expect, test } from "vitest";
import type { BackendContract } from "../backend-contract.ts";
import { eventually } from "../desk.ts";
import { createSession, done, entry, job, NOW, openBackend, retry, states } from "./session.ts";

export function sessionContract(contract: BackendContract): void {
  test("a session begins with its first batch, and every batch is a beat", async () => {
    await using stage = await openBackend(contract);
    expect(await stage.backend.sessions()).toEqual([]);
    await stage.session.apply();
    await stage.open("two").apply();
    await stage.session.apply();
    expect(new Set(await stage.backend.sessions())).toEqual(
      new Set([
        { id: "one", beats: 2, info: '{"of":"one"}' },
        { id: "two", beats: 1, info: '{"of":"two"}' },
      ]),
    );
  });

  test("of a session that never said hello nothing is applied", async () => {
    await using stage = await openBackend(contract);
    const outcome = await stage.session.apply({ hello: undefined, adds: [entry(job(1))] });
    expect(outcome.alive).toBe(false);
    expect(await stage.backend.jobs(9)).toEqual([]);
    expect(await stage.backend.sessions()).toEqual([]);
  });

  test("a session that shows the same beats is reaped, and its jobs run elsewhere as lost attempts", async () => {
    await using stage = await openBackend(contract);
    const frozen = stage.session;
    await frozen.add(job(1), job(2));
    await frozen.claim(2);
    const other = stage.open("other");
    const outcome = await other.apply({ reap: [{ id: "one", beats: frozen.beats }], claim: 9 });
    expect(outcome.claimed.map(({ handler, attempts, failed }) => [handler, attempts, failed]).sort()).toEqual([
      ["job 1", 2, 0],
      ["job 2", 2, 0],
    ]);
    expect((await stage.backend.sessions()).map(({ id }) => id)).toEqual(["other"]);
  });

  test("a session that has shown another beat is left alone", async () => {
    await using stage = await openBackend(contract);
    await stage.session.add(job(1));
    await stage.session.claim(1);
    const seen = stage.session.beats;
    await stage.session.apply();
    expect(await stage.open("other").claim(9, { reap: [{ id: "one", beats: seen }] })).toEqual([]);
    expect((await stage.session.apply({ ends: [done(1)] })).alive).toBe(true);
  });

  test("what a reaped session says is not heard, and what it sent before is answered as before", async () => {
    await using stage = await openBackend(contract);
    const frozen = stage.session;
    await frozen.add(job(1));
    const before = await frozen.apply({ adds: [entry(job(2, { runAt: NOW + 9 }))], claim: 1 });
    const other = stage.open("other");
    await other.claim(1, { reap: [{ id: "one", beats: frozen.beats }] });
    const repeated = await frozen.again();
    expect(repeated).toMatchObject({ alive: true, added: before.added });
    const refused = await frozen.apply({
      ends: [done(1)],
      adds: [entry(job(3))],
      values: [{ key: "v", expected: undefined, value: "x", until: null }],
    });
    expect(refused).toEqual({
      ...{ alive: false, added: [], direct: [], values: [], dead: [], budgets: [], claimed: [], nextAt: 0, pending: 0 },
    });
    expect(await states(stage.backend)).toEqual({ "job 1": "running", "job 2": "delayed" });
    expect(await stage.backend.get("v")).toBeUndefined();
    expect((await frozen.apply({ hello: "{}" })).alive).toBe(false);
  });

  test("two that reap the same session give its jobs away once", async () => {
    await using stage = await openBackend(contract);
    await stage.session.add(job(1), job(2), job(3));
    await stage.session.claim(3);
    const reap = [{ id: "one", beats: stage.session.beats }];
    const others = [createSession(await stage.another(), "x"), createSession(await stage.another(), "y")];
    const claimed = (await Promise.all(others.map((other) => other.claim(9, { reap })))).flat();
    expect(claimed.sort()).toEqual(["job 1", "job 2", "job 3"]);
    expect((await stage.backend.jobs(9)).map(({ attempts }) => attempts)).toEqual([2, 2, 2]);
  });

  test("a session that leaves gives back what it held, and is gone", async () => {
    await using stage = await openBackend(contract);
    await stage.session.add(job(1));
    const last = await stage.session.apply({ claim: 1, leave: true });
    expect(last.alive).toBe(true);
    expect(await stage.backend.sessions()).toEqual([]);
    expect((await stage.session.again()).alive).toBe(true);
    expect((await stage.session.apply()).alive).toBe(false);
    const [taken] = (await stage.open("other").apply({ claim: 9 })).claimed;
    expect(taken).toMatchObject({ handler: "job 1", attempts: 2, failed: 0 });
  });

  test("a lane goes on behind a job whose session was reaped", async () => {
    await using stage = await openBackend(contract);
    const jobs = [job(1, { lane: "l" }), job(2, { lane: "l" })];
    await stage.session.add(...jobs);
    await stage.session.claim(2);
    const other = stage.open("other");
    expect(await other.claim(9, { reap: [{ id: "one", beats: stage.session.beats }] })).toEqual(["job 1"]);
    expect(await other.claim(9, { ends: [done(jobs[0]!)] })).toEqual(["job 2"]);
  });

  test("one suspect is claimed at a time, before all others, and only if one is wanted", async () => {
    await using stage = await openBackend(contract);
    await stage.session.add(job(1), job(2), job(3));
    for (const [id, next] of [
      ["one", "two"],
      ["two", "three"],
    ] as const) {
      const session = stage.open(id);
      const beats = id === "one" ? 2 : 1;
      await (id === "one" ? stage.session : session).apply({ claim: 3, ...(id === "one" ? {} : { hello: "{}" }) });
      await stage.open(`reaper of ${id} for ${next}`).apply({ reap: [{ id, beats }] });
    }
    const session = stage.open("three");
    await session.add(job(4));
    expect(await session.claim(9)).toEqual(["job 4"]);
    const [suspect, ...rest] = await session.claim(9, { suspect: true });
    expect(["job 1", "job 2", "job 3"]).toContain(suspect);
    expect(rest).toEqual([]);
    await session.add(job(5));
    expect((await session.claim(1, { suspect: true }))[0]).not.toBe("job 5");
    expect(await session.claim(1, { suspect: false })).toEqual(["job 5"]);
  });

  test("a suspect that failed with a verdict stays one", async () => {
    await using stage = await openBackend(contract);
    await stage.session.add(job(1));
    await stage.session.claim(1);
    const two = stage.open("two");
    await two.claim(1, { reap: [{ id: "one", beats: 2 }] });
    const three = stage.open("three");
    await three.apply({ reap: [{ id: "two", beats: 1 }] });
    expect(await three.claim(1, { suspect: true })).toEqual(["job 1"]);
    expect(await three.claim(1, { ends: [retry(1)] })).toEqual([]);
    const [suspect] = (await three.apply({ claim: 1, suspect: true })).claimed;
    expect(suspect).toMatchObject({ attempts: 4, failed: 1 });
  });

  test("others are woken when a lane is left ready, or a time came nearer", async () => {
    await using stage = await openBackend(contract);
    let woken = 0;
    await stage.another(() => {
      woken += 1;
    });
    await stage.session.apply();
    // The first one may be for the new connection itself.
    await eventually("it listens", async () => {
      await stage.session.add(job(stage.session.beats + 1));
      return woken > 1;
    });
    let before = woken;
    await stage.session.apply({ adds: [entry(job(9000, { runAt: NOW + 10 }))] });
    await eventually("a time wakes", () => woken > before);
    before = woken;
    await stage.session.add(job(9001));
    await eventually("a lane wakes", () => woken > before);
  });
}
