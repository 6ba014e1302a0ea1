import { expect, test } from "vitest";
import { createRandom } from "../../random.ts";
import type { StorageContract } from "../contract.ts";
import { done, doneWith, entry, eventually, HOUR, job, openDesk, openStage, START } from "../desk.ts";

export function delayContract(contract: StorageContract): void {
  test("a delayed job does not block its lane and runs when it is due", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const desk = openDesk(storage);
    await storage.add(entry(job("later", { lane: "l", runAt: START + HOUR })));
    await storage.add(entry(job("now", { lane: "l" })));
    await desk.take("now");
    desk.end("now");
    await stage.advance(HOUR - 1);
    await stage.quiet(desk);
    expect(desk.begun).not.toContain("later");
    expect(await storage.jobs(10)).toMatchObject([{ handler: "later", state: "delayed", runAt: START + HOUR }]);
    await stage.advance(1);
    expect(await desk.take("later")).toMatchObject({ attempt: 1, inDoubt: false });
  });

  test("delayed jobs of a lane run in the order of their times", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    for (const [name, delay] of Object.entries({ c: 300, a: 100, d: 300, b: 200 })) {
      await stage.storage.add(entry(job(name, { lane: "l", runAt: START + delay })));
    }
    desk.finish();
    await stage.advance(1000);
    await eventually("all have run", () => stage.storage.pending() === 0);
    expect(desk.begun).toEqual(["a", "b", "c", "d"]);
  });

  test("many delayed jobs run each at its time", async () => {
    await using stage = await openStage(contract);
    const random = createRandom(3);
    const late: string[] = [];
    const desk = openDesk(stage.storage);
    desk.finish(({ handler, payload }) => {
      if (stage.clock.now() !== payload) late.push(handler);
      return done;
    });
    const jobs = Array.from({ length: 200 }, (_, n) => {
      const runAt = START + 10 * (1 + random.below(100));
      return job(`job ${n}`, { runAt, payload: runAt });
    });
    await stage.storage.add(entry(...jobs));
    await stage.advance(1000);
    await eventually("all have run", () => stage.storage.pending() === 0);
    expect(late).toEqual([]);
  });

  test("a time that has passed is now", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("x", { runAt: START - HOUR })));
    await desk.take("x");
  });

  test("a delayed job that is due joins the end of its lane", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("delayed", { lane: "l", runAt: START + 100 })));
    await stage.storage.add(entry(job("a", { lane: "l" }), job("b", { lane: "l" })));
    await desk.take("a");
    await stage.advance(100);
    desk.finish();
    await eventually("all have run", () => stage.storage.pending() === 0);
    expect(desk.begun).toEqual(["a", "b", "delayed"]);
  });

  test("a job can be deferred with a delay", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("parent")));
    await desk.take("parent");
    desk.end("parent", doneWith(entry(job("child", { runAt: START + 5000 }))));
    await stage.quiet(desk);
    expect(desk.begun).not.toContain("child");
    await stage.advance(5000);
    await desk.take("child");
  });

  if (!contract.isDurable) return;

  test("a delayed job waits on after a reopen, and runs at once when its time has passed meanwhile", async () => {
    await using stage = await openStage(contract);
    await stage.storage.add(entry(job("soon", { runAt: START + 100 }), job("late", { runAt: START + HOUR })));
    await stage.storage.close();
    stage.clock.step(START + 1000);
    const desk = openDesk(await stage.reopen());
    await desk.take("soon");
    await stage.quiet(desk);
    expect(desk.begun).not.toContain("late");
    await stage.advance(HOUR);
    await desk.take("late");
  });
}
