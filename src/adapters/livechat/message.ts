import type { Attachment, Conversation, Message, User } from "../../core/index.ts";
import { type Fields, isFields, maybeString, readString } from "../shared/fields.ts";

/** Who reads, and when. */
export interface ParseContext {
  readonly adapter: string;
  readonly account: string;
  readonly botId: string;
  readonly botName: string;
  /** The bot is in this chat only for a whisper: nobody speaks to it. */
  isVisiting(chat: string): boolean;
  /** For events without a time. Milliseconds since 1970. */
  readonly receivedAt: number;
}

/** How to answer an event; travels with it as its `replyTo`. */
export interface AnswerNote {
  /** The staff among themselves: an answer must not reach the customer. */
  readonly isWhisper?: true;
  /** Somebody of the staff said it. */
  readonly fromAgent?: true;
  /** One of several messages that a chat began with: names that beginning. */
  readonly opening?: string;
}

/** A chat and who is in it. */
export interface Chat {
  readonly conversation: Conversation;
  readonly users: readonly Fields[];
}

// In forms, system notes and rich messages of bots nobody said anything.
const SPOKEN = ["message", "file"];

/** What somebody said, or undefined when the event is of another kind. @throws HobnobError `WEBHOOK_INVALID` */
export function parseMessage(event: Fields, { conversation, users }: Chat, context: ParseContext): Message | undefined {
  if (!SPOKEN.includes(readString(event, "type"))) return undefined;
  // What a pressed button says in its presser's name: the press is told of by itself, and one press is one event.
  if (isFields(event.postback)) return undefined;
  const isWhisper = isForStaff(event);
  const author = parseAuthor(readString(event, "author_id"), { users, isWhisper }, context);
  const { text, named } = readText(event, context.botName);
  const note: AnswerNote = { ...(isWhisper && { isWhisper }), ...(author.isAgent && { fromAgent: true }) };
  return {
    kind: "message",
    id: readString(event, "id"),
    conversation,
    author,
    text,
    isMention: named || conversation.isDirect,
    attachments: event.type === "file" ? [parseFile(event)] : [],
    sentAt: readTime(event, context.receivedAt),
    ...(isWhisper && { visibility: "agents" }),
    ...(Object.keys(note).length > 0 && { replyTo: note }),
    raw: event,
  };
}

/** A chat that the bot is part of is a conversation with it. */
export function chatOf(
  id: string,
  { users, present }: { readonly users: readonly Fields[]; readonly present: readonly string[] },
  { adapter, account, botId, isVisiting }: ParseContext,
): Chat {
  const isPart =
    present.includes(botId) ||
    users.some((user) => user.id === botId && user.present !== false && user.visibility !== "agents");
  return { conversation: { adapter, account, id, isDirect: isPart && !isVisiting(id) }, users };
}

/** Customers have UUIDs, agents addresses, bots 32 hexadecimal digits; the list of users knows better where there is one. */
export function parseAuthor(
  id: string,
  { users, isWhisper }: { readonly users: readonly Fields[]; readonly isWhisper: boolean },
  { botId }: ParseContext,
): User {
  const user = users.find((one) => one.id === id);
  const isSelf = id === botId;
  const isBot = isSelf || /^[0-9a-f]{32}$/.test(id);
  const isAgent = isWhisper || (user === undefined ? isBot || id.includes("@") : user.type === "agent");
  const email = user && maybeString(user, "email");
  return {
    id,
    name: (user && maybeString(user, "name")) ?? id,
    isBot,
    ...(isSelf && { isSelf }),
    ...(isAgent && { isAgent }),
    ...(email !== undefined && { email }),
  };
}

/** A person of the staff. */
export function isStaff({ isAgent = false, isBot }: User): boolean {
  return isAgent && !isBot;
}

function isForStaff(event: Fields): boolean {
  return (maybeString(event, "visibility") ?? maybeString(event, "recipients")) === "agents";
}

/** The text without the bot's name in front, which calls it: "@Pizza BOT, help". */
function readText(event: Fields, botName: string): { readonly text: string; readonly named: boolean } {
  const text =
    maybeString(event, "text") ?? (event.type === "message" ? maybeString(event, "message") : undefined) ?? "";
  const call = `@${botName}`;
  if (
    text.slice(0, call.length).toLowerCase() !== call.toLowerCase() ||
    /^[\p{L}\p{N}]/u.test(text.slice(call.length))
  ) {
    return { text, named: false };
  }
  return { text: text.slice(call.length).replace(/^[\s,:]+/, ""), named: true };
}

function parseFile(event: Fields): Attachment {
  const altText = maybeString(event, "alternative_text");
  return {
    name: maybeString(event, "name") ?? "file",
    mimeType: maybeString(event, "content_type") ?? "application/octet-stream",
    ...(typeof event.size === "number" && { size: event.size }),
    url: readString(event, "url"),
    ...(altText !== undefined && { altText }),
  };
}

/** LiveChat's time has microseconds; the old form had seconds since 1970. */
function readTime(event: Fields, receivedAt: number): string {
  const { created_at: createdAt, timestamp } = event;
  const time =
    typeof createdAt === "string"
      ? Date.parse(createdAt)
      : typeof timestamp === "number"
        ? timestamp * 1000
        : Number.NaN;
  const isTime = Math.abs(time) <= 8.64e15;
  return new Date(isTime ? time : receivedAt).toISOString();
}
