import type { Adapter } from "./adapter.ts";
import { type Duration, parseDuration } from "./clock.ts";
import { HobnobError } from "./errors.ts";
import type { HealConfig } from "./healing.ts";
import type { Plugin } from "./plugin.ts";
import type { Storage } from "./storage.ts";
import { suggest } from "./suggest.ts";

/** What `defineConfig` takes: where the bot keeps its jobs, which platforms it is on, what it can do. */
export interface Config {
  /** What the bot is called in logs and on pages. */
  readonly name: string;
  readonly storage: Storage;
  readonly adapters: readonly Adapter[];
  readonly plugins: readonly Plugin[];
  readonly server?: ServerConfig;
  /** Handlers that run at once; those that only wait for a rate limit do not count. @default 64 */
  readonly concurrency?: number;
  /** How long running handlers get when the bot stops. @default "20s" */
  readonly stopTimeout?: Duration;
  /** Messages that were missed, while the bot was down or cut off, are read back from platforms that have a history. `false`: they are not. */
  readonly heal?: HealConfig | false;
  /**
   * Encrypts stored tokens; at least 16 characters. Several, the newest first: tokens under an older one can still be read.
   * Needed by adapters that are installed by OAuth.
   */
  readonly secret?: string | readonly string[] | undefined;
}

/** Where the bot listens for webhooks. */
export interface ServerConfig {
  /** @default 3000 */
  readonly port?: number;
  /** The address to bind. @default 127.0.0.1 while a sandbox is on, else every address */
  readonly host?: string | undefined;
  /** The public base URL, for links and OAuth redirects. */
  readonly url?: string | undefined;
  /** The largest body of a request, in bytes; a larger one gets 413. @default 1_000_000 */
  readonly bodyLimit?: number;
}

/**
 * Declares a bot: where it keeps its jobs, which platforms it is on and what it can do.
 *
 * @example
 * export default defineConfig({
 *   name: "moe",
 *   storage: sqlite({ file: "data/hobnob.db" }),
 *   adapters: [slack({ token: process.env.SLACK_BOT_TOKEN, signingSecret: process.env.SLACK_SIGNING_SECRET })],
 *   plugins: [pizza()],
 * });
 */
export function defineConfig(config: Config): Config {
  return config;
}

const KEYS = ["name", "storage", "adapters", "plugins", "server", "concurrency", "stopTimeout", "heal", "secret"];

/** Refuses a config that is not one, with a message that says what, where and how to mend it. @throws HobnobError `CONFIG_*` */
export function checkConfig(config: unknown): asserts config is Config {
  if (typeof config !== "object" || config === null) {
    throw new HobnobError(
      "CONFIG_INVALID",
      "The config's default export is not an object. Write `export default defineConfig({ … })`.",
    );
  }
  for (const key of Object.keys(config)) {
    if (!KEYS.includes(key))
      throw new HobnobError("CONFIG_INVALID", `Unknown key \`${key}\` in the config${suggest(key, KEYS)}.`);
  }
  const { name, storage, adapters, plugins, concurrency, stopTimeout } = config as Partial<Config>;
  if (typeof name !== "string" || name === "") {
    throw new HobnobError("CONFIG_INVALID", `\`name\` in the config must be a text, got ${JSON.stringify(name)}.`);
  }
  if (typeof storage?.add !== "function") {
    throw new HobnobError(
      "CONFIG_INVALID",
      '`storage` in the config must be a storage, for example sqlite({ file: "data/hobnob.db" }).',
    );
  }
  checkList("adapters", "slack()", adapters, (adapter) => typeof adapter.start === "function");
  checkList("plugins", "pizza()", plugins, (plugin) => typeof plugin.setup === "function");
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new HobnobError(
      "CONFIG_INVALID",
      `\`concurrency\` in the config must be a whole number above 0, got ${concurrency}.`,
    );
  }
  if (stopTimeout !== undefined && parseDuration(stopTimeout) === undefined) {
    const given = JSON.stringify(stopTimeout);
    throw new HobnobError(
      "CONFIG_INVALID",
      `\`stopTimeout\` in the config must be a duration such as "20s", got ${given}.`,
    );
  }
  checkHeal((config as Partial<Config>).heal);
  const known = (adapters as readonly Adapter[]).map((adapter) => adapter.name);
  for (const plugin of plugins as readonly Plugin[]) checkScope(plugin, known);
}

