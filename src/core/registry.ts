import type { Adapter } from "./adapter.ts";
import { type Duration, parseDuration } from "./clock.ts";
import { errorMessage, HobnobError } from "./errors.ts";
import type { Log } from "./log.ts";
import { createPatternIndex, matchPattern, type PatternIndex } from "./match.ts";
import type { Conversation, Event } from "./message.ts";
import type {
  DeferOptions,
  Handler,
  HandlerOptions,
  Job,
  Patterns,
  Plugin,
  PluginBot,
  ScheduleOptions,
} from "./plugin.ts";
import { createPolicy, type Policy } from "./policy.ts";
import type { Reply } from "./reply.ts";
import type { Store } from "./store.ts";
import type { Vault } from "./vault.ts";

/** A handler as registered. */
export interface Registered {
  readonly plugin: PluginState;
  /** Unique within its plugin; stored with every job. */
  readonly name: string;
  /** The lower one was registered first. */
  readonly order: number;
  readonly handler: Handler;
  readonly options: HandlerOptions;
  readonly policy: Policy;
  /** The name of the handler that tells people when a job of this one is dead. */
  readonly failed: string | undefined;
  /** What the context says about the match, found again when a stored job runs. */
  matched(event: Event | undefined): Matched;
}

export interface Matched {
  readonly args: string;
  readonly match: RegExpExecArray | undefined;
}

export interface PluginState {
  readonly name: string;
  readonly index: number;
  readonly store: Store;
  readonly log: Log;
  allows(conversation: Conversation): boolean;
}

export interface Schedule {
  readonly entry: Registered;
  readonly when: Duration | string;
  readonly timeZone: string;
}

export type PluginWebhook = (request: Request) => Response | Promise<Response>;

/** All handlers of all plugins, arranged for looking up. */
export interface Registry {
  readonly patterns: PatternIndex<Registered>;
  /** By the first word of the command, in lower case. */
  readonly commands: ReadonlyMap<string, readonly { readonly words: string; readonly entry: Registered }[]>;
  readonly mentions: readonly Registered[];
  readonly byKind: ReadonlyMap<string, readonly Registered[]>;
  readonly fallbacks: readonly Registered[];
  readonly schedules: readonly Schedule[];
  readonly webhooks: ReadonlyMap<string, PluginWebhook>;
  /** Some handler answers other bots. */
  readonly answersBots: boolean;
  /** All of them, in the order registered. */
  readonly entries: readonly Registered[];
  find(plugin: string, name: string): Registered | undefined;
}

export interface RegistryOptions {
  readonly plugins: readonly Plugin[];
  readonly adapters: readonly Adapter[];
  readonly url: string;
  now(): number;
  storeOf(plugin: string): Store;
  vaultOf(plugin: string): Vault;
  logOf(plugin: string): Log;
  defer(job: Job<unknown>, payload: unknown, options: DeferOptions): Promise<boolean>;
  send(plugin: string, to: Conversation, reply: Reply, options: DeferOptions): Promise<boolean>;
}

const NOTHING: Matched = { args: "", match: undefined };

