import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { type Clock, systemClock } from "./clock.ts";
import type { Plugin } from "./plugin.ts";
import type { Registered, Registry } from "./registry.ts";
import type { NodeInfo } from "./storage.ts";

/** This package's version. */
export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

export interface NodeOptions {
  readonly role: NodeInfo["role"];
  /** The bot's name. */
  readonly bot: string;
  readonly plugins?: Readonly<Record<string, string>>;
  readonly pools?: readonly string[] | undefined;
  readonly clock?: Clock;
}

/** What the other processes of a fleet may know of this one. */
export function describeNode({ role, bot, plugins = {}, pools, clock = systemClock }: NodeOptions): NodeInfo {
  return {
    role,
    bot,
    version: version(),
    plugins,
    ...(pools && { pools }),
    host: hostname(),
    pid: process.pid,
    startedAt: clock.now(),
  };
}

/** The digest of a plugin whose handlers are not known yet. */
export const UNKNOWN_DIGEST = "";

/**
 * What tells by name whether two processes do the same with a stored job: each plugin's handlers in their order with
 * how they are run, and where the plugin is enabled. Not its options, which may hold secrets.
 */
export function digestPlugins(
  plugins: readonly Plugin[],
  registry: Registry | undefined,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    plugins.map(({ name, scope }) => [
      name,
      registry === undefined
        ? UNKNOWN_DIGEST
        : digest([scope.on ?? null, scope.channels ?? null, ...handlersOf(name, registry)]),
    ]),
  );
}

function handlersOf(plugin: string, { entries, schedules }: Registry): readonly unknown[] {
  const zones = new Map(schedules.map(({ entry, when, timeZone }) => [entry, [when, timeZone]]));
  return entries
    .filter((entry) => entry.plugin.name === plugin)
    .map((entry) => [...rulesOf(entry), zones.get(entry) ?? null]);
}

const rulesOf = ({ name, policy, options }: Registered) => [
  name,
  policy.pool,
  policy.attempts,
  policy.timeout,
  options.backoff ?? null,
  options.lane ?? null,
];

const digest = (parts: unknown) => createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
