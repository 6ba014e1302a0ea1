import { expect, test } from "vitest";
import type { StorageContract } from "../contract.ts";
import {
  type Desk,
  dead,
  entry,
  eventually,
  failure,
  job,
  keyed,
  openDesk,
  openStage,
  retryAt,
  START,
  type Stage,
} from "../desk.ts";

export function deadContract(contract: StorageContract): void {
  /** Runs a job once, with a step, to its death. */
  async function kill(stage: Stage, desk: Desk, name = "x", lane = "l"): Promise<string> {
    await stage.storage.add(keyed(`key of ${name}`, job(name, { lane, payload: { text: name } })));
    const claimed = await desk.take(name);
    await stage.storage.saveStep(claimed, "reply:0", { id: "1" });
    desk.end(name, dead("broken"));
    await stage.quiet(desk);
    return claimed.id;
  }

  test("what is deferred by a dead letter is stored with it, and comes next in its lane", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("x")));
    await desk.take("x");
    desk.end("x", { kind: "dead", error: failure("broken"), defer: [entry(job("told", { lane: "lane of x" }))] });
    await desk.take("told");
    expect((await stage.storage.dead.list(10)).map(({ handler }) => handler)).toEqual(["x"]);
    desk.end("told");
    await stage.quiet(desk);
  });

  test("a dead letter keeps all there is to know", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("x", { lane: "l", pool: "gpu", payload: { text: "hi" } })));
    await desk.take("x");
    desk.end("x", retryAt(START + 1000, "first"));
    await stage.advance(1000);
    const { id } = await desk.take("x");
    desk.end("x", dead("second"));
    await stage.quiet(desk);
    const letter = {
      id,
      lane: "l",
      pool: "gpu",
      adapter: "a",
      plugin: "p",
      handler: "x",
      storedAt: START,
      diedAt: START + 1000,
      attempts: 2,
      errors: [failure("first"), failure("second")],
      payload: { text: "hi" },
    };
    expect(await stage.storage.dead.list(10)).toEqual([letter]);
    expect(await stage.storage.dead.get(id)).toEqual(letter);
    expect(stage.storage.pending()).toBe(0);
    expect(await stage.storage.jobs(10)).toEqual([]);
  });

  test("the list begins with the newest and ends at its limit", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    for (const name of ["a", "b", "c"]) {
      await kill(stage, desk, name);
      await stage.advance(10);
    }
    expect((await stage.storage.dead.list(2)).map(({ handler }) => handler)).toEqual(["c", "b"]);
  });

  test.each(["nobody", "99999", "", "-1", "1.5", "1e3", "__proto__", "9".repeat(40)])(
    "nothing is known of %j",
    async (id) => {
      await using stage = await openStage(contract);
      await kill(stage, openDesk(stage.storage));
      expect(await stage.storage.dead.get(id)).toBeUndefined();
      expect(await stage.storage.dead.retry(id)).toBe(false);
      expect(await stage.storage.dead.edit(id, {})).toBe(false);
      expect(await stage.storage.dead.discard(id)).toBe(false);
    },
  );

  test("a retry goes to the tail of its lane with fresh attempts, its steps, and past the dedupe record", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const desk = openDesk(storage);
    const id = await kill(stage, desk);
    await storage.add(entry(job("busy", { lane: "l" }), job("before", { lane: "l" })));
    await desk.take("busy");
    expect(await storage.dead.retry(id)).toBe(true);
    expect(await storage.dead.retry(id)).toBe(false);
    expect(await storage.dead.list(10)).toEqual([]);
    expect(storage.pending()).toBe(3);
    desk.end("busy");
    await desk.take("before");
    desk.end("before");
    const again = await desk.take("x");
    expect(again).toMatchObject({ id, attempt: 1, inDoubt: false, payload: { text: "x" }, storedAt: START });
    expect([...again.steps]).toEqual([["reply:0", { id: "1" }]]);
    expect(await storage.add(keyed("key of x", job("twin")))).toBe(false);
  });

  test("a job may die, be retried and die again", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    const id = await kill(stage, desk);
    await stage.storage.dead.retry(id);
    await desk.take("x");
    desk.end("x", dead("again"));
    await stage.quiet(desk);
    expect(await stage.storage.dead.list(10)).toMatchObject([{ id, attempts: 1 }]);
  });

  test("an edited payload is what the retry runs with", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    const id = await kill(stage, desk);
    expect(await stage.storage.dead.edit(id, { text: "mended" })).toBe(true);
    expect((await stage.storage.dead.get(id))?.payload).toEqual({ text: "mended" });
    await stage.storage.dead.retry(id);
    expect((await desk.take("x")).payload).toEqual({ text: "mended" });
  });

  test("a payload that is not JSON is refused and changes nothing", async () => {
    await using stage = await openStage(contract);
    const id = await kill(stage, openDesk(stage.storage));
    await expect(stage.storage.dead.edit(id, { n: 1n })).rejects.toThrow();
    await expect(stage.storage.dead.edit(id, undefined)).rejects.toThrow();
    expect((await stage.storage.dead.get(id))?.payload).toEqual({ text: "x" });
  });

  test("a discarded one is gone for good", async () => {
    await using stage = await openStage(contract);
    const id = await kill(stage, openDesk(stage.storage));
    expect(await stage.storage.dead.discard(id)).toBe(true);
    expect(await stage.storage.dead.discard(id)).toBe(false);
    expect(await stage.storage.dead.retry(id)).toBe(false);
    expect(await stage.storage.dead.list(10)).toEqual([]);
  });

  if (!contract.isDurable) return;

  test("dead letters and their steps are there after a reopen", async () => {
    await using stage = await openStage(contract);
    const id = await kill(stage, openDesk(stage.storage));
    const storage = await stage.reopen();
    expect(await storage.dead.list(10)).toMatchObject([{ id, errors: [failure("broken")], payload: { text: "x" } }]);
    const desk = openDesk(storage);
    await storage.dead.retry(id);
    expect([...(await desk.take("x")).steps]).toEqual([["reply:0", { id: "1" }]]);
  });

  test("a retried one still waits after a reopen", async () => {
    await using stage = await openStage(contract);
    const first = openDesk(stage.storage);
    const id = await kill(stage, first);
    first.stop();
    await stage.storage.dead.retry(id);
    const storage = await stage.reopen();
    expect(storage.pending()).toBe(1);
    const again = await openDesk(storage).take("x");
    expect(again).toMatchObject({ id, attempt: 1 });
    expect([...again.steps]).toEqual([["reply:0", { id: "1" }]]);
  });

  test("a job that lost an attempt is in doubt again when it is retried from the dead", async () => {
    await using stage = await openStage(contract);
    await stage.storage.add(entry(job("x")));
    await openDesk(stage.storage).take("x");
    const desk = openDesk(await stage.reopen());
    const { id } = await desk.take("x");
    desk.end("x", dead());
    await stage.quiet(desk);
    await stage.storage.dead.retry(id);
    expect(await desk.take("x")).toMatchObject({ attempt: 1, inDoubt: true });
    desk.end("x", retryAt(START));
    await eventually("it runs again", () => desk.begun.filter((name) => name === "x").length === 3);
    expect(await desk.take("x")).toMatchObject({ attempt: 2, inDoubt: true });
  });
}
