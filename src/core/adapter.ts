import type { Clock } from "./clock.ts";
import type { HobnobError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { Attachment, Conversation, Event, Message, User } from "./message.ts";
import type { OutgoingReply, Reply, SentMessage } from "./reply.ts";
import type { Store } from "./store.ts";
import type { Vault } from "./vault.ts";

/** How fast posts may leave for one destination: a token bucket. */
export interface Pace {
  /** Posts that may leave at once. */
  readonly burst: number;
  /** Posts a second after that. */
  readonly perSecond: number;
}

/** What the platform allows: how long a post may be, how fast posts may leave, how long it waits for an answer. */
export interface Limits {
  /** The longest text of one post, in the unit of `measure`. Longer replies are split without losing a character. */
  readonly textLength: number;
  /** The same where conversations differ, for example public posts and direct messages. @default `textLength` */
  textLengthIn?(to: Conversation): number;
  /** The length of a Markdown text once rendered for the platform. @default characters of the Markdown */
  measure?(text: string, to: Conversation): number;
  /** Seconds the platform waits for an acknowledgement. */
  readonly ackSeconds: number;
  /** The acknowledgement itself can carry a text to the conversation; a function where that depends on the event or the text. */
  readonly inlineAck: boolean | ((event: Event, ack: Reply) => boolean);
  readonly pace?: Pace | undefined;
}

/** An HTTP request as plain data. `body` holds the bytes that were signed. */
export interface WebhookRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

/** An HTTP answer as plain data. */
export interface WebhookResponse {
  readonly status: number;
  /** Several values of one name are a list. Length, date and connection are the server's. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  /** The event this answer acknowledges, for the trace. */
  readonly acknowledges?: string;
}

/** What became of an event. `ack` is the immediate text to answer with, where the platform takes one. */
export interface Receipt {
  /** Names the event in traces and logs. */
  readonly event: string;
  readonly duplicate: boolean;
  readonly ack?: Reply;
}

/** Resolves once the event is stored; only then may an adapter acknowledge. Rejects when it is not: answer 503. */
export type Receive = (event: Event) => Promise<Receipt>;

/** A thread as a list shows it. */
export interface Thread {
  readonly conversation: Conversation;
  readonly title: string;
  /** Name of the channel it stands in. */
  readonly channel: string;
  /** Id of the person who began it. */
  readonly creator: string;
  /** Of the last message, ms since 1970. */
  readonly updatedAt: number;
  readonly isClosed: boolean;
  readonly permalink?: string;
  /** Ids of those who take part, and of whoever spoke last, where the platform tells. */
  readonly participants?: readonly string[];
  readonly lastAuthor?: string;
  /** Seen by the bot, and nobody knows whether the query's `viewer` may see it too. */
  readonly isBotsView?: boolean;
}

/** A channel whose threads could not be read; the others are listed all the same. */
export interface UnreadChannel {
  readonly channel: string;
  readonly error: HobnobError;
}

/**
 * What became of a wish to hear no more of a thread: done for the person; done for the account that the adapter speaks
 * with, which nobody knows to be the person's; or no thread has this address.
 */
export type Muted = "person" | "bot" | "no thread";

/** Which threads `threads` lists: of all channels that are not archived. */
export interface ThreadQuery {
  /** Workspace, for an adapter that serves several. */
  readonly account?: string;
  /** Through whose eyes: with the person's own token where there is one, so that nothing shows that they could not see. */
  readonly viewer?: string;
  /** Both ends included, ms since 1970. */
  readonly updatedFrom: number;
  readonly updatedTo: number;
  readonly signal?: AbortSignal;
}

/** How a conversation is read back. */
export interface HistoryOptions {
  /** Only what the platform tells the bot of by itself, each message as it would have come: its deliveries were missed. */
  readonly asHeard?: boolean;
}

/** What the bot gives an adapter at `start`. */
export interface AdapterHost {
  readonly receive: Receive;
  /** False in a process that only sends: what waits for events there (a connection, a registration) is another's. @default true */
  readonly receives?: boolean;
  /**
   * False while other processes may have this one's jobs: nothing may leave then. To be asked as close to the wire as can be,
   * since a process may be frozen at any moment. @default always true
   */
  readonly maySend?: () => boolean;
  /** Counts an event of a kind that no plugin can ask for. */
  ignore(): void;
  /** To be called when events come in again after a connection was lost: what was said meanwhile is looked for in `history`. */
  reconnected?(): void;
  /** The adapter's own durable state: cursors, opt-outs. */
  readonly store: Store;
  /** The same for tokens: encrypted. */
  readonly vault: Vault;
  /** Public base URL of the bot, without a slash at the end: for links, redirects and signatures over URLs. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** One finding of `check`: what is wrong (or right) and what to change, where. */
export interface Finding {
  readonly level: "ok" | "warning" | "error";
  /** The option or environment variable it is about. */
  readonly subject: string;
  readonly message: string;
}

/** What `check` may ask for. */
export interface CheckSetup {
  /** The bot's public base URL, where one is configured. */
  readonly url: string | undefined;
  /** Milliseconds since 1970. */
  now(): number;
}

/** What a manifest is made for. */
export interface ManifestSetup {
  /** The bot's public base URL without a slash at the end, where one is known. */
  readonly url: string | undefined;
  readonly botName: string;
  /** Single words that plugins take as commands. */
  readonly commands: readonly string[];
}

/**
 * One connection to a platform. What the platform cannot do is an absent method.
 * Calls that fail throw `RateLimitError` or `DeliveryError`.
 */
export interface Adapter {
  /** Unique in the config; part of every conversation. */
  readonly name: string;
  /** The platform's name as people know it in lower case; it finds the simulator. */
  readonly platform: string;
  readonly limits: Limits;
  /** Where `webhook` is mounted, for example `["/slack/events"]`. */
  readonly paths: readonly string[];
  /** The environment names of credentials that are not set. */
  readonly missing: readonly string[];

  /** Takes the sandbox's credentials in place of the missing ones. Called before `start`. */
  sandbox?(credentials: Readonly<Record<string, string>>): void;
  start(host: AdapterHost): Promise<void>;
  send(to: Conversation, reply: OutgoingReply): Promise<SentMessage>;
  webhook?(request: WebhookRequest): Promise<WebhookResponse>;
  stop?(): Promise<void>;

  edit?(sent: SentMessage, reply: OutgoingReply): Promise<void>;
  delete?(sent: SentMessage): Promise<void>;
  /** Adds an emoji (short name without colons) to a message; adding it twice is no error. */
  react?(to: SentMessage, name: string): Promise<void>;
  typing?(to: Conversation): Promise<void>;
  /** Did this post get through? Looked up by `reply.ref` before a post in doubt is sent again. `unknown`: of this one, the platform does not tell. */
  find?(to: Conversation, reply: OutgoingReply): Promise<SentMessage | undefined | "unknown">;
  /** Threads last updated within a time, channel by channel. What `viewer` has no token for is listed as the bot sees it. */
  threads?(query: ThreadQuery): AsyncIterable<Thread | UnreadChannel>;
  /** Ends that a person is told of the thread at this address for people, with the person's own token where there is one. */
  mute?(link: string, who: { readonly account?: string | undefined; readonly person: string }): Promise<Muted>;
  /** The bytes of a file that came in; its `url` may need the platform's credentials. @throws DeliveryError permanent when it is larger than `maxBytes` */
  download?(
    file: Attachment,
    options?: { readonly account?: string | undefined; readonly maxBytes?: number },
  ): Promise<Uint8Array>;
  /** Messages of a conversation after `since` (ms since 1970), oldest first. */
  history?(conversation: Conversation, since: number, options?: HistoryOptions): AsyncIterable<Message>;
  /** A person by id, with the e-mail address where the platform tells it. */
  user?(id: string, account?: string): Promise<User | undefined>;
  /** The address of a message for people; undefined where this one has none. */
  permalink?(message: SentMessage): Promise<string | undefined>;
  /** Is this set up right? Works without `start`. */
  check?(setup: CheckSetup): AsyncIterable<Finding>;
  /** A description from which the platform sets the app up by itself, as JSON. Works without `start`. */
  manifest?(setup: ManifestSetup): unknown;
}
