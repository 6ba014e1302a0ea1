import type { Attachment, Conversation, Visibility } from "./message.ts";

/** A button under a reply. Pressing it comes back as an `action` event with this `id`; with `url` it opens a page instead. */
export interface Button {
  readonly id: string;
  readonly label: string;
  readonly value?: string;
  readonly url?: string;
  readonly style?: "primary" | "danger";
}

/** What a plugin says: Markdown text, or text with something beside it. */
export type Reply =
  | string
  | {
      /** Markdown. */
      readonly text?: string;
      readonly attachments?: readonly Attachment[];
      readonly buttons?: readonly Button[];
      /** @default "everyone" */
      readonly visibility?: Visibility;
      /** `false`: outside of the thread. @default where the message stands; in a channel that is a thread of its own */
      readonly inThread?: boolean;
      /**
       * Content of a platform's own kind, by the platform's name, passed through as it is: for Slack a list of Block Kit
       * blocks. It is shown in place of the text there; elsewhere, and in notifications, the text is.
       */
      readonly native?: Readonly<Record<string, unknown>>;
    };

/** One post, as an adapter gets it: complete, and short enough for the platform's text limit. */
export interface OutgoingReply {
  /** Names this post for ever. An adapter that can leaves it in the platform's own metadata, and `find` looks for it there. */
  readonly ref: string;
  /** Markdown. */
  readonly text: string;
  readonly attachments: readonly Attachment[];
  readonly buttons: readonly Button[];
  readonly visibility: Visibility;
  /** The person who is answered, for `visibility: "author"`. */
  readonly author?: string;
  /** When the job began to exist, ms since 1970: nothing `find` looks for is older. */
  readonly since: number;
  /** The event's `replyTo`, when this answers in the conversation of the event. */
  readonly replyTo?: unknown;
  /** The reply's `native` content for this platform. */
  readonly native?: unknown;
}

/** A post that the platform has taken. */
export interface SentMessage {
  readonly id: string;
  readonly conversation: Conversation;
}
