import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Conversation, Event, Message, User } from "./message.ts";
import type { OutgoingReply, Reply, SentMessage } from "./reply.ts";
import type { Store } from "./store.ts";

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
  /** The length of a Markdown text once rendered for the platform. @default characters of the Markdown */
  measure?(text: string): number;
  /** Seconds the platform waits for an acknowledgement. */
  readonly ackSeconds: number;
  /** The acknowledgement itself can carry a text to the conversation. */
  readonly inlineAck: boolean;
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
  readonly headers?: Readonly<Record<string, string>>;
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

/** What the bot gives an adapter at `start`. */
export interface AdapterHost {
  readonly receive: Receive;
  /** The adapter's own durable state: tokens, cursors. */
  readonly store: Store;
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
  /** Messages of a conversation after `since` (ms since 1970), oldest first. */
  history?(conversation: Conversation, since: number): AsyncIterable<Message>;
  /** A person by id, with the e-mail address where the platform tells it. */
  user?(id: string, account?: string): Promise<User | undefined>;
  /** Is this set up right? */
  check?(): AsyncIterable<Finding>;
}
