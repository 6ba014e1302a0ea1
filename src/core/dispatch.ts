import type { Adapter, Receipt } from "./adapter.ts";
import { eventName, laneOf, placeOf } from "./address.ts";
import type { Apologize } from "./apology.ts";
import type { Brake } from "./brake.ts";
import { errorCode, errorMessage } from "./errors.ts";
import type { Heard } from "./heard.ts";
import type { Log } from "./log.ts";
import type { Conversation, Event, Message } from "./message.ts";
import { commandArgs, type Registered, type Registry } from "./registry.ts";
import type { Reply } from "./reply.ts";
import type { NewJob, Storage } from "./storage.ts";
import type { Trace } from "./trace.ts";

/** What a job of an event carries. */
export interface EventPayload {
  readonly event: Event;
  /** The immediate text has still to be sent as a message. */
  readonly ack?: Reply;
}

/** What a stored job carries: an event, or what it was deferred with, or both. */
export interface JobPayload extends Partial<EventPayload> {
  readonly payload?: unknown;
  /** Where it is at home, when that is not where the event came from. */
  readonly home?: Conversation;
}

export interface DispatchOptions {
  readonly registry: Registry;
  readonly storage: Storage;
  readonly brake: Brake;
  readonly log: Log;
  /** Tells the person what can be told when nothing was stored. */
  readonly apologize: Apologize;
  readonly trace: ((trace: Omit<Trace, "at">) => void) | undefined;
  /** Notes how far the adapter was heard. */
  readonly heard?: Heard | undefined;
  /** Called when an event that was missed, and read back, turns out to be new and wanted. Then nobody waits for an acknowledgement. */
  readonly onHealed?: (() => void) | undefined;
}

/** From an event to its jobs: match in memory, then one durable write. Rejects when nothing was stored. */
export async function dispatch(event: Event, adapter: Adapter, options: DispatchOptions): Promise<Receipt> {
  const { storage, heard, onHealed } = options;
  // What is read back was mostly handled long ago: only what is new leaves a trace, and a count among the ignored.
  const isHealed = onHealed !== undefined;
  const trace = isHealed ? undefined : options.trace;
  const name = eventName(event);
  const about = { event: name, adapter: adapter.name, message: event.id };
  trace?.({ stage: "received", ...about });
  const wanting = choose(event, adapter, options);
  const chosen = event.author.isBot ? await unlessBraked(wanting, event, options) : wanting;
  if (chosen.length === 0) {
    if (!isHealed) storage.countIgnored(adapter.name);
    trace?.({ stage: "ignored", ...about });
    heard?.taken(event, false);
    return { event: name, duplicate: false };
  }

  const { jobs, inlineAck } = jobsOf(event, adapter, chosen, options);
  try {
    const isNew = await storage.add({ key: name, jobs });
    trace?.({ stage: isNew ? "stored" : "duplicate", ...about });
    heard?.taken(event, true);
    if (!isNew) return { event: name, duplicate: true };
    if (event.author.isBot) await options.brake.count(placeOf(event.conversation), storage);
    if (isHealed) {
      for (const stage of ["received", "stored"] as const) options.trace?.({ stage, ...about });
      onHealed();
    }
  } catch (error) {
    trace?.({ stage: "refused", ...about });
    heard?.refused(event);
    if (!isHealed) options.apologize(event, adapter, chosen);
    throw error;
  }
  return inlineAck === undefined
    ? { event: name, duplicate: false }
    : { event: name, duplicate: false, ack: inlineAck };
}

/** A job for each handler, and the one immediate text that goes out with the acknowledgement. */
function jobsOf(
  event: Event,
  adapter: Adapter,
  chosen: readonly Registered[],
  { log, onHealed }: DispatchOptions,
): { readonly jobs: readonly NewJob[]; readonly inlineAck: Reply | undefined } {
  let inlineAck: Reply | undefined;
  const jobs = chosen.map((entry, index): NewJob => {
    const text = ackOf(entry, event, log);
    const isInline =
      text !== undefined && inlineAck === undefined && onHealed === undefined && takesInline(adapter, event, text);
    if (isInline) inlineAck = text;
    const own = event.raw === undefined || entry.options.raw ? event : withoutRaw(event);
    // What one plugin does to its event must not reach another's.
    const kept = index === 0 ? own : structuredClone(own);
    const payload: EventPayload = text === undefined || isInline ? { event: kept } : { event: kept, ack: text };
    const plugin = entry.plugin.name;
    const lane = laneOf(event.conversation, plugin);
    return {
      lane: entry.options.lane === undefined ? lane : `${lane}/${entry.options.lane}`,
      pool: entry.policy.pool,
      adapter: adapter.name,
      plugin,
      handler: entry.name,
      payload,
    };
  });
  return { jobs, inlineAck };
}

