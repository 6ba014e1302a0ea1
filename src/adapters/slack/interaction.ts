import type { Action, Command } from "../../core/index.ts";
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
import { sourceOf } from "./source.ts";
import { isoOfTs, readTs } from "./ts.ts";

/** How an interaction can be answered where the bot is no member. */
export interface ReplyNote {
  readonly responseUrl: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

const RESPONSE_URL_LIFE = 30 * 60_000;

/** A slash command. It carries neither a time nor a thread. https://docs.slack.dev/interactivity/implementing-slash-commands */
export function parseCommand(body: Fields, context: ParseContext): Command {
  const id = readString(body, "trigger_id");
  const channel = readString(body, "channel_id");
  const user = readString(body, "user_id");
  return {
    kind: "command",
    id,
    key: `command:${id}`,
    conversation: conversationOf({
      adapter: context.adapter,
      account: sourceOf(body).account,
      id: channel,
      thread: undefined,
      isDirect: channel.startsWith("D"),
    }),
    author: { id: user, name: maybeString(body, "user_name") ?? user, isBot: false },
    name: readString(body, "command").replace(/^\//, ""),
    text: maybeString(body, "text") ?? "",
    sentAt: new Date(context.receivedAt).toISOString(),
    ...replyNote(body, context.receivedAt),
    raw: body,
  };
}

/** A pressed button or a chosen option in a message. https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
export function parseAction(body: Fields, context: ParseContext): Action | undefined {
  const [action] = readList(body, "actions");
  if (!isFields(action)) throw malformed("`actions` holds no action");
  const channel = maybeFields(body, "channel");
  // Without a channel it was pressed in a modal or on the app's home page: there is no conversation to answer in.
  if (channel === undefined) return undefined;
  const id = readString(body, "trigger_id");
  const actionTs = readTs(action, "action_ts");
  const container = maybeFields(body, "container") ?? {};
  const message = maybeFields(body, "message") ?? {};
  const user = readFields(body, "user");
  const userId = readString(user, "id");
  const channelId = readString(channel, "id");
  const isDirect = channelId.startsWith("D");
  const messageId = maybeString(container, "message_ts") ?? maybeString(message, "ts");
  const value = maybeString(action, "value") ?? maybeString(maybeFields(action, "selected_option") ?? {}, "value");
  const root = maybeString(message, "thread_ts") ?? maybeString(container, "thread_ts");
  return {
    kind: "action",
    id,
    key: `action:${id}:${actionTs}`,
    conversation: conversationOf({
      adapter: context.adapter,
      account: sourceOf(body).account,
      id: channelId,
      // An ephemeral message begins no thread.
      thread: root ?? (isDirect || container.is_ephemeral === true ? undefined : messageId),
      isDirect,
    }),
    author: { id: userId, name: maybeString(user, "name") ?? maybeString(user, "username") ?? userId, isBot: false },
    name: readString(action, "action_id"),
    ...(value !== undefined && { value }),
    ...(messageId !== undefined && { messageId }),
    sentAt: isoOfTs(actionTs),
    ...replyNote(body, context.receivedAt),
    raw: body,
  };
}

function replyNote(body: Fields, receivedAt: number): { readonly replyTo?: ReplyNote } {
  const responseUrl = maybeString(body, "response_url");
  return responseUrl === undefined ? {} : { replyTo: { responseUrl, until: receivedAt + RESPONSE_URL_LIFE } };
}
