import { expect, test } from "vitest";
import type { ClaimedJob, Verdict } from "../../src/core/index.ts";
import { createRandom } from "../random.ts";
import { dead, done, doneWith, entry, eventually, job, keyed, openDesk, retryAt, totals, turn } from "./desk.ts";
import { openFileStage } from "./file-stage.ts";

test("what was acknowledged is there after a crash, and what ran is in doubt", async () => {
  await using stage = await openFileStage();
  const desk = openDesk(stage.storage, { concurrency: 1 });
  await stage.storage.add(keyed("k", job("runs"), job("waits")));
  await desk.take("runs");
  const storage = await stage.crash();
  const again = openDesk(storage);
  expect(await again.take("runs")).toMatchObject({ attempt: 2, inDoubt: true });
  expect(await again.take("waits")).toMatchObject({ attempt: 1, inDoubt: false });
  expect(await storage.add(keyed("k", job("twin")))).toBe(false);
});

test("ids do not come twice after a crash", async () => {
  await using stage = await openFileStage();
  const ids = new Set<string>();
  for (let round = 0; round < 4; round++) {
    const desk = openDesk(stage.storage);
    await stage.storage.add(entry(job(`x${round}`)));
    ids.add((await desk.take(`x${round}`)).id);
    desk.end(`x${round}`);
    await eventually("it has ended", async () => (await stage.storage.jobs(9)).length === 0);
    await stage.crash();
  }
  expect(ids.size).toBe(4);
});

test("ids do not come twice when the write that fetched them failed before the crash", async () => {
  await using stage = await openFileStage();
  await expect(stage.storage.add(entry(job("bad", { payload: 1n })))).rejects.toThrow();
  const ids = new Set<string>();
  for (const names of [
    ["a", "b"],
    ["c", "d", "e"],
  ]) {
    const desk = openDesk(stage.storage);
    for (const name of names) {
      await stage.storage.add(entry(job(name)));
      ids.add((await desk.take(name)).id);
      desk.end(name);
    }
    await eventually("all have ended", async () => (await stage.storage.jobs(9)).length === 0);
    await stage.crash();
  }
  expect(ids.size).toBe(5);
});

test("jobs that lost two attempts run one at a time, and the others go on beside them", async () => {
  await using stage = await openFileStage();
  await stage.storage.add(entry(job("s1"), job("s2"), job("s3")));
  for (let round = 0; round < 2; round++) {
    const desk = openDesk(stage.storage);
    for (const name of ["s1", "s2", "s3"]) await desk.take(name);
    await stage.crash();
  }
  const desk = openDesk(stage.storage);
  await stage.storage.add(entry(job("plain")));
  await desk.take("plain");
  for (const name of ["s1", "s2", "s3"]) {
    expect(await desk.take(name)).toMatchObject({ attempt: 3, inDoubt: true });
    await stage.quiet(desk);
    expect([...desk.running].filter((running) => running.startsWith("s"))).toEqual([name]);
    desk.end(name, name === "s1" ? dead() : done);
  }
  await eventually("all suspects are gone", () => stage.storage.pending() === 1);
});

test("a suspect that is retried lets another go first", async () => {
  await using stage = await openFileStage();
  await stage.storage.add(entry(job("s1"), job("s2")));
  for (let round = 0; round < 2; round++) {
    const desk = openDesk(stage.storage);
    for (const name of ["s1", "s2"]) await desk.take(name);
    await stage.crash();
  }
  const desk = openDesk(stage.storage);
  await desk.take("s1");
  desk.end("s1", retryAt(stage.clock.now() + 1000));
  await desk.take("s2");
  await stage.advance(1000);
  await stage.quiet(desk);
  expect(desk.running.has("s1")).toBe(false);
  desk.end("s2");
  await desk.take("s1");
});

// A dead process gives no verdict.
const never = new Promise<Verdict>(() => {});

interface Known {
  readonly lane: string;
  readonly name: string;
  /** What the file said last. */
  state: "open" | "done" | "dead";
  /** Some attempt ended for good. */
  hasEnded: boolean;
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "a random life with crashes loses nothing and keeps the order (seed %i)",
  async (seed) => {
    await using stage = await openFileStage();
    const random = createRandom(seed);
    const known = new Map<string, Known>();
    let problems: string[] = [];
    let added = 0;

    function openWorker() {
      const storage = stage.storage;
      let isDead = false;
      const lanes = new Map<string, string>();
      const run = async (claimed: ClaimedJob): Promise<Verdict> => {
        const { handler: name, lane } = claimed;
        const me = known.get(name);
        if (isDead) return never;
        if (me === undefined) problems.push(`${name} was never acknowledged`);
        else if (me.state !== "open") problems.push(`${name} ran after it was ${me.state}`);
        if (lanes.has(lane)) problems.push(`${name} ran beside ${lanes.get(lane)}`);
        const before = [...known.values()].find(
          (other) => other.lane === lane && other.state === "open" && !other.hasEnded,
        );
        if (before !== undefined && before.name !== name) problems.push(`${name} overtook ${before.name}`);
        lanes.set(lane, name);
        for (let n = random.below(4); n > 0; n--) await turn();
        lanes.delete(lane);
        const chance = random.below(10);
        if (isDead) return never;
        if (me !== undefined && chance >= 3) me.hasEnded = true;
        if (chance < 2) return retryAt(stage.clock.now() + random.below(50));
        if (chance < 3) return { kind: "release" };
        if (chance < 4) return dead();
        return doneWith();
      };
      const worker = storage.work({ concurrency: 1 + random.below(5), run });
      return () => {
        isDead = true;
        worker.stop();
      };
    }

    for (let life = 0; life < 6; life++) {
      const kill = openWorker();
      for (let step = 0; step < 25; step++) {
        const lane = `lane ${random.below(4)}`;
        const names = Array.from({ length: 1 + random.below(3) }, () => `job ${++added}`);
        const jobs = names.map((name) => job(name, { lane }));
        // Known before it is stored: it may run before `add` is heard of.
        for (const name of names) known.set(name, { lane, name, state: "open", hasEnded: false });
        await stage.storage.add(keyed(names[0]!, ...jobs));
        await stage.advance(random.below(40));
      }
      kill();
      await (random.below(3) === 0 ? stage.reopen() : stage.crash());
      // What the file says is what happened: an end that was not committed did not happen.
      const left = new Set((await stage.storage.jobs(10_000)).map(({ handler }) => handler));
      const died = new Set((await stage.storage.dead.list(10_000)).map(({ handler }) => handler));
      expect(stage.storage.pending()).toBe(left.size);
      for (const me of known.values()) {
        const state = left.has(me.name) ? "open" : died.has(me.name) ? "dead" : "done";
        if (state === "done" && !me.hasEnded) problems.push(`${me.name} is lost`);
        me.state = state;
        if (state === "open") me.hasEnded = false;
      }
      problems = [...new Set(problems)];
      expect(problems).toEqual([]);
    }
    const desk = openDesk(stage.storage);
    desk.finish();
    await stage.advance(1000);
    await eventually("all have ended", () => stage.storage.pending() === 0);
    const sum = await totals(stage.storage);
    expect(sum).toMatchObject({ received: added, inFlight: 0 });
    expect(sum.done + sum.dead).toBe(added);
  },
);
