import { expect, test } from "vitest";
import { openRedis } from "../servers/redis.ts";
import { createSession, dead, entry, job, keyed } from "./backend-contract/session.ts";
import { eventually } from "./desk.ts";
import { openRedisBackend } from "./redis-stage.ts";

const prefixOf = (url: string) => new URL(url).searchParams.get("prefix");

test("a dedupe record has no end while a job wants it, also one that came back from the dead", async () => {
  await using server = await openRedis();
  const url = server.another();
  await using redis = await openRedisBackend(url);
  const session = createSession(redis.backend, "one");
  const left = async () => Number(await server.command("PTTL", `{${prefixOf(url)}}:seen:5`));
  await session.apply({ adds: [keyed("5", job(1), job(2))] });
  expect(await left()).toBe(-1);
  await session.claim(2);
  await session.apply({ ends: [dead(1)] });
  expect(await left()).toBe(-1);
  await session.apply({ ends: [dead(2)] });
  expect(await left()).toBeGreaterThan(72 * 3_600_000);
  await session.apply({ dead: [{ id: 1, kind: "retry" }] });
  expect(await left()).toBe(-1);
  await session.claim(1);
  await session.apply({ ends: [dead(1)] });
  expect(await left()).toBeGreaterThan(72 * 3_600_000);
});

test("a session whose last batches Redis has forgotten is gone: nothing is applied out of order", async () => {
  await using server = await openRedis();
  const url = server.another();
  await using redis = await openRedisBackend(url);
  const session = createSession(redis.backend, "one");
  await session.apply();
  await session.apply();
  await session.apply();
  await server.command("HSET", `{${prefixOf(url)}}:session:one`, "beats", "1");
  expect((await session.add(job(1))).alive).toBe(false);
  expect(await redis.backend.jobs(9)).toEqual([]);
});

test("nobody is woken for what a batch claims itself, nor by batches of their own", async () => {
  await using server = await openRedis();
  const url = server.another();
  let woken = 0;
  await using other = await openRedisBackend(url, {
    wake() {
      woken += 1;
    },
  });
  await using redis = await openRedisBackend(url);
  const [here, there] = [createSession(redis.backend, "here"), createSession(other.backend, "there")];
  await there.apply();
  await eventually("it listens", async () => {
    await here.add(job(here.beats + 1));
    return woken > 2;
  });
  await here.claim(1000);
  // Messages come in their order: the last one of these is heard last.
  await here.add(job(5000));
  const count = async () => {
    const seen = woken;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return seen === woken;
  };
  await eventually("all messages came", count);
  const before = woken;
  await here.apply({ adds: [entry(job(6000))], claim: 9 });
  await here.apply({ adds: [entry(job(6001))], direct: 1 });
  await there.add(job(6002));
  await here.claim(9);
  await here.add(job(6003));
  await eventually("the last one wakes", () => woken > before);
  expect(woken).toBe(before + 1);
});

test("a job whose record somebody deleted holds nobody up, and the audit shows that it is missing", async () => {
  await using server = await openRedis();
  const url = server.another();
  await using redis = await openRedisBackend(url);
  const session = createSession(redis.backend, "one");
  await session.add(job(1, { lane: "l" }), job(2, { lane: "l" }), job(3));
  await server.command("DEL", `{${prefixOf(url)}}:job:0000000000000001`);
  expect(await session.claim(9)).toEqual(["job 3"]);
  expect(await session.claim(9)).toEqual(["job 2"]);
  expect((await redis.backend.jobs(9)).map(({ id }) => id)).toEqual([2, 3]);
  expect(await redis.backend.ledger()).toMatchObject([{ received: 3, done: 0, dead: 0, inFlight: 2 }]);
  expect((await session.apply()).pending).toBe(2);
});
