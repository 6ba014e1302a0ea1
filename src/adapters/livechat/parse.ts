import { createHash } from "node:crypto";
import type { Action, Attachment, Conversation, Deleted, Edited, Event, Message, User } from "../../core/index.ts";
import {
  type Fields,
  isFields,
  malformed,
  maybeFields,
  maybeString,
  readFields,
  readList,
  readString,
} from "../shared/fields.ts";

/** A webhook's body without its secret. The old form called `payload` `data`, and named no organization. */
export interface Envelope {
  readonly action: string;
  readonly organization: string | undefined;
  readonly license: string | undefined;
  readonly payload: Fields;
  /** Who is in the chat, as far as the webhook tells. */
  readonly present: readonly string[];
}

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

/** What a body says: events, and what was wrong with the parts that could not be read. */
export interface Parsed {
  readonly events: readonly Event[];
  readonly problems: readonly unknown[];
}

/** @throws HobnobError `WEBHOOK_INVALID` */
export function parseEnvelope({ secret_key: _, ...body }: Fields): Envelope {
  const more = maybeFields(body, "additional_data");
  const present = more === undefined ? [] : readList(more, "chat_presence_user_ids");
  return {
    action: readString(body, "action"),
    organization: maybeString(body, "organization_id"),
    license: maybeId(body, "license_id"),
    payload: maybeFields(body, "payload") ?? readFields(body, "data"),
    present: present.filter((id) => typeof id === "string"),
  };
}

/**
 * The events of a webhook. One that cannot be read does not keep the others from being.
 * https://platform.text.com/docs/management/webhooks
 * @throws HobnobError `WEBHOOK_INVALID` when nothing of it can be read
 */
export function parseWebhook({ action, payload, present }: Envelope, context: ParseContext): Parsed {
  switch (action) {
    case "incoming_chat":
    case "incoming_chat_thread":
      return parseOpening(readFields(payload, "chat"), context);
    case "incoming_event": {
      const chat = chatOf(readString(payload, "chat_id"), { users: readUsers(payload), present }, context);
      return one(parseMessage(readFields(payload, "event"), chat, context));
    }
    case "event_updated": {
      const chat = chatOf(readString(payload, "chat_id"), { users: readUsers(payload), present }, context);
      return one(parseEdited(readFields(payload, "event"), chat, context));
    }
    case "event_deleted":
      return one(parseDeleted(payload, context));
    case "incoming_rich_message_postback":
      return one(parsePostback(payload, context));
    default:
      return { events: [], problems: [] };
  }
}

/** A message event of a chat's history. */
export function parseHistoric(event: Fields, chat: string, context: ParseContext): Message | undefined {
  return parseMessage(event, chatOf(chat, { users: [], present: [] }, context), context);
}

interface Chat {
  readonly conversation: Conversation;
  readonly users: readonly Fields[];
}

const one = (event: Event | undefined): Parsed => ({ events: event === undefined ? [] : [event], problems: [] });

/** A chat that begins with a message is told of only here: no `incoming_event` follows for it. */
function parseOpening(chat: Fields, context: ParseContext): Parsed {
  const users = readUsers(chat);
  const thread = readFields(chat, "thread");
  const place = chatOf(readString(chat, "id"), { users, present: [] }, context);
  const messages: Message[] = [];
  const problems: unknown[] = [];
  for (const event of readList(thread, "events")) {
    try {
      if (!isFields(event)) throw malformed("`events` holds something that is no event");
      const message = parseMessage(event, place, context);
      if (message !== undefined) messages.push(message);
    } catch (error) {
      problems.push(error);
    }
  }
  if (messages.length < 2) return { events: messages, problems };
  const opening = readString(thread, "id");
  return {
    events: messages.map((message) => ({ ...message, replyTo: { ...(message.replyTo as AnswerNote), opening } })),
    problems,
  };
}

// Forms, system notes, rich messages of bots: nobody said anything.
const SPOKEN = ["message", "file"];

function parseMessage(event: Fields, { conversation, users }: Chat, context: ParseContext): Message | undefined {
  if (!SPOKEN.includes(readString(event, "type"))) return undefined;
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

function parseEdited(event: Fields, chat: Chat, context: ParseContext): Edited | undefined {
  const message = parseMessage(event, chat, context);
  if (message === undefined) return undefined;
  const { kind: _, visibility: __, ...rest } = message;
  // The time is that of the message: only the text tells one edit from the next.
  const digest = createHash("sha256").update(message.text).digest("base64url").slice(0, 16);
  return { ...rest, kind: "edited", key: `${message.id}:${digest}` };
}

function parseDeleted(payload: Fields, context: ParseContext): Deleted {
  return {
    kind: "deleted",
    id: readString(payload, "event_id"),
    conversation: chatOf(readString(payload, "chat_id"), { users: [], present: [] }, context).conversation,
    // LiveChat does not say whose it was.
    author: { id: "unknown", name: "unknown", isBot: false },
    sentAt: new Date(context.receivedAt).toISOString(),
    raw: payload,
  };
}

function parsePostback(payload: Fields, context: ParseContext): Action | undefined {
  const postback = readFields(payload, "postback");
  // Taken back.
  if (postback.toggled === false) return undefined;
  const name = readString(postback, "id");
  const user = readString(payload, "user_id");
  const messageId = readString(payload, "event_id");
  const value = maybeString(postback, "button_value");
  return {
    kind: "action",
    id: `${messageId}:${name}:${user}`,
    conversation: chatOf(readString(payload, "chat_id"), { users: [], present: [] }, context).conversation,
    author: parseAuthor(user, { users: [], isWhisper: false }, context),
    name,
    messageId,
    sentAt: new Date(context.receivedAt).toISOString(),
    ...(value !== undefined && { value }),
    raw: payload,
  };
}

/** A chat that the bot is part of is a conversation with it. */
function chatOf(
  id: string,
  { users, present }: { readonly users: readonly Fields[]; readonly present: readonly string[] },
  { adapter, account, botId, isVisiting }: ParseContext,
): Chat {
  const isPart =
    present.includes(botId) ||
    users.some((user) => user.id === botId && user.present !== false && user.visibility !== "agents");
  return { conversation: { adapter, account, id, isDirect: isPart && !isVisiting(id) }, users };
}

// Customers have UUIDs, agents addresses, bots 32 hexadecimal digits; the list of users knows better where there is one.
function parseAuthor(
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

function readUsers(from: Fields): Fields[] {
  return readList(from, "users").filter(isFields);
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

// A number in the old form.
function maybeId(from: Fields, key: string): string | undefined {
  return typeof from[key] === "number" ? String(from[key]) : maybeString(from, key);
}
