import { errorMessage, HobnobError } from "../../core/index.ts";
import { UnreachableError } from "../fleet/index.ts";
import type { Connection } from "./connection.ts";
import { refusalOf } from "./failure.ts";
import type { Target } from "./target.ts";

export interface Warning {
  readonly code: string;
  readonly sentence: string;
}

export interface Server {
  /** Another one after each start of Redis. */
  readonly runId: string;
  readonly warnings: readonly Warning[];
}

const OLDEST = [6, 2] as const;

/**
 * Is this a Redis that keeps what it was given?
 * @throws HobnobError that names the setting and the remedy; UnreachableError while Redis reads its data
 */
export async function inspect({ name }: Target, call: Connection["call"], durability: "aof" | "none"): Promise<Server> {
  const refuse = (code: string, message: string) => new HobnobError(code, `${name} ${message}`);
  let text: string;
  try {
    text = await call<string>("INFO");
  } catch (error) {
    if (refusalOf(error) !== "NOPERM") throw error;
    const code: Warning = {
      code: "STORAGE_UNCHECKED",
      sentence: `${name} does not let this user look at INFO. Whether it keeps what it acknowledges (appendonly, maxmemory-policy) was not checked.`,
    };
    return { runId: "", warnings: [code] };
  }
  const info = new Map(
    text.split(/\r?\n/).map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
  if (info.get("loading") === "1") throw new UnreachableError(`${name} is still reading its data.`);
  const version = info.get("redis_version") ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw refuse("STORAGE_SERVER", `is Redis ${version}; Hobnob needs ${OLDEST.join(".")} or newer. Upgrade Redis.`);
  }
  if (info.get("cluster_enabled") === "1") {
    throw refuse(
      "STORAGE_SERVER",
      "runs in cluster mode (cluster-enabled yes). All keys of a bot belong together: use a single Redis, with replicas if you like.",
    );
  }
  if (info.get("role") === "slave") {
    throw refuse("STORAGE_READ_ONLY", "is a replica and takes no writes. Point the URL at the master.");
  }
  const policy = info.get("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction") {
    throw refuse(
      "STORAGE_EVICTS",
      `may throw messages away when memory is short (maxmemory-policy ${policy}). Set maxmemory-policy noeviction.`,
    );
  }
  return { runId: info.get("run_id") ?? "", warnings: await checkDurability(name, info, call, durability) };
}

async function checkDurability(
  name: string,
  info: ReadonlyMap<string, string>,
  call: Connection["call"],
  durability: "aof" | "none",
): Promise<readonly Warning[]> {
  const remedy = `Set appendonly yes and appendfsync always, or say durability: "none" if messages may be lost.`;
  if (durability === "none") {
    return [
      {
        code: "STORAGE_DURABILITY",
        sentence: `${name} is used with durability "none": messages that were acknowledged may be lost when Redis stops.`,
      },
    ];
  }
  if (info.get("aof_enabled") === "0") {
    throw new HobnobError("STORAGE_NOT_DURABLE", `${name} loses messages when it stops (appendonly no). ${remedy}`);
  }
  let fsync: string | undefined;
  try {
    fsync = (await call<string[]>("CONFIG", "GET", "appendfsync"))[1];
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
    const sentence = `${name} does not tell appendfsync (${errorMessage(error)}). Unless it is "always", about a second of acknowledged messages can be lost on power loss.`;
    return [{ code: "STORAGE_UNCHECKED", sentence }];
  }
  if (fsync === "no") {
    throw new HobnobError("STORAGE_NOT_DURABLE", `${name} leaves writing to the system (appendfsync no). ${remedy}`);
  }
  if (fsync === "everysec") {
    const sentence = `${name} writes to disk once a second (appendfsync everysec): about a second of acknowledged messages can be lost on power loss. Set appendfsync always to lose none.`;
    return [{ code: "STORAGE_LAST_SECOND", sentence }];
  }
  return [];
}
