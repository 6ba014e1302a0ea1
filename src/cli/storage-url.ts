import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Storage } from "../core/index.ts";
import { UsageError } from "./command.ts";

/**
 * A storage by its URL, as `HOBNOB_STORAGE` has it; what it needs is loaded now.
 * @param option the option that gives the URL, for messages
 * @throws UsageError for what is no storage's URL; HobnobError `STORAGE_URL` for a part of one that is wrong
 */
export async function storageFromUrl(option: string, url: string): Promise<Storage> {
  if (/^sqlite:./.test(url)) {
    const { sqlite } = await import("../storage/sqlite/index.ts");
    return sqlite({ file: url.slice("sqlite:".length), maxWaiting: Number.MAX_SAFE_INTEGER });
  }
  if (/^postgres(ql)?:/.test(url)) return (await import("../storage/postgres/index.ts")).postgres({ url });
  if (/^rediss?:/.test(url)) return (await import("../storage/redis/index.ts")).redis({ url });
  // Only the scheme: what follows may hold a password.
  const scheme = /^\w+:/.exec(url)?.[0] ?? "a text without a scheme";
  throw new UsageError(`\`${option}\` is ${scheme}. Write sqlite:<file>, postgres://… or redis://…`);
}

/** The file of a SQLite storage. */
export function fileOf({ name }: Storage): string | undefined {
  return name.startsWith("sqlite:") ? resolve(name.slice("sqlite:".length)) : undefined;
}

/** The file of a SQLite storage that is not there: opened, it would be made. */
export function absentFile(storage: Storage): string | undefined {
  const file = fileOf(storage);
  return file === undefined || existsSync(file) ? undefined : file;
}