function takesInline({ limits: { inlineAck } }: Adapter, event: Event, ack: Reply): boolean {
  return typeof inlineAck === "function" ? inlineAck(event, ack) : inlineAck;
}

// Without its immediate text a plugin still answers; refused for it, the event would be lost to all the others too.
function ackOf({ plugin, name, options: { ack } }: Registered, event: Event, log: Log): Reply | undefined {
  if (typeof ack !== "function") return ack;
  try {
    return ack(event);
  } catch (error) {
    log.error(
      { plugin: plugin.name, handler: name, code: errorCode(error) },
      `An \`ack\` failed: ${errorMessage(error)}`,
    );
    return undefined;
  }
}

// Handed to the handler when that cannot be said: one event too many harms less than one that is lost.
function accepts({ plugin, name, options: { accepts } }: Registered, event: Event, log: Log): boolean {
  try {
    return accepts === undefined || accepts(event);
  } catch (error) {
    log.error(
      { plugin: plugin.name, handler: name, code: errorCode(error) },
      `An \`accepts\` failed: ${errorMessage(error)}`,
    );
    return true;
  }
}

/** Of each plugin that wants the event its first handler, in the order of the config; else one fallback. */
function choose(
  event: Event,
  adapter: Adapter,
  { registry, storage, brake, log }: DispatchOptions,
): readonly Registered[] {
  const { author, conversation } = event;
  if (author.isSelf) return [];
  if (!author.isBot && registry.answersBots) brake.release(placeOf(conversation), storage);

  const first: Registered[] = [];
  function isFit(entry: Registered): boolean {
    const { bots, needs } = entry.options;
    if ((author.isBot && !bots) || !entry.plugin.allows(conversation)) return false;
    return (needs === undefined || adapter[needs] !== undefined) && accepts(entry, event, log);
  }
  const consider = (entry: Registered) => {
    if (!isFit(entry)) return;
    const at = first.findIndex(({ plugin }) => plugin === entry.plugin);
    if (at < 0) first.push(entry);
    else if (entry.order < first[at]!.order) first[at] = entry;
  };

  const listeners = registry.byKind.get(event.kind);
  if (listeners !== undefined) for (const entry of listeners) consider(entry);
  if (event.kind === "message") considerMessage(event, registry, consider);
  if (event.kind === "command") {
    for (const { words, entry } of registry.commands.get(event.name.toLowerCase()) ?? []) {
      if (!words.includes(" ")) consider(entry);
    }
  }
  if (first.length === 0) {
    if (event.kind !== "message" || !event.isMention) return first;
    const fallback = registry.fallbacks.find(isFit);
    if (fallback === undefined) return first;
    first.push(fallback);
  }
  return first.length > 1 ? first.sort((a, b) => a.plugin.index - b.plugin.index) : first;
}

async function unlessBraked(
  chosen: readonly Registered[],
  { conversation }: Event,
  { storage, brake, log }: DispatchOptions,
): Promise<readonly Registered[]> {
  if (chosen.length === 0 || !(await brake.isOn(placeOf(conversation), storage))) return chosen;
  log.warn(
    { adapter: conversation.adapter, conversation: conversation.id },
    "Another bot keeps answering: no more answers to it until a person speaks.",
  );
  return [];
}

function considerMessage(message: Message, registry: Registry, consider: (entry: Registered) => void) {
  for (const { value } of registry.patterns.match(message.text)) consider(value);
  if (!message.isMention) return;
  for (const entry of registry.mentions) consider(entry);
  if (registry.commands.size === 0) return;
  const word = /^\s*\/?(\S+)/.exec(message.text)?.[1]?.toLowerCase();
  if (word === undefined) return;
  for (const { words, entry } of registry.commands.get(word) ?? []) {
    if (commandArgs(words, message.text) !== undefined) consider(entry);
  }
}

// A copy of the whole is several times cheaper than one of all but this.
function withoutRaw(event: Event): Event {
  return { ...event, raw: undefined };
}
