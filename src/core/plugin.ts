import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Finding, Muted, Thread, ThreadQuery, UnreadChannel } from "./adapter.ts";
import type { Duration } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Attachment, Command, Conversation, Event, EventKind, EventOf, Message, User } from "./message.ts";
import type { Reply, SentMessage } from "./reply.ts";
import type { Store } from "./store.ts";
import type { Vault } from "./vault.ts";

/** A reply that was sent. What the platform cannot do is absent. */
export interface SentReply extends SentMessage {
  edit?(reply: Reply): Promise<void>;
  delete?(): Promise<void>;
  /** Its address for people. */
  permalink?(): Promise<string | undefined>;
}

/** What a handler gets. Everything it says or does through `ctx` happens once, however often the job runs. */
export interface Context<E extends Event | undefined = Event, P = undefined> {
  /** What came in. In a job: the event of the handler that deferred it; undefined when none did. */
  readonly event: E;
  /** The same as `event`, for handlers of messages. */
  readonly message: [E] extends [Message] ? E : never;
  /** What `defer` was given. */
  readonly payload: P;
  /** The text after a command, trimmed; empty elsewhere. */
  readonly args: string;
  /** What the handler's regular expression matched. */
  readonly match: RegExpExecArray | undefined;

  /** Answers where the event came from. Resolves once the platform has it. */
  reply(reply: Reply): Promise<SentReply>;
  /** Says something elsewhere. */
  send(to: Conversation, reply: Reply): Promise<SentReply>;
  /** Answers with a text that grows: by editing one message where the platform can, else as a whole at the end. */
  stream(parts: AsyncIterable<string>, options?: StreamOptions): Promise<SentReply>;
  /** A post of an earlier job, with what can still be done with it; also a message that came in, to ask for its address. */
  sent(message: SentMessage): SentReply;
  /** Adds an emoji to the message that came in, or whose button was pressed; absent where the platform cannot, and for slash commands. */
  react?(name: string): Promise<void>;
  /** Shows that an answer is on its way, where the platform can; never fails. */
  typing?(): Promise<void>;
  /** A person by id, with the e-mail address where the platform tells it. */
  user?(id: string): Promise<User | undefined>;
  /** Messages of this conversation after `since` (ms since 1970), oldest first. */
  history?(since: number): AsyncIterable<Message>;
  /** Threads of this workspace last updated within a time. */
  threads?(query: Omit<ThreadQuery, "account">): AsyncIterable<Thread | UnreadChannel>;
  /** Ends that a person is told of the thread at this address. */
  mute?(link: string, person: string): Promise<Muted>;
  /** The bytes of a file that came in. */
  download?(file: Attachment, options?: { readonly maxBytes?: number }): Promise<Uint8Array>;
  /**
   * Runs `fn` unless an earlier attempt did, and gives its result as JSON keeps it: a `Date` is a text, nothing is null. The
   * key is unique within the handler. @throws HobnobError `ONCE_RESULT`, `ONCE_TWICE`
   */
  once<T>(key: string, fn: () => T | Promise<T>): Promise<T>;
  /** Queues a job; it is stored with the verdict of this one, so a handler that fails defers nothing. */
  defer<Q>(job: Job<Q>, payload: Q, options?: DeferOptions): void;

  /** The immediate text, where it was sent as a message. */
  readonly ack: SentReply | undefined;
  /** The platform's name, to be told to others (a backend, a help desk); what a platform can do is asked with `can`. */
  readonly platform: string;
  /** Can the platform of this conversation do it? */
  can(what: Capability): boolean;
  readonly store: Store;
  /** Aborted on time-out and when the bot stops. Pass it to `fetch`. */
  readonly signal: AbortSignal;
  /** 1 for the first. */
  readonly attempt: number;
  readonly log: Log;
}

