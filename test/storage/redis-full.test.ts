import { expect, test } from "vitest";
import { openRedis, type RedisServer } from "../servers/redis.ts";
import { createSession, done, entry, job } from "./backend-contract/session.ts";
import { openRedisBackend } from "./redis-stage.ts";

const BIG = JSON.stringify("x".repeat(50_000));

/** Redis has no more memory than it uses now. */
const fill = (server: RedisServer) => server.command("CONFIG", "SET", "maxmemory", "1");

test("without memory new jobs are refused whole, and everything else goes on", async () => {
  await using server = await openRedis("maxmemory", "0");
  await using redis = await openRedisBackend(server.url);
  const session = createSession(redis.backend, "one");
  await session.apply({ adds: [1, 2, 3].map((id) => entry(job(id, { payload: BIG }))), direct: 1 });
  await fill(server);
  const before = [await redis.backend.ledger(), await redis.backend.jobs(9), await redis.backend.sessions()];
  const refused = session.apply({ adds: [entry(job(4), job(5))], ends: [done(1)], claim: 5 });
  await expect(refused).rejects.toMatchObject({ code: "STORAGE_FULL" });
  expect([await redis.backend.ledger(), await redis.backend.jobs(9), await redis.backend.sessions()]).toEqual(before);

  const outcome = await session.apply({ ends: [done(1, entry(job(6)))], claim: 5 });
  expect(outcome).toMatchObject({ alive: true, claimed: [{ id: 2 }, { id: 3 }, { id: 6 }], pending: 3 });
  expect(await redis.backend.ledger()).toMatchObject([{ received: 4, done: 1, inFlight: 3 }]);
});

test("a process can start without memory, to work off what waits", async () => {
  await using server = await openRedis("maxmemory", "0");
  {
    await using redis = await openRedisBackend(server.url);
    await createSession(redis.backend, "one").add(job(1));
  }
  await fill(server);
  await using redis = await openRedisBackend(server.url);
  const session = createSession(redis.backend, "two");
  expect(await session.claim(1)).toEqual(["job 1"]);
  expect(await session.apply({ ends: [done(1)] })).toMatchObject({ pending: 0 });
  await server.command("CONFIG", "SET", "maxmemory", "0");
  expect(await session.add(job(2))).toMatchObject({ added: [true] });
});

test("without memory nothing is begun in an empty Redis", async () => {
  await using server = await openRedis("maxmemory", "1");
  await expect(openRedisBackend(server.url)).rejects.toMatchObject({ code: "STORAGE_FULL" });
});

test("a disk that cannot be written is a definite no, and nothing is applied by half", async () => {
  await using server = await openRedis("min-replicas-to-write", "0");
  await using redis = await openRedisBackend(server.url);
  const session = createSession(redis.backend, "one");
  await session.add(job(1));
  await server.command("CONFIG", "SET", "min-replicas-to-write", "1");
  for (const part of [{ adds: [entry(job(2))] }, { claim: 1 }]) {
    await expect(session.apply(part)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  }
  expect(await redis.backend.jobs(9)).toMatchObject([{ id: 1, state: "waiting", attempts: 0 }]);
  expect(await redis.backend.sessions()).toMatchObject([{ beats: 1 }]);
});
