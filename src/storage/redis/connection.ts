import { createHash } from "node:crypto";
import type { Redis, RedisOptions } from "ioredis";
import { errorCode, errorMessage, HobnobError } from "../../core/index.ts";
import { UnreachableError } from "../fleet/index.ts";
import { failure, refusalOf } from "./failure.ts";
import type { Target } from "./target.ts";

export interface Connection {
  /** Runs a script: one atomic act. Connects first where there is no connection. Errors as `failure` makes them. */
  run<T>(script: string, args: readonly string[]): Promise<T>;
  /** Any other command. */
  call<T>(command: string, ...args: readonly string[]): Promise<T>;
  close(): void;
}

const CONNECT_MS = 3_000;
const COMMAND_MS = 15_000;

/** @param greet is asked of each new connection, before anything else goes over it */
export function createConnection(
  target: Target,
  greet: (call: Connection["call"], run: Connection["run"]) => Promise<void>,
): Connection {
  let current: Promise<Redis> | undefined;
  let isClosed = false;

  function connected(): Promise<Redis> {
    if (isClosed)
      throw new HobnobError("STORAGE_CLOSED", `${target.name} is closed. The bot is stopping or was not started.`);
    if (current !== undefined) return current;
    const connecting = connect(target, (redis) => {
      drop(redis, connecting);
    }).then(async (redis) => {
      try {
        await greet(
          (command, ...args) => send(redis, command, args),
          (script, args) => evaluate(redis, script, args),
        );
        return redis;
      } catch (error) {
        drop(redis, connecting);
        throw error;
      }
    });
    current = connecting;
    connecting.catch(() => {
      if (current === connecting) current = undefined;
    });
    return connecting;
  }

  function drop(redis: Redis, of: Promise<Redis> | undefined = current) {
    if (current === of) current = undefined;
    redis.disconnect();
  }

  async function send<T>(redis: Redis, command: string, args: readonly string[]): Promise<T> {
    return (await redis.call(command, args as string[])) as T;
  }

  async function evaluate<T>(redis: Redis, script: string, args: readonly string[]): Promise<T> {
    const rest = ["1", `{${target.prefix}}:meta`, ...args];
    try {
      return await send<T>(redis, "EVALSHA", [digestOf(script), ...rest]);
    } catch (error) {
      if (refusalOf(error) !== "NOSCRIPT") throw error;
      return await send<T>(redis, "EVAL", [script, ...rest]);
    }
  }

  async function guarded<T>(act: (redis: Redis) => Promise<T>): Promise<T> {
    const connecting = connected();
    try {
      return await act(await connecting);
    } catch (error) {
      const failed = failure(target.name, error);
      // Whoever asks again gets a new connection: this one may be half dead, or lead to what was the master.
      const isLost = failed instanceof UnreachableError || errorCode(failed) === "STORAGE_READ_ONLY";
      if (isLost)
        await connecting.then(
          (redis) => drop(redis, connecting),
          () => {},
        );
      throw failed;
    }
  }

  return {
    run: (script, args) => guarded((redis) => evaluate(redis, script, args)),
    call: (command, ...args) => guarded((redis) => send(redis, command, args)),
    close() {
      isClosed = true;
      current?.then(
        (redis) => redis.disconnect(),
        () => {},
      );
      current = undefined;
    },
  };
}

/** What all connections to this Redis have in common. */
export function clientOptions(target: Target): RedisOptions & { replyMapping?: "legacy" } {
  const { host, port, db, username, password, isTls } = target;
  return {
    ...{
      host,
      port,
      db,
      protocol: 2,
      connectTimeout: CONNECT_MS,
      keepAlive: 10_000,
      disableClientInfo: true,
      lazyConnect: true,
    },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(isTls ? { tls: { servername: host } } : {}),
  };
}

/** @throws HobnobError `STORAGE_PACKAGE` when ioredis is not installed */
export async function loadClient(): Promise<typeof Redis> {
  try {
    return (await import("ioredis")).Redis;
  } catch (error) {
    throw new HobnobError(
      "STORAGE_PACKAGE",
      `Redis as storage needs the package "ioredis" (${errorMessage(error)}). Run: npm install ioredis`,
      { cause: error },
    );
  }
}

/** One connection that never mends itself: what it had sent must not be sent again behind our back. */
async function connect(target: Target, ended: (redis: Redis) => void): Promise<Redis> {
  const Client = await loadClient();
  const redis = new Client(
    Object.assign(clientOptions(target), {
      ...{ retryStrategy: () => null, enableOfflineQueue: false, enableReadyCheck: false, commandTimeout: COMMAND_MS },
      ...{ autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 },
    }),
  );
  let reason: unknown;
  redis.on("error", (error) => {
    reason ??= error;
  });
  redis.on("end", () => ended(redis));
  try {
    await redis.connect();
  } catch (error) {
    redis.disconnect();
    throw reason ?? error;
  }
  // A wrong password is told by an event alone.
  if (refusalOf(reason) !== undefined) {
    redis.disconnect();
    throw reason;
  }
  return redis;
}

const digests = new Map<string, string>();
function digestOf(script: string): string {
  let digest = digests.get(script);
  if (digest === undefined) {
    digest = createHash("sha1").update(script).digest("hex");
    digests.set(script, digest);
  }
  return digest;
}
