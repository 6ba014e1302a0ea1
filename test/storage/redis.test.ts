import { afterAll, beforeAll } from "vitest";
import { redis } from "../../src/storage/redis/index.ts";
import { openRedis, type RedisServer } from "../servers/redis.ts";
import { storageContract } from "./contract.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await openRedis();
});
afterAll(() => server.dispose());

storageContract("Redis", {
  isDurable: true,
  async create(host) {
    const url = server.another();
    let storage = redis({ url });
    await storage.open(host);
    return {
      get storage() {
        return storage;
      },
      async reopen() {
        await storage.close();
        storage = redis({ url });
        await storage.open(host);
        return storage;
      },
      async dispose() {},
    };
  },
});
