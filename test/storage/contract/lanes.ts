import { expect, test } from "vitest";
import type { StorageContract } from "../contract.ts";
import { done, entry, eventually, job, openDesk, openStage, turn } from "../desk.ts";

export function lanesContract(contract: StorageContract): void {
  test("one job of a lane runs at a time, in the order stored", async () => {
    await using stage = await openStage(contract);
    const names = Array.from({ length: 40 }, (_, n) => `job ${n}`);
    const desk = openDesk(stage.storage);
    desk.finish(async () => {
      await turn();
      return done;
    });
    await Promise.all(names.map((name) => stage.storage.add(entry(job(name, { lane: "l" })))));
    await eventually("all have run", () => stage.storage.pending() === 0);
    expect(desk.begun).toEqual(names);
    expect(desk.most).toBe(1);
  });

  test("a lane that becomes empty and is filled again in the same tick loses nothing", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    const order: string[] = [];
    for (let n = 0; n < 50; n++) {
      const name = `job ${n}`;
      order.push(name);
      const adding = stage.storage.add(entry(job(name, { lane: "l" })));
      if (n > 0) desk.end(`job ${n - 1}`);
      await adding;
      await desk.take(name);
    }
    expect(desk.begun).toEqual(order);
  });

  test("lanes run side by side", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("slow", { lane: "a" })));
    await desk.take("slow");
    await stage.storage.add(entry(job("behind", { lane: "a" }), job("beside", { lane: "b" })));
    await desk.take("beside");
    await stage.quiet(desk);
    expect([...desk.running]).toEqual(["slow", "beside"]);
    desk.end("slow");
    await desk.take("behind");
  });

  test("a lane with ten thousand jobs does not starve the others", async () => {
    await using stage = await openStage(contract);
    const many = Array.from({ length: 10_000 }, () => job("flood", { lane: "flood" }));
    await stage.storage.add(entry(...many));
    const desk = openDesk(stage.storage, { concurrency: 1 });
    await desk.take("flood");
    const others = Array.from({ length: 5 }, (_, n) => `other ${n}`);
    for (const name of others) await stage.storage.add(entry(job(name)));
    desk.finish();
    await eventually("the others have run", () => others.every((name) => desk.begun.includes(name)));
    expect(desk.begun.indexOf("other 4")).toBeLessThan(12);
    desk.stop();
  });

  test("no more jobs run at once than allowed, and the number can change", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage, { concurrency: 2 });
    const names = Array.from({ length: 8 }, (_, n) => `job ${n}`);
    for (const name of names) await stage.storage.add(entry(job(name)));
    await eventually("two run", () => desk.running.size === 2);
    await turn();
    expect(desk.most).toBe(2);
    desk.setConcurrency(4);
    await eventually("four run", () => desk.running.size === 4);
    desk.setConcurrency(1);
    for (const name of [...desk.running].slice(0, 3)) desk.end(name);
    await turn();
    await turn();
    expect(desk.running.size).toBe(1);
    expect(desk.begun).toHaveLength(4);
    desk.end([...desk.running][0]!);
    await eventually("the next runs", () => desk.begun.length === 5);
    expect(desk.most).toBe(4);
  });

  test("a worker runs the jobs of its pools only, those that waited before it came too", async () => {
    await using stage = await openStage(contract);
    await stage.storage.add(entry(job("early plain"), job("early gpu", { pool: "gpu" })));
    const desk = openDesk(stage.storage, { pools: ["gpu", "probe"] });
    await desk.take("early gpu");
    await stage.storage.add(entry(job("late plain"), job("late gpu", { pool: "gpu" })));
    await desk.take("late gpu");
    await stage.storage.add(entry(job("end", { pool: "probe" })));
    await desk.take("end");
    expect(desk.begun).toEqual(["early gpu", "late gpu", "end"]);
    expect(stage.storage.pending()).toBe(5);
  });

  test("a worker without pools runs all of them", async () => {
    await using stage = await openStage(contract);
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job("plain"), job("picture", { pool: "gpu" })));
    await desk.take("plain");
    await desk.take("picture");
  });

  test("a stopped worker claims nothing more, and verdicts of what runs are still taken", async () => {
    await using stage = await openStage(contract);
    const { storage } = stage;
    const desk = openDesk(storage, { concurrency: 2 });
    await storage.add(entry(job("running", { lane: "l" }), job("next", { lane: "l" })));
    await desk.take("running");
    desk.stop();
    desk.setConcurrency(5);
    await storage.add(entry(job("late")));
    desk.end("running");
    await eventually("its verdict is taken", () => storage.pending() === 2);
    await turn();
    expect(desk.begun).toEqual(["running"]);
    expect((await storage.jobs(10)).map(({ handler, state }) => [handler, state])).toEqual([
      ["next", "waiting"],
      ["late", "waiting"],
    ]);
  });

  if (!contract.isDurable) return;

  test("pools are kept over a reopen", async () => {
    await using stage = await openStage(contract);
    await stage.storage.add(entry(job("plain"), job("picture", { pool: "gpu" })));
    const desk = openDesk(await stage.reopen(), { pools: ["gpu"] });
    expect((await desk.take("picture")).pool).toBe("gpu");
    await turn();
    expect(desk.begun).toEqual(["picture"]);
  });

  test("after a stop and a reopen the rest runs", async () => {
    await using stage = await openStage(contract);
    const names = Array.from({ length: 10 }, (_, n) => `job ${n}`);
    for (const name of names) await stage.storage.add(entry(job(name, { lane: "l" })));
    const first = openDesk(stage.storage);
    await first.take("job 0");
    first.stop();
    first.end("job 0");
    await eventually("its verdict is taken", () => stage.storage.pending() === 9);
    const second = openDesk(await stage.reopen());
    second.finish();
    await eventually("all have run", () => stage.storage.pending() === 0);
    expect([...first.begun, ...second.begun]).toEqual(names);
  });
}
