import { expect, test } from "vitest";
import type { BackendContract } from "../backend-contract.ts";
import { dead, done, entry, job, keyed, NOW, openBackend, retry, states } from "./session.ts";

export function deadContract(contract: BackendContract): void {
  test("a dead job is kept with all that is known of it, and frees its lane", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    const first = job(1, { lane: "l", payload: '{"a":1}', storedAt: NOW - 10, runAt: NOW - 10 });
    await session.apply({ adds: [keyed("7", first), entry(job(2, { lane: "l" }))] });
    await session.claim(1);
    await session.claim(1, { ends: [retry(first)] });
    const outcome = await session.apply({ now: NOW + 5, ends: [dead(first)], claim: 1 });
    expect(outcome).toMatchObject({ claimed: [{ id: 2 }], pending: 1 });
    const { runAt: _, ...rest } = first;
    const letter = { ...rest, digest: "7", attempts: 2, failed: 2, errors: '["dead"]', diedAt: NOW + 5 };
    const found = await backend.deadGet(1);
    expect({ ...found, steps: undefined }).toEqual({ ...letter, steps: undefined });
    expect(await backend.deadList(9)).toEqual([found]);
    expect(await states(backend)).toEqual({ "job 2": "running" });
  });

  test("dead letters are listed with the newest first, then by id", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    await session.add(job(1), job(2), job(10), job(4));
    await session.claim(4);
    await session.apply({ now: NOW + 1, ends: [dead(2), dead(10)] });
    await session.apply({ now: NOW + 2, ends: [dead(4)] });
    await session.apply({ now: NOW, ends: [dead(1)] });
    expect((await backend.deadList(9)).map(({ id }) => id)).toEqual([4, 10, 2, 1]);
    expect((await backend.deadList(2)).map(({ id }) => id)).toEqual([4, 10]);
    expect(await backend.deadList(0)).toEqual([]);
    expect(await backend.deadGet(77)).toBeUndefined();
  });

  test("a dead job that is retried goes to the tail of its lane with fresh attempts and its steps", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    const [first, second] = [job(1, { lane: "l" }), job(2, { lane: "l" })];
    await session.add(first, second);
    await session.claim(1);
    await session.apply({ steps: [{ job: 1, key: "s", value: "1" }], ends: [dead(first)] });
    expect(await session.apply({ dead: [{ id: 1, kind: "retry" }], now: NOW + 7, claim: 9 })).toMatchObject({
      ...{ dead: [true], pending: 2, claimed: [{ id: 2 }] },
    });
    expect(await backend.deadList(9)).toEqual([]);
    const [again] = (await session.apply({ ends: [done(second)], claim: 9 })).claimed;
    expect(again).toEqual({
      ...{ ...first, runAt: NOW + 7, digest: null, attempts: 1, failed: 0, errors: "[]" },
      steps: [["s", "1"]],
    });
  });

  test("attempts that were lost before it died are still seen after a retry, and make it a suspect", async () => {
    await using stage = await openBackend(contract);
    await stage.session.add(job(1));
    await stage.session.claim(1);
    const two = stage.open("two");
    await two.claim(1, { reap: [{ id: "one", beats: 2 }] });
    const three = stage.open("three");
    await three.apply({ reap: [{ id: "two", beats: 1 }], claim: 1, suspect: true });
    await three.apply({ ends: [dead(1)] });
    expect(await stage.backend.deadGet(1)).toMatchObject({ attempts: 3, failed: 1 });
    await three.apply({ dead: [{ id: 1, kind: "retry" }] });
    expect(await three.claim(9)).toEqual([]);
    expect((await three.apply({ claim: 1, suspect: true })).claimed).toMatchObject([{ attempts: 1, failed: -2 }]);
  });

  test("a dead letter's payload can be edited, and runs so", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    await session.add(job(1));
    await session.claim(1);
    const payload = '{"text":"new %1 \\\\ 😀"}';
    await session.apply({ ends: [dead(1)] });
    const edits = [
      { id: 1, kind: "edit", payload: "{}" },
      { id: 1, kind: "edit", payload },
      { id: 2, kind: "edit", payload: "{}" },
    ] as const;
    expect((await session.apply({ dead: edits })).dead).toEqual([true, true, false]);
    expect(await backend.deadGet(1)).toMatchObject({ payload, handler: "job 1" });
    const { claimed } = await session.apply({ dead: [{ id: 1, kind: "retry" }], claim: 1 });
    expect(claimed).toMatchObject([{ payload, handler: "job 1" }]);
  });

  test("a discarded dead letter is gone with its steps", async () => {
    await using stage = await openBackend(contract);
    const { session, backend } = stage;
    await session.add(job(1));
    await session.claim(1);
    await session.apply({ steps: [{ job: 1, key: "s", value: "1" }], ends: [dead(1)] });
    const twice = [
      { id: 1, kind: "discard" },
      { id: 1, kind: "discard" },
    ] as const;
    expect((await session.apply({ dead: twice })).dead).toEqual([true, false]);
    expect(await backend.deadGet(1)).toBeUndefined();
    expect((await session.apply({ dead: [{ id: 1, kind: "retry" }] })).dead).toEqual([false]);
    expect(await backend.ledger()).toMatchObject([{ received: 1, discarded: 1, dead: 0, done: 0, inFlight: 0 }]);
  });

  test("only dead jobs can be retried, edited or discarded", async () => {
    await using stage = await openBackend(contract);
    await stage.session.add(job(1));
    const writes = [
      { id: 1, kind: "retry" },
      { id: 1, kind: "edit", payload: "{}" },
      { id: 1, kind: "discard" },
    ] as const;
    expect((await stage.session.apply({ dead: writes })).dead).toEqual([false, false, false]);
    expect((await stage.session.apply({ claim: 9 })).claimed).toMatchObject([{ id: 1, payload: '{"n":1}' }]);
  });
}
