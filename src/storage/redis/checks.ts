import { errorMessage, HobnobError } from "../../core/index.ts";
import { UnreachableError } from "../fleet/index.ts";
import type { Commands } from "./connection.ts";
import { refusalOf } from "./failure.ts";
import { PROBE } from "./script-reads.ts";
import type { Target } from "./target.ts";

/** Redis is there, and reads its data yet. */
export class LoadingError extends UnreachableError {}

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
 * @throws HobnobError that names the setting and the remedy; LoadingError
 */
export async function inspect({ name }: Target, commands: Commands, durability: "aof" | "none"): Promise<Server> {
  let text: string;
  try {
    text = await commands.call<string>("INFO");
  } catch (error) {
    if (refusalOf(error) === "LOADING") throw new LoadingError(`${name} is still reading its data`);
    if (refusalOf(error) !== "NOPERM") throw error;
    const sentence = `${name} does not let this user see INFO. Whether it keeps what was acknowledged was not checked: it needs appendonly yes, appendfsync always and maxmemory-policy noeviction.`;
    return { runId: "", warnings: [{ code: "STORAGE_UNCHECKED", sentence }] };
  }
  const info = parseInfo(text);
  if (info.get("loading") === "1") throw new LoadingError(`${name} is still reading its data`);
  const version = info.get("redis_version") ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new HobnobError(
      "STORAGE_SERVER",
      `${name} is Redis ${version}. Hobnob needs ${OLDEST.join(".")} or later: upgrade Redis.`,
    );
  }
  if (info.get("cluster_enabled") === "1") {
    throw new HobnobError(
      "STORAGE_CLUSTER",
      `${name} runs in cluster mode (cluster-enabled yes). What belongs together is written by one script, so it must be on one node: use a single Redis, with replicas if you like.`,
    );
  }
  if (info.get("role") === "slave") {
    throw new HobnobError(
      "STORAGE_READ_ONLY",
      `${name} is a replica and takes no writes. Point the storage's URL to the master.`,
    );
  }
  const policy = info.get("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction") {
    throw new HobnobError(
      "STORAGE_EVICTS",
      `${name} throws data away when its memory is full (maxmemory-policy ${policy}). Set maxmemory-policy noeviction.`,
    );
  }
  return { runId: info.get("run_id") ?? "", warnings: await checkDurability(name, info, commands, durability) };
}

async function checkDurability(
  name: string,
  info: ReadonlyMap<string, string>,
  commands: Commands,
  durability: "aof" | "none",
): Promise<readonly Warning[]> {
  const remedy = `Set appendonly yes and appendfsync always; or give the storage durability: "none", if messages may be lost.`;
  if (durability === "none") {
    const sentence = `${name} is used with durability "none": messages that were acknowledged may be lost when Redis stops.`;
    return [{ code: "STORAGE_DURABILITY", sentence }];
  }
  if (info.get("aof_enabled") === "0") {
    throw new HobnobError("STORAGE_NOT_DURABLE", `${name} loses messages when it stops (appendonly no). ${remedy}`);
  }
  let fsync: string | undefined;
  try {
    fsync = (await commands.call<string[]>("CONFIG", "GET", "appendfsync"))[1];
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
    const sentence = `${name} does not tell its appendfsync (${errorMessage(error)}). Unless it is always, about a second of acknowledged messages can be lost when the power fails.`;
    return [{ code: "STORAGE_UNCHECKED", sentence }];
  }
  if (fsync === "no") {
    throw new HobnobError(
      "STORAGE_NOT_DURABLE",
      `${name} may lose half a minute of messages when the power fails (appendfsync no). ${remedy}`,
    );
  }
  if (fsync === "everysec") {
    const sentence = `${name} writes to disk once a second (appendfsync everysec): about a second of acknowledged messages can be lost when the power fails. With appendfsync always, none are.`;
    return [{ code: "STORAGE_LAST_SECOND", sentence }];
  }
  return [];
}

/**
 * May this user do all that the script does? A script that is refused in its middle would leave half of its work.
 * @throws HobnobError `STORAGE_RIGHTS`
 */
export async function probe({ name, prefix }: Target, commands: Commands): Promise<void> {
  const refused = await commands.run<string>(PROBE, []);
  if (refused === "") return;
  throw new HobnobError(
    "STORAGE_RIGHTS",
    `${name} does not let this user do all that the storage needs: ${refused}. Give the user +@all (or all but @admin and @dangerous, and +info +config|get), ~{${prefix}}:* and &{${prefix}}:*.`,
  );
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
}
