import type { Attachment, Conversation, Deleted, Edited, Event, Message, Reaction, User } from "../../core/index.ts";
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
import { conversationOf, type ParseContext } from "./conversation.ts";
import { parseAction, parseCommand } from "./interaction.ts";
import { authorizationOf, sourceOf } from "./source.ts";
import { readText } from "./text.ts";
import { isoOfTs, readTs } from "./ts.ts";

/** Where a message stands, and who reads it. */
export interface Place {
  readonly adapter: string;
  readonly account: string | undefined;
  /** The app that reads. */
  readonly app: string | undefined;
  isSelf(id: string): boolean;
}

/**
 * One Slack request body as an event, or undefined when it is of a kind that Hobnob does not tell plugins about.
 * https://docs.slack.dev/apis/events-api
 * @throws HobnobError `WEBHOOK_INVALID` when a field that counts is missing or of a wrong type
 */
export function parseBody(body: Fields, context: ParseContext): Event | undefined {
  if (typeof body.command === "string") return parseCommand(body, context);
  if (body.type === "block_actions") return parseAction(body, context);
  if (body.type !== "event_callback") return undefined;
  const granted = authorizationOf(body);
  // A user's authorization names that person, who is not the bot.
  const own = granted && granted.is_bot !== false ? maybeString(granted, "user_id") : undefined;
  return parseEvent(readFields(body, "event"), {
    adapter: context.adapter,
    account: sourceOf(body).account,
    app: maybeString(body, "api_app_id"),
    isSelf: (id) => id === own || context.self.has(id),
  });
}

/** The inner event of an envelope, or one message of a conversation's history. */
export function parseEvent(event: Fields, place: Place): Event | undefined {
  switch (readString(event, "type")) {
    case "app_mention":
    case "message":
      return parseMessageEvent(event, place);
    case "reaction_added":
      return parseReaction(event, place, true);
    case "reaction_removed":
      return parseReaction(event, place, false);
    default:
      return undefined;
  }
}

// Other subtypes tell of joins, topics and the like: nobody said anything.
const SPOKEN: readonly unknown[] = [undefined, null, "file_share", "thread_broadcast", "me_message", "bot_message"];

function parseMessageEvent(event: Fields, place: Place): Message | Edited | Deleted | undefined {
  if (event.subtype === "message_changed") return parseEdited(event, place);
  if (event.subtype === "message_deleted") return parseDeleted(event, place);
  if (!SPOKEN.includes(event.subtype)) return undefined;
  const channel = readString(event, "channel");
  const ts = readTs(event, "ts");
  const conversation = parseConversation(event, event, ts, place);
  const { text, named } = readText(maybeString(event, "text") ?? "", place.isSelf);
  return {
    kind: "message",
    id: ts,
    // Channel and ts, because a mention comes twice: as `message` and as `app_mention`, with an event_id each.
    key: `${channel}:${ts}`,
    conversation,
    author: parseAuthor(event, place),
    text,
    isMention: named || conversation.isDirect || event.type === "app_mention",
    attachments: parseFiles(event),
    sentAt: isoOfTs(ts),
    raw: event,
  };
}

// Link previews and reply counts also arrive as message_changed; only a person's edit has both `edited` and another text.
function parseEdited(event: Fields, place: Place): Edited | undefined {
  const message = readFields(event, "message");
  const previous = maybeFields(event, "previous_message");
  const edited = maybeFields(message, "edited");
  if (!SPOKEN.includes(message.subtype) || edited === undefined) return undefined;
  const source = maybeString(message, "text") ?? "";
  const before = previous && (maybeString(previous, "text") ?? "");
  if (source === before) return undefined;
  const ts = readTs(message, "ts");
  const editedTs = readTs(edited, "ts");
  const conversation = parseConversation(event, message, ts, place);
  const { text, named } = readText(source, place.isSelf);
  return {
    kind: "edited",
    id: ts,
    key: `${readString(event, "channel")}:${ts}:${editedTs}`,
    conversation,
    author: parseAuthor(message, place),
    text,
    ...(before !== undefined && { previousText: readText(before, place.isSelf).text }),
    isMention: named || conversation.isDirect,
    attachments: parseFiles(message),
    sentAt: isoOfTs(editedTs),
    raw: event,
  };
}

