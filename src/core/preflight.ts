import type { Adapter } from "./adapter.ts";
import type { Config } from "./config.ts";
import { HobnobError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { Registry } from "./registry.ts";
import type { Storage } from "./storage.ts";
import { suggest } from "./suggest.ts";

/** Nothing starts without its credentials. @throws HobnobError `CONFIG_MISSING_CREDENTIAL` */
export function assertCredentials({ adapters, plugins }: Config): void {
  const missing = [
    ...adapters.flatMap((adapter) => adapter.missing.map((name) => `${name} (adapter \`${adapter.name}\`)`)),
    ...plugins.flatMap(({ name: plugin, service }) =>
      (service?.missing ?? []).map((name) => `${name} (plugin \`${plugin}\`)`),
    ),
  ];
  if (missing.length === 0) return;
  throw new HobnobError(
    "CONFIG_MISSING_CREDENTIAL",
    `Not set: ${missing.join(", ")}. Set it in the environment or in .env, or run with the sandbox.`,
  );
}

/** A part in a fleet needs a storage that processes share. @throws HobnobError `STORAGE_NOT_SHARED` */
export function assertShared({ fleet, name }: Storage, role: string): void {
  if (role === "start" || fleet !== undefined) return;
  throw new HobnobError(
    "STORAGE_NOT_SHARED",
    `\`hobnob ${role}\` shares its storage with other processes, and ${name} is for a single one. Use Postgres or Redis (HOBNOB_STORAGE=postgres://… or redis://…), or \`hobnob start\`.`,
  );
}

/** A worker for pools that nobody's handlers name would wait for ever. */
export function warnOfPools(pools: readonly string[] | undefined, { entries }: Registry, log: Log): void {
  const known = [...new Set(entries.map(({ policy }) => policy.pool))].sort();
  for (const pool of pools ?? []) {
    if (known.includes(pool)) continue;
    log.warn({ pool }, `No handler has the pool \`${pool}\`${suggest(pool, known)}. There are: ${known.join(", ")}.`);
  }
}

/** Which adapter answers where. @throws HobnobError `CONFIG_DUPLICATE` */
export function pathsOf(adapters: readonly Adapter[]): ReadonlyMap<string, Adapter> {
  const byPath = new Map<string, Adapter>();
  for (const adapter of adapters) {
    for (const path of adapter.paths) {
      const other = byPath.get(path);
      if (other !== undefined) {
        throw new HobnobError(
          "CONFIG_DUPLICATE",
          `Adapters \`${other.name}\` and \`${adapter.name}\` both want the path ${path}. Give one another \`path\`.`,
        );
      }
      byPath.set(path, adapter);
    }
  }
  return byPath;
}