/** Runs every plugin's `setup` and collects what it registers. @throws HobnobError for bad options and bad handlers */
export async function createRegistry(options: RegistryOptions): Promise<Registry> {
  const patterns = createPatternIndex<Registered>();
  const commands = new Map<string, { words: string; entry: Registered }[]>();
  const mentions: Registered[] = [];
  const byKind = new Map<string, Registered[]>();
  const fallbacks: Registered[] = [];
  const schedules: Schedule[] = [];
  const webhooks = new Map<string, PluginWebhook>();
  const byName = new Map<string, Registered>();
  let order = 0;

  for (const [index, plugin] of options.plugins.entries()) {
    const state: PluginState = {
      name: plugin.name,
      index,
      store: options.storeOf(plugin.name),
      log: options.logOf(plugin.name),
      allows: scopeOf(plugin),
    };
    let isOpen = true;

    // Handlers are typed by what they listen to; from here on the dispatch guarantees that they get it.
    function register(
      name: string,
      handler: unknown,
      handlerOptions: Omit<HandlerOptions<never>, "failed"> & { readonly failed?: unknown },
      matched?: Registered["matched"],
    ) {
      const who = `Plugin \`${plugin.name}\`, handler \`${handlerOptions.name ?? name}\``;
      if (!isOpen)
        throw new HobnobError("REGISTERED_LATE", `${who} was registered after setup had ended. Register it in setup.`);
      if (typeof handler !== "function") throw new HobnobError("HANDLER_OPTIONS", `${who} is not a function.`);
      const entry: Registered = {
        plugin: state,
        name: uniqueName(byName, plugin.name, handlerOptions.name ?? name),
        order: order++,
        handler: handler as Handler,
        options: handlerOptions as HandlerOptions,
        policy: createPolicy(handlerOptions, who),
        failed:
          handlerOptions.failed === undefined
            ? undefined
            : register(`${handlerOptions.name ?? name}/failed`, handlerOptions.failed, {}).name,
        matched: matched ?? (() => NOTHING),
      };
      byName.set(`${plugin.name}\n${entry.name}`, entry);
      return entry;
    }

    const bot: PluginBot = {
      hears(given, handler, handlerOptions = {}) {
        const list = asList(plugin.name, given);
        const entry = register(`hears:${list.join(",")}`, handler, handlerOptions, (event) => {
          if (event?.kind !== "message") return NOTHING;
          for (const pattern of list) {
            const found = matchPattern(pattern, event.text);
            if (found !== undefined) return { args: "", match: found.match };
          }
          return NOTHING;
        });
        for (const pattern of list) patterns.add(pattern, entry);
      },
      command(given, handler, handlerOptions = {}) {
        const names = asList(plugin.name, given).map((name) => foldCommand(String(name)));
        if (names.includes("")) {
          throw new HobnobError("HANDLER_OPTIONS", `Plugin \`${plugin.name}\`: a command must have a name.`);
        }
        const entry = register(`command:${names.join(",")}`, handler, handlerOptions, (event) => {
          if (event?.kind === "command") return { args: event.text.trim(), match: undefined };
          if (event?.kind !== "message") return NOTHING;
          const found = names.map((name) => commandArgs(name, event.text)).find((args) => args !== undefined);
          return { args: found ?? "", match: undefined };
        });
        for (const words of names) push(commands, words.split(" ")[0]!, { words, entry });
      },
      mention: (handler, handlerOptions = {}) => void mentions.push(register("mention", handler, handlerOptions)),
      on: (kind, handler, handlerOptions = {}) => push(byKind, kind, register(`on:${kind}`, handler, handlerOptions)),
      fallback: (handler, handlerOptions = {}) => void fallbacks.push(register("fallback", handler, handlerOptions)),
      job(name, handler, jobOptions = {}) {
        return { plugin: plugin.name, name: register(`job:${name}`, handler, jobOptions).name };
      },
      every(when, handler, scheduleOptions: ScheduleOptions = {}) {
        const entry = register(`every:${when}`, handler, scheduleOptions);
        if (typeof when === "number" || parseDuration(when) !== undefined) checkInterval(when, entry);
        schedules.push({ entry, when, timeZone: scheduleOptions.timeZone ?? "UTC" });
      },
      webhook(path, handler) {
        const who = `Plugin \`${plugin.name}\`, webhook ${path}`;
        if (!isOpen)
          throw new HobnobError(
            "REGISTERED_LATE",
            `${who} was registered after setup had ended. Register it in setup.`,
          );
        if (!path.startsWith("/")) {
          throw new HobnobError(
            "HANDLER_OPTIONS",
            `Plugin \`${plugin.name}\`: the path of a webhook begins with a slash, got ${JSON.stringify(path)}.`,
          );
        }
        if (webhooks.has(path) || options.adapters.some(({ paths }) => paths.includes(path))) {
          throw new HobnobError(
            "CONFIG_DUPLICATE",
            `Plugin \`${plugin.name}\`: the path ${path} is taken already. Choose another.`,
          );
        }
        webhooks.set(path, handler);
      },
      defer: (job, payload, deferOptions = {}) => options.defer(job, payload, deferOptions),
      send: (to, reply, deferOptions = {}) => options.send(plugin.name, to, reply, deferOptions),
      store: state.store,
      vault: options.vaultOf(plugin.name),
      url: options.url,
      now: options.now,
      log: state.log,
    };
    register(SEND_JOB, sendHandler, {});
    await setUp(plugin, bot);
    isOpen = false;
  }

  const entries = [...byName.values()];
  return {
    patterns,
    commands,
    mentions,
    byKind,
    fallbacks,
    schedules,
    webhooks,
    answersBots: entries.some(({ options }) => options.bots === true),
    entries,
    find: (plugin, name) => byName.get(`${plugin}\n${name}`),
  };
}

