import type { Backend } from "../../src/storage/fleet/index.ts";
import { createRedisBackend } from "../../src/storage/redis/backend.ts";
import { parseTarget } from "../../src/storage/redis/target.ts";
import { openWire, type Wire } from "../servers/wire.ts";

export interface OpenedRedis extends AsyncDisposable {
  readonly backend: Backend;
  /** Codes and sentences. */
  readonly warnings: readonly string[];
}

export async function openRedisBackend(
  url: string,
  options: { readonly durability?: "none"; wake?(): void } = {},
): Promise<OpenedRedis> {
  const warnings: string[] = [];
  const backend = createRedisBackend({
    target: parseTarget(url),
    durability: options.durability ?? "aof",
    warn: (code, sentence) => void warnings.push(`${code} ${sentence}`),
  });
  try {
    await backend.open(options.wake ?? (() => {}));
  } catch (error) {
    await backend.close();
    throw error;
  }
  return { backend, warnings, [Symbol.asyncDispose]: () => backend.close() };
}

export const openRedisWire = (url: string): Promise<Wire> => openWire(url, { mark: "EVALSHA" });
