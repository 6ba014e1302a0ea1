import { clientOptions, loadClient } from "./connection.ts";
import type { Target } from "./target.ts";

const AGAIN_MS = 1_000;

/**
 * Hears what other processes tell on a channel, on a connection of its own that mends itself.
 * @param heard is also called (with nothing) after each new connection: what was said meanwhile is unknown
 */
export async function listen(target: Target, channel: string, heard: (message: string) => void): Promise<() => void> {
  const Client = await loadClient();
  const redis = new Client(
    Object.assign(clientOptions(target), {
      ...{ retryStrategy: () => AGAIN_MS, maxRetriesPerRequest: null, autoResubscribe: false },
    }),
  );
  // The commands' connection says what is wrong.
  redis.on("error", () => {});
  redis.on("message", (_, message) => heard(message));
  redis.on("ready", () => {
    redis.subscribe(channel).then(
      () => heard(""),
      () => redis.disconnect(true),
    );
  });
  redis.connect().catch(() => {});
  return () => redis.disconnect();
}
