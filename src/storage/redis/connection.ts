import { createHash } from "node:crypto";
import type { Redis, RedisOptions } from "ioredis";
import { errorMessage, HobnobError } from "../../core/index.ts";
import { UnreachableError } from "../fleet/index.ts";
import { failure, refusalOf } from "./failure.ts";
import type { Target } from "./target.ts";

/** What can be asked of Redis. Errors of these are Redis's own, or ioredis's. */
export interface Commands {
  /** Runs a script: one atomic act. */
  run<T>(script: string, args: readonly string[]): Promise<T>;
  /** Any other command. */
  call<T>(command: string, ...args: readonly string[]): Promise<T>;
}

export interface Connection extends Commands {
  /** Connects, and says why it cannot. The others connect by themselves, and call every reason out of reach. */
  open(): Promise<void>;
  close(): void;
}

const CONNECT_MS = 3_000;
const COMMAND_MS = 15_000;

/** @param greet is asked of each new connection, before anything else goes over it */
export function createConnection(target: Target, greet: (commands: Commands) => Promise<void>): Connection {
  let current: Promise<Redis> | undefined;
  let isClosed = false;

  function connected(): Promise<Redis> {
    if (isClosed) {
      throw new HobnobError("STORAGE_CLOSED", `${target.name} is closed. The bot is stopping or was not started.`);
    }
    if (current !== undefined) return current;
    const connecting = introduced(() => forget(connecting));
    current = connecting;
    connecting.catch(() => forget(connecting));
    return connecting;
  }

  async function introduced(ended: () => void): Promise<Redis> {
    const redis = await connect(target, ended);
    try {
      await greet(commandsOf(redis, target));
      return redis;
    } catch (error) {
      redis.disconnect();
      throw error;
    }
  }

  function forget(connecting: Promise<Redis>) {
    if (current === connecting) current = undefined;
  }

  async function guarded<T>(act: (commands: Commands) => Promise<T>): Promise<T> {
    const connecting = connected();
    let redis: Redis;
    try {
      redis = await connecting;
    } catch (error) {
      // Whatever the reason: what is asked now may have been asked before, and been done.
      throw new UnreachableError(failure(target.name, error).message, { cause: error });
    }
    try {
      return await act(commandsOf(redis, target));
    } catch (error) {
      const failed = failure(target.name, error);
      if (failed instanceof UnreachableError) {
        // It may be half dead, or lead to what was the master.
        forget(connecting);
        redis.disconnect();
      }
      throw failed;
    }
  }

  return {
    async open() {
      await connected().catch((error: unknown) => {
        throw failure(target.name, error);
      });
    },
    run: (script, args) => guarded((commands) => commands.run(script, args)),
    call: (command, ...args) => guarded((commands) => commands.call(command, ...args)),
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

function commandsOf(redis: Redis, { prefix }: Target): Commands {
  const call = async <T>(command: string, args: readonly string[]) =>
    (await redis.call(command, args as string[])) as T;
  return {
    async run<T>(script: string, args: readonly string[]) {
      const rest = ["1", `{${prefix}}:meta`, ...args];
      try {
        return await call<T>("EVALSHA", [digestOf(script), ...rest]);
      } catch (error) {
        if (refusalOf(error) !== "NOSCRIPT") throw error;
        return await call<T>("EVAL", [script, ...rest]);
      }
    },
    call: (command, ...args) => call(command, args),
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
    ...(isTls ? { tls: {} } : {}),
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
async function connect(target: Target, ended: () => void): Promise<Redis> {
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
  redis.on("end", ended);
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