/** The name of the job behind `bot.send`. */
export const SEND_JOB = "send";

const sendHandler: Handler<Event, { readonly to: Conversation; readonly reply: Reply }> = (ctx) =>
  ctx.send(ctx.payload.to, ctx.payload.reply);

/** The text after a command, when the text begins with it; undefined when it does not. */
export function commandArgs(words: string, text: string): string | undefined {
  const trimmed = text.trim().replace(/^\//, "");
  let at = 0;
  for (const word of words.split(" ")) {
    while (at > 0 && isSpace(trimmed[at])) at += 1;
    if (trimmed.slice(at, at + word.length).toLowerCase() !== word) return undefined;
    at += word.length;
    if (at < trimmed.length && !isSpace(trimmed[at])) return undefined;
  }
  return trimmed.slice(at).trim();
}

/** A command as it is compared: lower case, single spaces, no slash. */
export function foldCommand(name: string): string {
  return name.trim().replace(/^\//, "").replace(/\s+/g, " ").toLowerCase();
}

const isSpace = (char: string | undefined) => char !== undefined && /\s/.test(char);

function scopeOf({ scope: { on, channels } }: Plugin): (conversation: Conversation) => boolean {
  if (on === undefined && channels === undefined) return () => true;
  const adapters = on === undefined ? undefined : new Set(on);
  const ids = channels === undefined ? undefined : new Set(channels);
  return ({ adapter, id }) => (adapters?.has(adapter) ?? true) && (ids?.has(id) ?? true);
}

function uniqueName(taken: ReadonlyMap<string, Registered>, plugin: string, name: string): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}#${n}`;
    if (!taken.has(`${plugin}\n${candidate}`)) return candidate;
  }
}

function checkInterval(when: Duration | string, { plugin, name }: Registered) {
  const ms = parseDuration(when);
  if (ms === undefined || ms < 1000) {
    throw new HobnobError(
      "HANDLER_OPTIONS",
      `Plugin \`${plugin.name}\`, handler \`${name}\`: an interval is at least one second, got ${JSON.stringify(when)}.`,
    );
  }
}

function asList(plugin: string, given: Patterns): readonly (string | RegExp)[] {
  const list: unknown = typeof given === "string" || given instanceof RegExp ? [given] : given;
  const fits = (each: unknown): each is string | RegExp => typeof each === "string" || each instanceof RegExp;
  if (Array.isArray(list) && list.length > 0 && list.every(fits)) return list;
  throw new HobnobError(
    "HANDLER_OPTIONS",
    `Plugin \`${plugin}\`: what is listened for must be a word, an expression, or a list of them, got ${JSON.stringify(list)}.`,
  );
}

async function setUp(plugin: Plugin, bot: PluginBot): Promise<void> {
  try {
    await plugin.setup(bot);
  } catch (error) {
    if (error instanceof HobnobError) throw error;
    const at = /\((?:file:\/\/)?([^()]+:\d+):\d+\)|at (?:async )?(?:file:\/\/)?(\/[^()]+:\d+):\d+/.exec(
      (error as Error)?.stack ?? "",
    );
    const place = at === null ? "" : ` (${at[1] ?? at[2]})`;
    const what = errorMessage(error).split("\n", 1)[0]!.replace(/\.$/, "");
    throw new HobnobError("PLUGIN_SETUP", `Plugin \`${plugin.name}\` failed in its setup: ${what}${place}.`, {
      cause: error,
    });
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V) {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