/** What `ctx.can` may be asked: methods of an adapter that some platforms lack. */
export type Capability =
  | "edit"
  | "delete"
  | "react"
  | "typing"
  | "find"
  | "history"
  | "user"
  | "threads"
  | "mute"
  | "download"
  | "permalink";

/** How `ctx.stream` shows a text. */
export interface StreamOptions {
  /** What is shown of the text so far. @default all of it, as it is */
  readonly render?: (text: string) => string;
}

/** When a deferred job runs, and after which others. */
export interface DeferOptions {
  /** How long to wait first. @default 0 */
  readonly delay?: Duration;
  /** A job with this key is queued once; later ones are dropped until 72 hours after it ended. */
  readonly key?: string;
  /** Jobs of one lane run one after another. @default in a handler its own lane, that is plugin and conversation; elsewhere none */
  readonly lane?: string;
  /** Where the job is at home: `ctx.reply` goes there, and what `ctx.can` is asked is asked of its platform. @default in a handler where it is; elsewhere nowhere */
  readonly conversation?: Conversation;
}

/** Delays between attempts: `delay · factor^(n-1)`, at most `max`, shortened by up to `jitter` of itself at random. */
export interface Backoff {
  /** @default "1s" */
  readonly delay?: Duration;
  /** @default 3 */
  readonly factor?: number;
  /** @default "5m" */
  readonly max?: Duration;
  /** Between 0 and 1. @default 0.3 */
  readonly jitter?: number;
}

/** How a handler is run and tried again. */
export interface JobOptions {
  /** Runs before the job becomes a dead letter. @default 8 */
  readonly attempts?: number;
  readonly backoff?: Backoff;
  /** How long one run may take; waiting for a rate limit does not count. @default "60s" */
  readonly timeout?: Duration;
  /** Which workers may run it. @default "default" */
  readonly pool?: string;
  /** The handler's name in stored jobs. Set it to rename or reorder handlers while jobs wait. @default made from what it listens to */
  readonly name?: string;
}

/** What is done about a job that nobody could do. */
export interface FailedOption<E extends Event | undefined = Event, P = undefined> {
  /** Runs once, as a job of its own, when the job has become a dead letter: to tell the person that nothing comes. */
  readonly failed?: Handler<E, P>;
}

/** How a handler of events is run, and what it wants to hear. */
export interface HandlerOptions<E extends Event = Event> extends JobOptions, FailedOption<E> {
  /** The immediate text: it goes out before the handler runs, with the acknowledgement where the platform can. */
  readonly ack?: Reply | ((event: E) => Reply | undefined);
  /** Keep the platform's own payload in the job as `event.raw`. @default false */
  readonly raw?: boolean;
  /** Answer other bots too. @default false */
  readonly bots?: boolean;
  /** Which events, before anything is stored of them; `raw` is there to look at. Must be quick, and change nothing. @default all */
  readonly accepts?: (event: E) => boolean;
  /** Only where the platform can do this; elsewhere the handler hears nothing. */
  readonly needs?: Capability;
  /** What is said when the event could not be stored, if saying it is possible at all; the platform delivers the event again. */
  readonly unstored?: Reply;
  /** Takes the jobs of this handler out of the plugin's lane into one of this name beside it, in each conversation: to stop what is running, for example. */
  readonly lane?: string;
}

/** How a scheduled handler is run. */
export interface ScheduleOptions extends JobOptions {
  /** Of a cron expression. @default "UTC" */
  readonly timeZone?: string;
}

/** A kind of job of this plugin, made by `bot.job`. */
export interface Job<P> {
  readonly plugin: string;
  readonly name: string;
  /** Only carries the payload's type. */
  readonly payload?: P;
}

/** What a plugin does about an event. What it returns is awaited and thrown away. */
export type Handler<E extends Event | undefined = Event, P = undefined> = (ctx: Context<E, P>) => unknown;

