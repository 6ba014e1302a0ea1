/** Where an answer goes by default. For a top-level message in a channel, `thread` names the thread that message starts. */
export interface Conversation {
  /** Name of the adapter that serves it. */
  readonly adapter: string;
  /** Workspace, license or number, for an adapter that serves several. */
  readonly account?: string;
  /** The platform's id of the channel, direct message, chat or number. */
  readonly id: string;
  readonly thread?: string;
  readonly isDirect: boolean;
}

/** A person, or a bot. */
export interface User {
  readonly id: string;
  /** What people call them; the id where the platform did not send a name. */
  readonly name: string;
  /** First and last name, where the platform tells them apart from what people call them. */
  readonly fullName?: string;
  readonly isBot: boolean;
  /** True when the author is this bot itself: core never hands such an event to a plugin. */
  readonly isSelf?: boolean;
  /** A member of the staff, where the platform tells staff and customers apart. */
  readonly isAgent?: boolean;
  readonly email?: string;
  /** For example `Europe/Paris`. */
  readonly timeZone?: string;
}

/**
 * Who sees a text. `agents`: only the staff, where the platform tells staff and customers apart.
 * `author`: only the person who is answered, where the platform can. Elsewhere it is an ordinary reply.
 */
export type Visibility = "everyone" | "agents" | "author";

/** A file that came in (with `url`), or one to send (with `data`, or a `url` the platform can fetch). */
export interface Attachment {
  readonly name: string;
  /** For example `image/png`. */
  readonly mimeType: string;
  /** In bytes. */
  readonly size?: number;
  readonly url?: string;
  readonly data?: Uint8Array;
  /** What the picture shows, for people who cannot see it. */
  readonly altText?: string;
}

interface EventBase {
  /** The platform's id of what this is about: the message, or for an action and a command the interaction itself. */
  readonly id: string;
  /**
   * Deliveries of one conversation with the same key are one event.
   * @default the `id`; of an edit also its time; of a reaction also who, what and when
   */
  readonly key?: string;
  readonly conversation: Conversation;
  readonly author: User;
  /** ISO 8601, UTC. */
  readonly sentAt: string;
  /**
   * The adapter's own note of how to answer this very event (a callback address, the post to reply to), as small JSON.
   * It travels with the job and comes back in `OutgoingReply.replyTo`; nobody else reads it.
   */
  readonly replyTo?: unknown;
  /** The platform's own payload, kept in the job only for handlers registered with `{ raw: true }`. Core never reads it. */
  readonly raw?: unknown;
}

/** Somebody said something. Plain JSON without methods, so that a job can carry it over a restart. */
export interface Message extends EventBase {
  readonly kind: "message";
  /** Plain text; the bot's own mention is taken out by position. */
  readonly text: string;
  /** The bot was named, or this is a direct conversation. */
  readonly isMention: boolean;
  readonly attachments: readonly Attachment[];
  readonly permalink?: string;
  /** Who could see it, where not everyone: a note among the staff. @default "everyone" */
  readonly visibility?: Visibility;
}

/** A person changed a message; `text` is the new text. */
export interface Edited extends EventBase {
  readonly kind: "edited";
  readonly text: string;
  readonly previousText?: string;
  readonly isMention: boolean;
  readonly attachments: readonly Attachment[];
}

/** A person deleted a message. */
export interface Deleted extends EventBase {
  readonly kind: "deleted";
  readonly previousText?: string;
}

/** Somebody added an emoji to the message `id`, or took it back. */
export interface Reaction extends EventBase {
  readonly kind: "reaction";
  /** The platform's short name without colons, for example `white_check_mark`. */
  readonly name: string;
  readonly added: boolean;
}

/** Somebody pressed a button. */
export interface Action extends EventBase {
  readonly kind: "action";
  /** The button's id. */
  readonly name: string;
  readonly value?: string;
  /** The message the button stands in. */
  readonly messageId?: string;
}

/** Somebody used a slash command. */
export interface Command extends EventBase {
  readonly kind: "command";
  /** Without the slash. */
  readonly name: string;
  readonly text: string;
}

/** Everything that can come in. */
export type Event = Message | Edited | Deleted | Reaction | Action | Command;
/** The kinds of events: `message`, `edited`, `deleted`, `reaction`, `action`, `command`. */
export type EventKind = Event["kind"];
/** The event of one kind: `EventOf<"reaction">` is `Reaction`. */
export type EventOf<K extends EventKind> = Extract<Event, { readonly kind: K }>;
