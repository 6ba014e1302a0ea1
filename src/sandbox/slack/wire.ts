import type { Channel, Person, SlackMessage, StoredFile, Workspace } from "./workspace.ts";

export type Json = Record<string, unknown>;

/** A message as the Web API and events show it. */
export function wireMessage(
  message: SlackMessage,
  place: {
    readonly workspace: Workspace;
    readonly channel: Channel;
    readonly url: string;
    readonly withMetadata?: boolean;
  },
): Json {
  const { workspace, channel, url } = place;
  const { user, threadTs, reactions } = message;
  const thread = channel.threads.get(message.ts);
  const root = threadTs === undefined ? undefined : channel.messages.get(threadTs);
  if (message.tombstone) {
    return {
      type: "message",
      subtype: "tombstone",
      hidden: true,
      text: "This message was deleted.",
      user: "USLACKBOT",
      ts: message.ts,
      ...threadSummary(message.ts, thread),
    };
  }
  return {
    ...(message.broadcast
      ? { subtype: "thread_broadcast" }
      : message.files.length > 0
        ? { subtype: "file_share" }
        : {}),
    type: "message",
    user: user.id,
    text: message.text,
    ts: message.ts,
    ...(message.clientMsgId === undefined ? {} : { client_msg_id: message.clientMsgId }),
    ...(user.bot ? wireBot(user, workspace) : {}),
    team: workspace.team.id,
    blocks: message.blocks,
    ...(message.files.length > 0 ? { files: message.files.map((file) => wireFile(file, url)), upload: false } : {}),
    ...(threadTs === undefined ? threadSummary(message.ts, thread) : { thread_ts: threadTs }),
    ...(root ? { parent_user_id: root.user.id } : {}),
    ...(message.broadcast && root ? { root: wireMessage(root, place) } : {}),
    ...(message.edited ? { edited: message.edited } : {}),
    ...(reactions.size > 0 ? { reactions: wireReactions(reactions) } : {}),
    ...(place.withMetadata && message.metadata ? { metadata: message.metadata } : {}),
  };
}

function threadSummary(ts: string, thread: readonly SlackMessage[] | undefined): Json {
  if (!thread?.length) return {};
  const users = [...new Set(thread.map((reply) => reply.user.id))];
  return {
    thread_ts: ts,
    reply_count: thread.length,
    reply_users_count: users.length,
    latest_reply: thread.at(-1)!.ts,
    reply_users: users.slice(0, 5),
    is_locked: false,
    subscribed: false,
  };
}

export function wireReactions(reactions: SlackMessage["reactions"]): Json[] {
  return Array.from(reactions, ([name, users]) => ({ name, users, count: users.length }));
}

function wireBot(user: Person, workspace: Workspace): Json {
  const { id, appId } = user.bot!;
  return {
    bot_id: id,
    app_id: appId,
    bot_profile: {
      id,
      app_id: appId,
      user_id: user.id,
      name: user.name,
      team_id: workspace.team.id,
      deleted: false,
      updated: 1_600_000_000,
      icons: {},
    },
  };
}

export function wireFile(file: StoredFile, url: string): Json {
  const href = `${url}/files/${file.id}/${encodeURIComponent(file.name)}`;
  return {
    id: file.id,
    created: 1_600_000_000,
    timestamp: 1_600_000_000,
    name: file.name,
    title: file.name,
    mimetype: file.mimeType,
    filetype: file.name.split(".").at(-1) ?? "",
    size: file.data.byteLength,
    mode: "hosted",
    user: file.user,
    is_external: false,
    is_public: true,
    url_private: href,
    url_private_download: `${href}?download=1`,
    permalink: href,
    ...(file.altText === undefined ? {} : { alt_txt: file.altText }),
  };
}

export function wirePerson(person: Person, workspace: Workspace): Json {
  return {
    id: person.id,
    team_id: workspace.team.id,
    name: person.name,
    deleted: false,
    real_name: person.name,
    tz: "Europe/London",
    tz_label: "Greenwich Mean Time",
    tz_offset: 0,
    profile: {
      real_name: person.name,
      display_name: person.name,
      real_name_normalized: person.name,
      display_name_normalized: person.name,
      ...(person.email === undefined ? {} : { email: person.email }),
      ...(person.bot ? { bot_id: person.bot.id, api_app_id: person.bot.appId } : {}),
      team: workspace.team.id,
    },
    is_admin: false,
    is_owner: false,
    is_restricted: false,
    is_bot: person.bot !== undefined,
    is_app_user: false,
    updated: 1_600_000_000,
  };
}

export function wireChannel(channel: Channel, workspace: Workspace): Json {
  if (channel.kind === "im") {
    return {
      id: channel.id,
      created: 1_600_000_000,
      is_im: true,
      is_org_shared: false,
      context_team_id: workspace.team.id,
      user: channel.person!.id,
      is_archived: false,
    };
  }
  return {
    id: channel.id,
    name: channel.name,
    name_normalized: channel.name,
    created: 1_600_000_000,
    creator: workspace.people()[0]!.id,
    is_channel: channel.kind === "channel",
    is_group: false,
    is_im: false,
    is_mpim: false,
    is_private: channel.kind === "group",
    is_archived: false,
    is_general: channel.name === "general",
    is_shared: false,
    is_org_shared: false,
    is_ext_shared: false,
    is_member: true,
    context_team_id: workspace.team.id,
    topic: { value: "", creator: "", last_set: 0 },
    purpose: { value: "", creator: "", last_set: 0 },
    num_members: memberIds(channel, workspace).length,
  };
}

/** Everybody is in every channel; two are in a direct conversation. */
export function memberIds(channel: Channel, workspace: Workspace): string[] {
  if (channel.kind === "im") return [channel.person!.id, channel.app!.user.id];
  return workspace.people().flatMap(({ id, bot }) => (bot && channel.withoutBots ? [] : [id]));
}
