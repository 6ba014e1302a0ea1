import { connect, createServer, type Socket } from "node:net";
import type { Backend } from "../../src/storage/fleet/index.ts";
import { createRedisBackend } from "../../src/storage/redis/backend.ts";
import { parseTarget } from "../../src/storage/redis/target.ts";

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

/** A wire to Redis that can lose answers. */
export interface Wire extends AsyncDisposable {
  readonly url: string;
  /** Redis gets the script that is sent next, and the connection breaks before its answer comes back. */
  loseNextAnswer(): void;
  /** All connections break, and none can be made for now. */
  cut(): void;
  mend(): void;
}

export async function openWire(url: string): Promise<Wire> {
  const to = new URL(url);
  const sockets = new Set<Socket>();
  let isLosing = false;
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(to.port), to.hostname);
    sockets.add(near).add(far);
    let isDoomed = false;
    near.on("data", (data) => {
      if (isLosing && data.includes("EVALSHA")) {
        isLosing = false;
        isDoomed = true;
      }
      far.write(data);
    });
    far.on("data", (data) => {
      if (isDoomed) near.destroy();
      else near.write(data);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const through = new URL(url);
  through.port = String((server.address() as { port: number }).port);
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: through.href,
    loseNextAnswer() {
      isLosing = true;
    },
    cut() {
      isCut = true;
      breakAll();
    },
    mend() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
