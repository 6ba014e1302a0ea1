import { expect, test } from "vitest";
import type { Doubt } from "../../../src/core/index.ts";
import type { JobSpec } from "../../../src/storage/fleet/index.ts";
import type { BackendContract } from "../backend-contract.ts";
import { DAY, dead, done, entry, job, NOW, openBackend, release, retry } from "./session.ts";

export function ledgerContract(contract: BackendContract): void {
  test("every job is in one column, on the day it was stored", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    const yesterday = { storedAt: NOW - 86_400_000, runAt: NOW - 86_400_000 };
    await session.add(
      job(1),
      job(2),
      job(3),
      job(4),
      job(5, { runAt: NOW + 9 }),
      job(6, yesterday),
      job(7, { plugin: "q" }),
    );
    await session.claim(9);
    await session.apply({ ends: [done(1), dead(2), retry(3, NOW + 50), release(4), done(6), dead(7)] });
    await session.apply({ dead: [{ id: 7, kind: "discard" }] });
    const none = { received: 0, done: 0, ignored: 0, dead: 0, discarded: 0, inFlight: 0, duplicates: 0 };
    expect(await backend.ledger()).toEqual([
      { day: "2026-01-30", adapter: "a", plugin: "p", ...none, received: 1, done: 1 },
      { day: DAY, adapter: "a", plugin: "p", ...none, received: 5, done: 1, dead: 1, inFlight: 3 },
      { day: DAY, adapter: "a", plugin: "q", ...none, received: 1, discarded: 1 },
    ]);
  });

  test("counts are added to their lines, in the order of day, adapter and plugin", async () => {
    await using stage = await openBackend(contract);
    const count = (adapter: string, column: "received" | "ignored", by: number, day = DAY) => ({
      ...{ day, adapter, plugin: "", column, by },
    });
    await stage.session.apply({
      counts: [count("b", "received", 2), count("b", "ignored", 2), count("a", "received", 1)],
    });
    await stage.session.apply({ counts: [count("b", "received", 3), count("c", "ignored", 1, "2025-12-31")] });
    expect(
      (await stage.backend.ledger()).map(({ day, adapter, received, ignored }) => [day, adapter, received, ignored]),
    ).toEqual([
      ["2025-12-31", "c", 0, 1],
      [DAY, "a", 1, 0],
      [DAY, "b", 5, 2],
    ]);
  });

  test("the sum comes out whatever happens", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    let next = 1;
    const make = (lane: number) => job(next++, { lane: `lane ${lane}`, plugin: `plugin ${lane % 3}` });
    for (let round = 0; round < 25; round++) {
      const { claimed } = await session.apply({
        adds: [entry(make(round % 7), make(round % 5))],
        direct: round % 2,
        claim: 4,
      });
      const verdicts = [
        (one: JobSpec) => done(one, entry(make(1))),
        (one: JobSpec) => retry(one, NOW + round),
        (one: JobSpec) => dead(one),
        (one: JobSpec) => release(one),
        (one: JobSpec) => done(one),
      ];
      const ends = claimed.map((one, index) => verdicts[(round + index) % 5]!(one));
      await session.apply({ ends, now: NOW + round });
      const [letter] = await backend.deadList(1);
      if (letter !== undefined && round % 4 === 0) {
        await session.apply({ dead: [{ id: letter.id, kind: round % 8 === 0 ? "retry" : "discard" }] });
      }
    }
    const lines = await backend.ledger();
    for (const line of lines) expect(line.received).toBe(line.done + line.dead + line.discarded + line.inFlight);
    const sum = (column: "received" | "dead" | "inFlight") => lines.reduce((total, line) => total + line[column], 0);
    expect(sum("received")).toBe(next - 1);
    expect(sum("dead")).toBe((await backend.deadList(1000)).length);
    expect(sum("inFlight")).toBe((await backend.jobs(1000)).length);
    expect((await session.apply()).pending).toBe(sum("inFlight"));
  });

  test("jobs are listed in the order of their times, then ids, as many as asked for", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    const jobs = [
      job(3),
      job(1, { plugin: "q" }),
      job(2, { runAt: NOW + 100 }),
      job(10),
      job(4, { storedAt: NOW - 9, runAt: NOW - 9 }),
    ];
    await session.apply({ adds: jobs.map((one) => entry(one)) });
    expect((await backend.jobs(9)).map(({ id }) => id)).toEqual([4, 1, 3, 10, 2]);
    expect((await backend.jobs(2)).map(({ id }) => id)).toEqual([4, 1]);
    const { payload: _, ...rest } = jobs[1]!;
    expect((await backend.jobs(2))[1]).toEqual({
      ...{ ...rest, digest: null, attempts: 0, failed: 0, errors: "[]", state: "waiting", heldUntil: 0 },
    });
  });

  test("doubts are listed with the newest first", async () => {
    await using stage = await openBackend(contract);
    const doubt = (n: number): Doubt => ({
      ...{ at: NOW + n, job: String(n), adapter: "a", plugin: "p", step: 's "1"', outcome: "sent again" },
    });
    await stage.session.apply({ doubts: [doubt(1), doubt(2)] });
    await stage.session.apply({ doubts: [doubt(3)] });
    expect(await stage.backend.doubts(2)).toEqual([doubt(3), doubt(2)]);
    expect(await stage.backend.doubts(9)).toEqual([doubt(3), doubt(2), doubt(1)]);
  });

  test("ids are given once, from 1", async () => {
    await using stage = await openBackend(contract);
    const other = await stage.another();
    expect(await stage.backend.reserveIds(10)).toBe(1);
    const firsts = await Promise.all([other.reserveIds(5), stage.backend.reserveIds(5), other.reserveIds(5)]);
    expect(new Set(firsts).size).toBe(3);
    expect(firsts.every((first) => first > 10 && (first - 11) % 5 === 0)).toBe(true);
  });

  test("the data has one name for all who open it", async () => {
    const { backend, another, dispose } = await contract.create();
    try {
      const name = await (await another()).open(() => {});
      expect(name).toMatch(/^[\w-]{6,}$/);
      expect(await (await another()).open(() => {})).toBe(name);
      expect(await backend.sessions()).toEqual([]);
    } finally {
      await dispose();
    }
  });
}
