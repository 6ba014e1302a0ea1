import { afterAll, beforeAll } from "vitest";
import { createRedisBackend } from "../../src/storage/redis/backend.ts";
import { parseTarget } from "../../src/storage/redis/target.ts";
import { openRedis, type RedisServer } from "../servers/redis.ts";
import { backendContract, openBackends } from "./backend-contract.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await openRedis();
});
afterAll(() => server.dispose());

backendContract("Redis", {
  create(wake) {
    const target = parseTarget(server.another());
    return openBackends(() => createRedisBackend({ target, durability: "aof", warn() {} }), wake);
  },
});
