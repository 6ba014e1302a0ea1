import type { Adapter, Event, Visibility, WebhookRequest, WebhookResponse } from "../../core/index.ts";

/** What can go wrong with a call to the platform: "too many", a failure, silence, or an answer that is lost on its way back. */
export type Trouble = "429" | "500" | "timeout" | "lost-answer";

/** What not every adapter can do. The first is its HTTP side; the last is something that happens to it. */
export type Ability =
  | "webhook"
  | "edit"
  | "delete"
  | "react"
  | "typing"
  | "find"
  | "threads"
  | "mute"
  | "download"
  | "history"
  | "user"
  | "check"
  | "uninstall";

/** A request before the platform signs it. */
export interface UnsignedRequest {
  readonly body: string | Uint8Array;
  /** @default "application/json" */
  readonly contentType?: string;
}

/** A post of the bot as people on the platform see it. */
export interface ShownPost {
  readonly text: string;
  readonly attachments: readonly { readonly name: string }[];
  readonly buttons: readonly { readonly label: string; readonly url?: string }[];
  /** Who sees it. @default "everyone" */
  readonly visibility?: Visibility;
}

/** The bot, as the platform reaches it. */
export interface BotSide {
  /** Hands a request to the bot and resolves with its answer; never rejects. */
  deliver(request: WebhookRequest): Promise<WebhookResponse>;
}

/**
 * The other side of an adapter: a simulator, or a fake of the author's own. It has one conversation in which people
 * speak so that the bot hears them and is allowed to answer.
 */
export interface PlatformUnderTest extends AsyncDisposable {
  /** A new one, connected to this platform and not started. Keep its time-out short, and its pace off. */
  readonly adapter: Adapter;
  /** Public base URL of the bot. @default "http://127.0.0.1" */
  readonly url?: string;
  /** Every credential and token: none of them may get into logs, errors or findings. */
  readonly secrets: readonly string[];
  /** A URL of a PNG that adapter and platform can fetch, where replies with such files are to be checked. */
  readonly fileUrl?: string;
  /** Makes the bot hear and speak there; called once it has started. */
  install?(): Promise<void>;
  /** Takes the bot away again. */
  uninstall?(): Promise<void>;
  /** Somebody speaks; the platform tells the bot by `BotSide.deliver`. */
  say(text: string): Promise<void>;
  /** Somebody sends a file. */
  sendFile?(file: { readonly name: string; readonly data: Uint8Array }): Promise<void>;
  /** What the bot has said in this conversation, the oldest first. */
  posts(): Promise<readonly ShownPost[]>;
  /** The next calls that post something go wrong, so many times. "Too many" asks for the shortest pause there is. */
  fail(kind: Trouble, times: number): Promise<void>;
  /** A request as the platform itself would make it around this body. */
  sign(request: UnsignedRequest): WebhookRequest;
  /** The same request as somebody else would make it: with a wrong signature, without one, with another body. */
  forge(request: WebhookRequest): readonly WebhookRequest[];
}

/** What a fixture's event has to have; fields that are left out may be anything. */
export type ExpectedEvent = { readonly kind: Event["kind"] } & Readonly<Record<string, unknown>>;

/** A request as the platform makes it, and what it means. */
export interface EventFixture extends UnsignedRequest {
  /** For the check's name: "a reply in a thread". */
  readonly name: string;
  /** In their order; none for what no plugin can ask for. */
  readonly events: readonly ExpectedEvent[];
}

/** An adapter with all that the contract needs to know of it. */
export interface AdapterSubject {
  /** What it can do: these members, and no other optional ones, are there. */
  readonly abilities: readonly Ability[];
  /** From whom the platform can keep a post: one to the staff, one to a single person. @default none */
  readonly audiences?: readonly Exclude<Visibility, "everyone">[];
  /** How long a post may be. */
  readonly longestPost: number;
  /** The length of a post as the platform counts. @default characters */
  measure?(text: string): number;
  readonly fixtures: readonly EventFixture[];
  /** A new platform where nothing was said yet. */
  open(bot: BotSide): Promise<PlatformUnderTest>;
}