const SCOPE_KEYS = ["on", "channels", "name"];

function checkScope({ name, scope }: Plugin, adapters: readonly string[]): void {
  const invalid = (message: string) => new HobnobError("CONFIG_INVALID", message);
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]*$/i.test(name)) {
    throw invalid(`A plugin is called ${JSON.stringify(name)}. Use letters, digits and hyphens.`);
  }
  for (const [key, value] of Object.entries(scope)) {
    if (!SCOPE_KEYS.includes(key)) {
      throw invalid(`Plugin \`${name}\`: where it is on has no \`${key}\`${suggest(key, SCOPE_KEYS)}.`);
    }
    if (key === "name" || value === undefined) continue;
    if (!Array.isArray(value) || value.some((each) => typeof each !== "string")) {
      throw invalid(`Plugin \`${name}\`: \`${key}\` must be a list of texts, got ${JSON.stringify(value)}.`);
    }
  }
  for (const on of scope.on ?? []) {
    if (adapters.includes(on)) continue;
    throw invalid(`Plugin \`${name}\` is enabled on \`${on}\`, and no adapter has that name${suggest(on, adapters)}.`);
  }
}

const HEAL_KEYS = ["maxAge", "conversations"];
const OLDEST_HEALED = "48h";

function checkHeal(heal: Config["heal"]): void {
  if (heal === undefined || heal === false) return;
  const invalid = (message: string) => new HobnobError("CONFIG_INVALID", message);
  if (typeof heal !== "object" || heal === null) {
    const given = JSON.stringify(heal);
    throw invalid(`\`heal\` in the config must be false, or an object such as { maxAge: "1h" }, got ${given}.`);
  }
  for (const key of Object.keys(heal)) {
    if (!HEAL_KEYS.includes(key)) {
      throw invalid(`Unknown key \`${key}\` under \`heal\` in the config${suggest(key, HEAL_KEYS)}.`);
    }
  }
  const { maxAge = "1h", conversations = 1 } = heal;
  const ms = parseDuration(maxAge);
  // Dedupe records live for 72 hours: what is older than they are would be handled twice.
  if (ms === undefined || ms > parseDuration(OLDEST_HEALED)!) {
    const given = JSON.stringify(maxAge);
    throw invalid(
      `\`heal.maxAge\` in the config must be a duration such as "1h", at most "${OLDEST_HEALED}", got ${given}.`,
    );
  }
  if (!(Number.isInteger(conversations) && conversations > 0)) {
    throw invalid(`\`heal.conversations\` in the config must be a whole number above 0, got ${conversations}.`);
  }
}

function checkList<T extends { readonly name: string }>(
  key: string,
  example: string,
  list: readonly T[] | undefined,
  fits: (item: T) => boolean,
): void {
  if (!Array.isArray(list))
    throw new HobnobError("CONFIG_INVALID", `\`${key}\` in the config must be a list, for example [${example}].`);
  const seen = new Set<string>();
  list.forEach((item: T, index) => {
    if (typeof item === "function") {
      throw new HobnobError("CONFIG_INVALID", `\`${key}[${index}]\` in the config is a function. Call it: ${example}.`);
    }
    if (typeof item !== "object" || item === null || !fits(item)) {
      throw new HobnobError(
        "CONFIG_INVALID",
        `\`${key}[${index}]\` in the config does not fit there. Expected something like ${example}.`,
      );
    }
    if (seen.has(item.name)) {
      throw new HobnobError(
        "CONFIG_DUPLICATE",
        `\`${item.name}\` is listed twice under \`${key}\` in the config. List it once, or give one another name.`,
      );
    }
    seen.add(item.name);
  });
}
