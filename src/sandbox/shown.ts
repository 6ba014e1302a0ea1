/** Who added an emoji to a message. */
export interface ShownReaction {
  readonly name: string;
  readonly users: readonly string[];
}

/** A message as people see it. */
export interface ShownMessage {
  readonly id: string;
  readonly author: string;
  /** The bot that is being tried out, not a person and not another bot. */
  readonly self: boolean;
  readonly bot: boolean;
  readonly text: string;
  /** The root message's id for an answer in a thread. */
  readonly thread: string | null;
  readonly visibility: "everyone" | "agents" | "author";
  readonly attachments: readonly {
    readonly name: string;
    readonly mimeType: string;
    readonly url: string;
    /** What is to be seen, in words. */
    readonly altText?: string;
  }[];
  readonly buttons: readonly { readonly id: string; readonly label: string; readonly url?: string }[];
  readonly reactions: readonly ShownReaction[];
  readonly edited: boolean;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** A place where people talk. */
export interface ShownConversation {
  /** What the control API calls it. */
  readonly name: string;
  /** The platform's own id. */
  readonly id: string;
  readonly label: string;
  readonly isDirect: boolean;
}

/** What the page needs to draw a platform. */
export interface Overview {
  readonly platform: string;
  readonly title: string;
  readonly apps: readonly { readonly name: string; readonly bot: string; readonly webhook: string }[];
  readonly conversations: readonly ShownConversation[];
  readonly people: readonly string[];
  /** The API method a bot posts with, for setting faults on it. */
  readonly replyMethod: string;
  /** What people can do there beside speaking: the optional methods that the simulator has. */
  readonly can: readonly (
    | "edit"
    | "delete"
    | "react"
    | "press"
    | "command"
    | "thread"
    | "file"
    | "install"
    | "uninstall"
  )[];
  /** The first conversation to show; empty for a service where nobody talks, which has no column on the page. */
  readonly home: string;
}
