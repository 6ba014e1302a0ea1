import type { Duration, Storage } from "../../core/index.ts";
import { createFleetStorage } from "../fleet/index.ts";
import { checkOptions } from "../shared/options.ts";
import { createRedisBackend } from "./backend.ts";
import { parseTarget } from "./target.ts";

export interface RedisOptions {
  /** `redis://user:password@host:6379/0?prefix=hobnob`; `rediss://` for TLS. Bots that share a Redis need a prefix each. */
  readonly url: string;
  /**
   * `aof`: Redis must write all to disk (appendonly yes). `none`: it need not, and what was acknowledged may be lost.
   * @default "aof" */
  readonly durability?: "aof" | "none";
  /** How long a process may be silent before the others take over its jobs. @default "5s" */
  readonly lease?: Duration;
  /** Jobs that may wait before further events are refused (and the platform sends them again). @default 1_000_000 */
  readonly maxWaiting?: number;
}

/**
 * Durable storage in a Redis that many processes share; needs Redis 6.2 or newer with `appendonly yes`, `appendfsync always`
 * and `maxmemory-policy noeviction`, and the package `ioredis`.
 * @throws HobnobError `STORAGE_URL` for a URL that is none, `CONFIG_INVALID` for another option that does not fit
 *
 * @example
 * storage: redis({ url: "redis://localhost:6379" })
 */
export function redis(options: RedisOptions): Storage {
  checkOptions("redis", options, {
    kinds: { url: "text", durability: ["aof", "none"], lease: "any", maxWaiting: "count" },
    needed: ["url", "redis://:password@host:6379/0"],
  });
  const { url, durability = "aof", lease, maxWaiting } = options;
  const target = parseTarget(url);
  return createFleetStorage({
    ...{ name: target.name, lease, maxWaiting },
    connect: (log) =>
      createRedisBackend({ target, durability, warn: (code, sentence) => log.warn({ code }, sentence) }),
  });
}
