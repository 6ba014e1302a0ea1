import { createHash } from "node:crypto";
import type { Action, Deleted, Edited, Event, Message } from "../../core/index.ts";
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
import { type AnswerNote, type Chat, chatOf, type ParseContext, parseAuthor, parseMessage } from "./message.ts";

/** A webhook's body without its secret. The old form called `payload` `data`, and named no organization. */
export interface Envelope {
  readonly action: string;
  readonly organization: string | undefined;
  readonly license: string | undefined;
  readonly payload: Fields;
  /** Who is in the chat, as far as the webhook tells. */
  readonly present: readonly string[];
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

function parseEdited(event: Fields, chat: Chat, context: ParseContext): Edited | undefined {
  const message = parseMessage(event, chat, context);
  if (message === undefined) return undefined;
  const { kind: _, visibility: __, ...rest } = message;
  // The time is that of the message: the text tells one edit from the next, but for one that comes back to an earlier text.
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

function readUsers(from: Fields): Fields[] {
  return readList(from, "users").filter(isFields);
}

// A number in the old form.
function maybeId(from: Fields, key: string): string | undefined {
  return typeof from[key] === "number" ? String(from[key]) : maybeString(from, key);
}
