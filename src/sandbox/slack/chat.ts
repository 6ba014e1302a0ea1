import { type Call, channelOf, fail, type Methods, messageOf } from "./method.ts";
import { mrkdwn } from "./text.ts";
import { wireMessage } from "./wire.ts";
import type { Channel, Metadata, SlackMessage } from "./workspace.ts";

const LONGEST_TEXT = 40_000;
const LONGEST_MARKDOWN = 12_000;
const MOST_BLOCKS = 50;

/** What is shown of a message. */
export interface Content {
  readonly text: string;
  readonly blocks: readonly unknown[] | undefined;
  readonly metadata: Metadata | undefined;
}

/** The content among a call's arguments. @throws HobnobError whose code is Slack's error */
export function contentOf({ args }: Pick<Call, "args">): Content {
  const text = args.text("text");
  const markdown = args.text("markdown_text");
  const blocks = args.json("blocks");
  const metadata = args.json("metadata");
  if (blocks !== undefined && !Array.isArray(blocks)) return fail("invalid_blocks_format");
  if (blocks && blocks.length > MOST_BLOCKS) return fail("invalid_blocks");
  if (markdown !== undefined && (text !== undefined || blocks !== undefined)) return fail("markdown_text_conflict");
  if (text === undefined && markdown === undefined && !blocks?.length) return fail("no_text");
  if ((text?.length ?? 0) > LONGEST_TEXT || (markdown?.length ?? 0) > LONGEST_MARKDOWN) return fail("msg_too_long");
  if (metadata !== undefined && !isMetadata(metadata)) return fail("invalid_metadata_format");
  return { text: text ?? (markdown === undefined ? "" : mrkdwn(markdown)), blocks, metadata };
}

function isMetadata(value: unknown): value is Metadata {
  if (typeof value !== "object" || value === null) return false;
  const { event_type, event_payload } = value as Partial<Metadata>;
  return typeof event_type === "string" && typeof event_payload === "object" && event_payload !== null;
}

function rendered(message: SlackMessage, channel: Channel, { workspace, url }: Call) {
  return wireMessage(message, { workspace, channel, url, withMetadata: true });
}

function ownMessage(call: Call, channel: Channel, error: string): SlackMessage {
  const message = messageOf(call, channel);
  return message.user.id === call.app.user.id ? message : fail(error);
}

export const chatMethods: Methods = {
  "chat.postMessage": (call) => {
    const { args, app, actions } = call;
    const channel = channelOf(call);
    const content = contentOf(call);
    const named = args.text("thread_ts");
    const root = named === undefined ? undefined : channel.messages.get(named);
    const message = actions.post(channel, {
      ...content,
      user: app.user,
      // An answer to an answer hangs on the same root.
      threadTs: root?.threadTs ?? named,
      broadcast: args.flag("reply_broadcast"),
    });
    return { channel: channel.id, ts: message.ts, message: rendered(message, channel, call) };
  },

  "chat.update": (call) => {
    const channel = channelOf(call);
    const message = ownMessage(call, channel, "cant_update_message");
    const { text, blocks, metadata } = contentOf(call);
    call.actions.edit(channel, message, { text, ...(blocks ? { blocks } : {}), ...(metadata ? { metadata } : {}) });
    return { channel: channel.id, ts: message.ts, text, message: rendered(message, channel, call) };
  },

  "chat.delete": (call) => {
    const channel = channelOf(call);
    const message = ownMessage(call, channel, "cant_delete_message");
    call.actions.remove(channel, message);
    return { channel: channel.id, ts: message.ts };
  },

  "chat.postEphemeral": (call) => {
    const { args, app, actions, workspace } = call;
    const channel = channelOf(call);
    const content = contentOf(call);
    const user = workspace.personById(args.text("user") ?? "");
    if (!user) return fail("user_not_in_channel");
    const threadTs = args.text("thread_ts");
    const message = actions.post(channel, { ...content, user: app.user, threadTs, onlyFor: user.id });
    return { message_ts: message.ts };
  },

  "chat.getPermalink": (call) => {
    const channel = channelOf(call);
    const { ts, threadTs } = messageOf(call, channel, "message_ts");
    const path = `/archives/${channel.id}/p${ts.replace(".", "")}`;
    const thread = threadTs === undefined ? "" : `?thread_ts=${threadTs}&cid=${channel.id}`;
    return { channel: channel.id, permalink: `https://${call.workspace.team.domain}.slack.com${path}${thread}` };
  },
};
