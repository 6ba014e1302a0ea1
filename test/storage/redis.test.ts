import { afterAll, beforeAll } from "vitest";
import { redis } from "../../src/storage/redis/index.ts";
import { openRedis, type RedisServer } from "../servers/redis.ts";
import { durable, storageContract } from "./contract.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await openRedis();
});
afterAll(() => server.dispose());

const place = async () => {
  const url = server.another();
  return { open: () => redis({ url }) };
};

storageContract("Redis", durable(place));
