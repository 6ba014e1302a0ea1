import { type Args, type Call, channelOf, fail, type Methods } from "./method.ts";
import { mayRead } from "./scopes.ts";
import { type Json, memberIds, wireChannel, wireMessage } from "./wire.ts";
import type { Channel, SlackMessage } from "./workspace.ts";

// Timestamps are compared as texts of equal length: as numbers they would lose their last digits.
function isWithin(ts: string, args: Args): boolean {
  const oldest = timestamp(args.text("oldest"));
  const latest = timestamp(args.text("latest"));
  if (args.flag("inclusive") && (ts === oldest || ts === latest)) return true;
  return (oldest === undefined || ts > oldest) && (latest === undefined || ts < latest);
}

function timestamp(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [seconds = "0", fraction = ""] = text.split(".");
  return `${seconds.padStart(10, "0")}.${fraction.padEnd(6, "0").slice(0, 6)}`;
}

// The cursor names the next item, so that what is said between two pages does not move it.
function page<T>(
  items: readonly T[],
  args: Args,
  by: { readonly key: (item: T) => string; readonly standard: number },
): { readonly items: readonly T[]; readonly rest: Json } {
  const limit = Math.min(Math.max(args.number("limit") ?? by.standard, 1), 1000);
  const cursor = args.text("cursor");
  const from = cursor === undefined ? undefined : Buffer.from(cursor, "base64").toString();
  const start = from === undefined ? 0 : items.findIndex((item) => `next:${by.key(item)}` === from);
  if (start === -1) return fail("invalid_cursor");
  const next = items[start + limit];
  return {
    items: items.slice(start, start + limit),
    rest: {
      has_more: next !== undefined,
      response_metadata: {
        next_cursor: next === undefined ? "" : Buffer.from(`next:${by.key(next)}`).toString("base64"),
      },
    },
  };
}

function messagesPage(call: Call, channel: Channel, messages: readonly SlackMessage[], standard: number): Json {
  const { args, workspace, url } = call;
  const { items, rest } = page(messages, args, { key: ({ ts }) => ts, standard });
  const withMetadata = args.flag("include_all_metadata");
  return {
    messages: items.map((message) => wireMessage(message, { workspace, channel, url, withMetadata })),
    ...rest,
  };
}

function listChannels({ args, app, workspace }: Call): Json {
  const types = (args.text("types") ?? "public_channel").split(",").map((type) => type.trim());
  const wanted = { channel: "public_channel", group: "private_channel", im: "im" } as const;
  const channels = workspace
    .channels()
    .filter((channel) => types.includes(wanted[channel.kind]))
    .filter((channel) => workspace.appsIn(channel).some(({ name }) => name === app.name));
  const { items, rest } = page(channels, args, { key: ({ id }) => id, standard: 100 });
  const { has_more: _, ...cursor } = rest;
  return { channels: items.map((channel) => wireChannel(channel, workspace)), ...cursor };
}

/** A channel that the app may read in. */
function readable(call: Call): Channel {
  const channel = channelOf(call);
  return mayRead(call.app, channel) ? channel : fail("missing_scope");
}

export const conversationMethods: Methods = {
  "conversations.history": (call) => {
    const channel = readable(call);
    const messages = [...channel.messages.values()].filter(
      ({ ts, threadTs, broadcast, onlyFor }) =>
        onlyFor === undefined && (threadTs === undefined || broadcast) && isWithin(ts, call.args),
    );
    return { ...messagesPage(call, channel, messages.reverse(), 100), pin_count: 0 };
  },

  "conversations.replies": (call) => {
    const channel = readable(call);
    const named = channel.messages.get(call.args.text("ts") ?? "");
    const root = named?.threadTs === undefined ? named : channel.messages.get(named.threadTs);
    if (!root || root.onlyFor !== undefined) return fail("thread_not_found");
    const replies = (channel.threads.get(root.ts) ?? []).filter(({ ts }) => isWithin(ts, call.args));
    return messagesPage(call, channel, [root, ...replies], 1000);
  },

  "conversations.info": (call) => ({ channel: wireChannel(channelOf(call), call.workspace) }),

  "conversations.list": listChannels,
  // A bot is a member of every channel that it can see here.
  "users.conversations": listChannels,

  "conversations.open": (call) => {
    const { args, app, workspace } = call;
    const users = args.text("users")?.split(",");
    if (users && users.length > 1) return fail("method_not_supported_for_channel_type");
    const person = users && workspace.personById(users[0]!);
    if (users && !person) return fail("user_not_found");
    if (person?.bot) return fail("cannot_dm_bot");
    const channel = person ? workspace.direct(person, app) : channelOf(call);
    return { channel: args.flag("return_im") ? wireChannel(channel, workspace) : { id: channel.id } };
  },

  "conversations.members": (call) => {
    const { items, rest } = page(memberIds(channelOf(call), call.workspace), call.args, {
      key: (id) => id,
      standard: 100,
    });
    return { members: items, response_metadata: rest.response_metadata };
  },
};
