import { expect, test } from "vitest";
import { type Outcome, UnreachableError } from "../../src/storage/fleet/index.ts";
import { openRedis } from "../servers/redis.ts";
import { createSession, done, entry, job, keyed, type Session } from "./backend-contract/session.ts";
import { eventually } from "./desk.ts";
import { openRedisBackend, openRedisWire } from "./redis-stage.ts";

/** The last batch again and again, as long as Redis is out of reach. */
async function untilKnown(session: Session): Promise<Outcome> {
  for (const giveUp = performance.now() + 10_000; ; ) {
    try {
      return await session.again();
    } catch (error) {
      if (!(error instanceof UnreachableError) || performance.now() > giveUp) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

test("a batch whose answer was lost was applied once, and is answered when it is asked again", async () => {
  await using server = await openRedis();
  await using wire = await openRedisWire(server.another());
  await using redis = await openRedisBackend(wire.url);
  const session = createSession(redis.backend, "one");
  for (let id = 1; id <= 20; id++) {
    await session.apply();
    wire.loseNextAnswer();
    const sent = session.apply({ adds: [keyed(String(id), job(id))], direct: id % 2, counts: [] });
    await expect(sent).rejects.toThrow(UnreachableError);
    expect(await untilKnown(session)).toMatchObject({ added: [true], direct: id % 2 ? [id] : [], pending: id });
  }
  expect((await redis.backend.ledger())[0]).toMatchObject({ received: 20, duplicates: 0, inFlight: 20 });
});

test("connections that Redis breaks in the middle are made again", async () => {
  await using server = await openRedis();
  await using redis = await openRedisBackend(server.another());
  const session = createSession(redis.backend, "one");
  await session.apply();
  for (let round = 0; round < 15; round++) {
    const jobs = Array.from({ length: 200 }, (_, n) => job(round * 200 + n + 1));
    const [, outcome] = await Promise.all([
      server.command("CLIENT", "KILL", "TYPE", "normal"),
      session.apply({ adds: jobs.map((one) => entry(one)) }).catch((error: unknown) => {
        expect(error).toBeInstanceOf(UnreachableError);
        return untilKnown(session);
      }),
    ]);
    expect(outcome).toMatchObject({ alive: true, pending: (round + 1) * 200 });
  }
});

test("while Redis is away, all calls say so at once, and work again when it is back", async () => {
  await using server = await openRedis();
  await using wire = await openRedisWire(server.another());
  let woken = 0;
  await using redis = await openRedisBackend(wire.url, {
    wake() {
      woken += 1;
    },
  });
  const session = createSession(redis.backend, "one");
  await session.add(job(1));
  await eventually("it listens", () => woken > 0);
  wire.cut();
  await expect(session.add(job(2))).rejects.toThrow(UnreachableError);
  await expect(redis.backend.ledger()).rejects.toThrow(UnreachableError);
  await expect(redis.backend.reserveIds(5)).rejects.toThrow(UnreachableError);
  const before = woken;
  wire.mend();
  expect((await untilKnown(session)).pending).toBe(2);
  // What others told meanwhile was not heard.
  await eventually("it listens again, and looks", () => woken > before);
});

test("all that was answered is there after kill -9 under load, and nothing is there by half", async () => {
  await using server = await openRedis("maxmemory", "0");
  const [one, two] = [await openRedisBackend(server.url), await openRedisBackend(server.url)];
  await using _ = one;
  await using __ = two;
  const acknowledged = new Set<number>();
  const ended = new Set<number>();
  let next = 1;
  let isDown = false;
  async function load(session: Session) {
    let running: readonly number[] = [];
    const settle = (outcome: Outcome, added: readonly number[], finished: readonly number[]) => {
      for (const id of added) acknowledged.add(id);
      for (const id of finished) ended.add(id);
      running = [...outcome.direct, ...outcome.claimed.map(({ id }) => id)];
    };
    for (;;) {
      const added = Array.from({ length: 20 }, () => next++);
      const finished = running.slice(0, 15);
      const adds = added.map((id) => keyed(String(id), job(id)));
      const part = { adds, direct: 5, claim: 10, ends: finished.map((id) => done(id)) };
      try {
        settle(await session.apply(part), added, finished);
        if (isDown) return;
      } catch {
        settle(await untilKnown(session), added, finished);
        return;
      }
    }
  }
  const loads = [load(createSession(one.backend, "one")), load(createSession(two.backend, "two"))];
  await eventually("many are stored", () => acknowledged.size > 1500);
  isDown = true;
  await server.restart();
  await Promise.all(loads);
  const stored = new Set((await one.backend.jobs(1_000_000)).map(({ id }) => id));
  for (const id of acknowledged) expect(stored.has(id) || ended.has(id)).toBe(true);
  for (const id of ended) expect(stored.has(id)).toBe(false);
  const [line] = await one.backend.ledger();
  expect(line).toMatchObject({ received: acknowledged.size, done: ended.size, inFlight: stored.size, duplicates: 0 });
  expect(line!.received).toBe(line!.done + line!.inFlight);
});

test("after a restart of Redis ids begin far behind those that it may have forgotten", async () => {
  await using server = await openRedis("maxmemory", "0");
  await using redis = await openRedisBackend(server.url);
  const first = await redis.backend.reserveIds(10);
  await server.restart();
  await expect.poll(() => redis.backend.reserveIds(1).catch(() => 0)).toBeGreaterThan(first + 1000);
});

test("a Redis that came back with other data is out of reach, not written to", async () => {
  await using server = await openRedis("maxmemory", "0");
  await using redis = await openRedisBackend(server.url);
  const session = createSession(redis.backend, "one");
  await session.add(job(1));
  await server.command("FLUSHALL");
  await server.command("CLIENT", "KILL", "TYPE", "normal");
  await expect
    .poll(() => session.add(job(2)).catch((error: Error) => error.message))
    .toMatch(/other data than at the start/);
});