/** What a plugin's `setup` gets: it says what it wants to hear of. */
export interface PluginBot {
  /** Messages that hold one of these words or phrases as whole words, in any case, or that match one of these expressions. */
  hears(patterns: Patterns, handler: Handler<Message>, options?: HandlerOptions<Message>): void;
  /** Messages to the bot (by mention or directly) that begin with one of these commands, and slash commands of this name. */
  command(
    names: string | readonly string[],
    handler: Handler<Message | Command>,
    options?: HandlerOptions<Message | Command>,
  ): void;
  /** Every message to the bot, by mention or directly. */
  mention(handler: Handler<Message>, options?: HandlerOptions<Message>): void;
  /** Every event of a kind. */
  on<K extends EventKind>(kind: K, handler: Handler<EventOf<K>>, options?: HandlerOptions<EventOf<K>>): void;
  /** A message to the bot that no plugin wanted. */
  fallback(handler: Handler<Message>, options?: HandlerOptions<Message>): void;

  /**
   * A kind of job to `defer` to. `P` must be JSON. `E` is `Event` for one that only handlers of events defer to: from
   * elsewhere it comes without an event.
   */
  job<P, E extends Event | undefined = Event | undefined>(
    name: string,
    handler: Handler<E, P>,
    options?: JobOptions & FailedOption<E, P>,
  ): Job<P>;
  /** Runs at an interval, or at the times of a cron expression; once for a whole fleet. A time missed while the bot was down is made up for once. */
  every(when: Duration | (string & {}), handler: Handler<never>, options?: ScheduleOptions): void;
  /** An HTTP endpoint of the plugin's own. Answer 2xx only after `defer` has resolved. */
  webhook(path: string, handler: (request: Request) => Response | Promise<Response>): void;
  /** Queues a job from outside a handler. Resolves once it is stored, with false when its key was queued before. */
  defer<P>(job: Job<P>, payload: P, options?: DeferOptions): Promise<boolean>;
  /** Says something, once, from outside a handler. Resolves once it is stored, with false when its key was queued before. */
  send(to: Conversation, reply: Reply, options?: DeferOptions): Promise<boolean>;

  readonly store: Store;
  /** The same for tokens: encrypted. */
  readonly vault: Vault;
  /** Public base URL of the bot, without a slash at the end. */
  readonly url: string;
  /** The time by the bot's clock, ms since 1970. */
  now(): number;
  readonly log: Log;
}

/** A word or phrase (whole words, any case), a regular expression, or several of them. */
export type Pattern = string | RegExp;
/** One pattern or several; any of them will do. */
export type Patterns = Pattern | readonly Pattern[];

/** Where a plugin is enabled; everywhere by default. */
export interface Scope {
  /** Names of adapters. */
  readonly on?: readonly string[];
  /** Ids of conversations, without their threads. */
  readonly channels?: readonly string[];
  /** What this one is called, for a plugin that stands in the config more than once. @default the plugin's name */
  readonly name?: string;
}

/** A plugin with its options, as it stands in the config. */
export interface Plugin {
  readonly name: string;
  readonly scope: Scope;
  /** Checks the options and registers the handlers. @throws HobnobError `PLUGIN_OPTIONS` */
  setup(bot: PluginBot): Promise<void>;
  /** The options' schema, for tools that draw a form of it. */
  readonly options: StandardSchemaV1 | undefined;
  /** The service beside the platforms that it speaks with, where the sandbox can stand in for that. */
  readonly service?: PluginService;
}

/** A plugin's connection to a service that is no platform: a help desk, a backend. */
export interface PluginService {
  /** The service's name in lower case; it finds the simulator. */
  readonly platform: string;
  /** The path of the plugin's webhook that the service calls. */
  readonly webhook?: string;
  /** The environment names of what is not set. */
  readonly missing: readonly string[];
  /** Takes the sandbox's options in place of the missing ones. Called before `setup`. */
  sandbox(options: Readonly<Record<string, string>>): void;
  /** Is it reached, and set up right? Works without `setup`. */
  check?(): AsyncIterable<Finding>;
}