function parseDeleted(event: Fields, place: Place): Deleted | undefined {
  const ts = readTs(event, "deleted_ts");
  const previous = maybeFields(event, "previous_message");
  if (!SPOKEN.includes(previous?.subtype)) return undefined;
  return {
    kind: "deleted",
    id: ts,
    key: `deleted:${readString(event, "channel")}:${ts}`,
    conversation: parseConversation(event, previous ?? {}, ts, place),
    author: previous ? parseAuthor(previous, place) : { id: "unknown", name: "unknown", isBot: false },
    ...(previous && { previousText: readText(maybeString(previous, "text") ?? "", place.isSelf).text }),
    sentAt: isoOfTs(readTs(event, "event_ts" in event ? "event_ts" : "ts")),
    raw: event,
  };
}

function parseReaction(event: Fields, place: Place, added: boolean): Reaction | undefined {
  const item = readFields(event, "item");
  if (item.type !== "message") return undefined;
  const channel = readString(item, "channel");
  const ts = readTs(item, "ts");
  const name = readString(event, "reaction");
  const user = readString(event, "user");
  const eventTs = readTs(event, "event_ts");
  return {
    kind: "reaction",
    id: ts,
    // The event's own time tells adding again after taking back from a redelivery.
    key: `reaction:${channel}:${ts}:${user}:${name}:${added}:${eventTs}`,
    conversation: parseConversation(item, item, ts, place),
    author: parseAuthor(event, place),
    name,
    added,
    sentAt: isoOfTs(eventTs),
    raw: event,
  };
}

/** `event` names the channel, `message` the thread. A top-level message of a channel begins the thread that answers go to. */
function parseConversation(event: Fields, message: Fields, ts: string, place: Place): Conversation {
  const id = readString(event, "channel");
  const isDirect = maybeString(event, "channel_type") === "im" || id.startsWith("D");
  const root = maybeString(message, "thread_ts") === undefined ? undefined : readTs(message, "thread_ts");
  return conversationOf({ ...place, id, thread: root ?? (isDirect ? undefined : ts), isDirect });
}

function parseAuthor(message: Fields, place: Place): User {
  const user = maybeString(message, "user");
  const bot = maybeString(message, "bot_id");
  const id = user ?? bot;
  if (id === undefined) throw malformed("it has no author");
  const profile = maybeFields(message, bot === undefined ? "user_profile" : "bot_profile");
  const name =
    maybeString(message, "username") ??
    (profile && (maybeString(profile, "display_name") ?? maybeString(profile, "name"))) ??
    id;
  const isBot = bot !== undefined || message.subtype === "bot_message";
  // Posts of this very app stay its own after the bot's ids have changed.
  const app =
    bot === undefined ? undefined : (maybeString(message, "app_id") ?? (profile && maybeString(profile, "app_id")));
  const isSelf =
    (user !== undefined && place.isSelf(user)) ||
    (bot !== undefined && place.isSelf(bot)) ||
    (app !== undefined && app === place.app);
  return isSelf ? { id, name, isBot, isSelf } : { id, name, isBot };
}

function parseFiles(message: Fields): readonly Attachment[] {
  if (message.files === undefined) return [];
  return readList(message, "files").flatMap((file) => {
    if (!isFields(file)) throw malformed("`files` holds something that is no file");
    // A file that was deleted, or that Slack Connect holds back, has no address.
    const url = maybeString(file, "url_private_download") ?? maybeString(file, "url_private");
    if (url === undefined) return [];
    const altText = maybeString(file, "alt_txt");
    return {
      name: maybeString(file, "name") ?? "file",
      mimeType: maybeString(file, "mimetype") ?? "application/octet-stream",
      ...(typeof file.size === "number" && { size: file.size }),
      url,
      ...(altText !== undefined && { altText }),
    };
  });
}
