import { afterAll, beforeAll } from "vitest";
import type { Backend } from "../../src/storage/fleet/index.ts";
import { createRedisBackend } from "../../src/storage/redis/backend.ts";
import { parseTarget } from "../../src/storage/redis/target.ts";
import { openRedis, type RedisServer } from "../servers/redis.ts";
import { backendContract } from "./backend-contract.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await openRedis();
});
afterAll(() => server.dispose());

backendContract("Redis", {
  async create(wake = () => {}) {
    const target = parseTarget(server.another());
    const backends: Backend[] = [];
    async function another(listener = () => {}) {
      const backend = createRedisBackend({ target, durability: "aof", warn() {} });
      backends.push(backend);
      await backend.open(listener);
      return backend;
    }
    return {
      backend: await another(wake),
      another,
      async dispose() {
        for (const backend of backends) await backend.close();
      },
    };
  },
});
