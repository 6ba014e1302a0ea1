import { describe, expect, test } from "vitest";
import { parseTarget } from "../../src/storage/redis/target.ts";
import { openRedis } from "../servers/redis.ts";
import { openRedisBackend } from "./redis-stage.ts";

const opened = async (url: string) => {
  await using redis = await openRedisBackend(url);
  return redis.warnings;
};

describe("a Redis that cannot be used is refused with the reason and the remedy", () => {
  test("one that is not there", async () => {
    await expect(opened("redis://127.0.0.1:1")).rejects.toMatchObject({
      code: "STORAGE_UNREACHABLE",
      message: expect.stringMatching(/redis:\/\/127\.0\.0\.1:1\/0 .*ECONNREFUSED.*Check that Redis runs/),
    });
  });

  test("a wrong password, which is not shown", async () => {
    await using server = await openRedis("requirepass", "right");
    for (const login of ["", ":sesame@", "nobody:sesame@"]) {
      const refused = opened(server.url.replace("//", `//${login}`));
      await expect(refused).rejects.toMatchObject({
        code: "STORAGE_PASSWORD",
        message: expect.not.stringContaining("sesame"),
      });
    }
    expect(await opened(server.url.replace("//", "//:right@"))).toEqual([]);
  });

  test.for([
    ["STORAGE_EVICTS", "maxmemory-policy noeviction", ["maxmemory-policy", "allkeys-lru"]],
    ["STORAGE_NOT_DURABLE", "appendonly yes", ["appendonly", "no"]],
    ["STORAGE_NOT_DURABLE", "appendfsync always", ["appendfsync", "no"]],
    ["STORAGE_READ_ONLY", "master", ["replicaof", "127.0.0.1 1"]],
    ["STORAGE_CLUSTER", "single Redis", ["cluster-enabled", "yes"]],
  ] as const)("%s: %s", async ([code, remedy, settings]) => {
    await using server = await openRedis(...settings);
    await expect(opened(server.url)).rejects.toMatchObject({ code, message: expect.stringContaining(remedy) });
  });

  test("data of a newer Hobnob", async () => {
    await using server = await openRedis();
    const url = server.another();
    const prefix = new URL(url).searchParams.get("prefix");
    await server.command("HSET", `{${prefix}}:meta`, "schema", "2");
    await expect(opened(url)).rejects.toMatchObject({ code: "STORAGE_NEWER" });
  });

  test("a user who may not do all that the scripts do", async () => {
    await using server = await openRedis("maxmemory", "0");
    await server.command("ACL", "SETUSER", "bot", "on", ">pw", "~*", "&*", "+@all", "-publish");
    const url = server.url.replace("//", "//bot:pw@");
    const rights = { code: "STORAGE_RIGHTS", message: expect.stringMatching(/publish/i) };
    await expect(opened(url)).rejects.toMatchObject(rights);
    await server.command("ACL", "SETUSER", "bot", "+publish", "resetkeys", "~other:*");
    await expect(opened(url)).rejects.toMatchObject({ code: "STORAGE_RIGHTS" });
  });
});

describe("what is not as safe as it could be is said", () => {
  test("a disk that is written once a second", async () => {
    await using server = await openRedis("appendfsync", "everysec");
    expect(await opened(server.url)).toEqual([expect.stringMatching(/^STORAGE_LAST_SECOND .*appendfsync always/)]);
  });

  test("no disk at all, when that was wished", async () => {
    await using server = await openRedis("appendonly", "no");
    await using redis = await openRedisBackend(server.url, { durability: "none" });
    expect(redis.warnings).toEqual([expect.stringMatching(/^STORAGE_DURABILITY .*may be lost/)]);
  });

  test("settings that a hosted Redis hides", async () => {
    await using server = await openRedis("maxmemory", "0");
    await server.command("ACL", "SETUSER", "bot", "on", ">pw", "~*", "&*", "+@all", "-config");
    const url = server.url.replace("//", "//bot:pw@");
    expect(await opened(url)).toEqual([expect.stringMatching(/^STORAGE_UNCHECKED .*appendfsync/)]);
    await server.command("ACL", "SETUSER", "bot", "-info");
    expect(await opened(url)).toEqual([expect.stringMatching(/^STORAGE_UNCHECKED .*INFO/)]);
  });

  test("nothing, where all is well", async () => {
    await using server = await openRedis();
    expect(await opened(server.url)).toEqual([]);
  });
});

describe("the URL", () => {
  test("is shown without user and password", () => {
    expect(parseTarget("redis://bot:s%40p@example.com").name).toBe("redis://example.com:6379/0");
    expect(parseTarget("rediss://:pw@example.com:7000/3?prefix=b.1").name).toBe(
      "rediss://example.com:7000/3?prefix=b.1",
    );
  });

  test("is read in all its parts", () => {
    expect(parseTarget("rediss://bot:s%40p%25@[::1]:7000/3?prefix=x")).toMatchObject({
      ...{ host: "::1", port: 7000, db: 3, username: "bot", password: "s@p%", isTls: true, prefix: "x" },
    });
    expect(parseTarget("redis://localhost")).toMatchObject({ port: 6379, db: 0, isTls: false, prefix: "hobnob" });
  });

  test.for([
    "localhost:6379",
    "http://:secret@host",
    "redis://:secret@host/x",
    "redis://:secret@host?prefx=a",
    "redis://",
    "redis://:secret@host?prefix={a}",
    "redis://:%secret@host",
  ])("%s is none, and the message has no secret", (url) => {
    const parse = () => parseTarget(url);
    expect(parse).toThrow(expect.objectContaining({ code: "STORAGE_URL" }));
    expect(parse).not.toThrow(/secret/);
  });
});
