import { afterAll, beforeAll } from "vitest";
import type { Storage } from "../../src/core/index.ts";
import { redis } from "../../src/storage/redis/index.ts";
import { openRedis, type RedisServer } from "../servers/redis.ts";

/** A Redis for the tests of a file. Each call of what is returned makes a place of its own, for the storages of several processes. */
export function shareRedis(): () => () => Storage {
  let server: RedisServer;
  beforeAll(async () => {
    server = await openRedis();
  });
  afterAll(() => server.dispose());
  return () => {
    const url = server.another();
    return () => redis({ url });
  };
}
