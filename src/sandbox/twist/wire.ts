import { type Channel, type Direct, maySee, type Person, type Post, type Thread, WORKSPACE } from "./workspace.ts";

export type Json = Record<string, unknown>;

function wirePost(post: Post): Json {
  return {
    id: post.id,
    content: post.deleted ? "" : post.content,
    creator: post.creator.id,
    creator_name: post.creator.name,
    workspace_id: WORKSPACE.id,
    obj_index: post.index,
    attachments: post.attachments,
    actions: post.actions,
    reactions: Object.fromEntries(post.reactions),
    is_deleted: post.deleted,
    system_message: null,
    posted_ts: post.posted,
    last_edited_ts: post.edited ?? null,
  };
}

export function wireMessage(post: Post, { id }: Direct): Json {
  return { ...wirePost(post), conversation_id: id };
}

export function wireComment(post: Post, { id, channel }: Thread): Json {
  return { ...wirePost(post), thread_id: id, channel_id: channel.id, recipients: [], groups: [] };
}

/** A thread as this person sees it. */
export function wireThread(thread: Thread, { id: reader }: Person): Json {
  const { title, channel, comments, closed, updated } = thread;
  const { obj_index: _, ...post } = wirePost(thread);
  const last = comments.at(-1) ?? thread;
  return {
    ...post,
    title,
    channel_id: channel.id,
    comment_count: comments.length,
    closed,
    pinned: false,
    starred: false,
    is_archived: false,
    in_inbox: true,
    last_obj_index: comments.length,
    last_updated_ts: updated,
    muted_until_ts: thread.muted.get(reader) ?? null,
    participants: [...new Set([thread, ...comments].map(({ creator }) => creator.id))],
    recipients: [],
    groups: [],
    snippet: last.content.slice(0, 100),
    snippet_creator: last.creator.id,
  };
}

export function wireChannel(channel: Channel, people: readonly Person[]): Json {
  const { id, name, archived } = channel;
  return {
    id,
    name,
    description: "",
    creator: people[0]!.id,
    user_ids: people.filter((person) => maySee(person, channel)).map((person) => person.id),
    public: channel.members === undefined,
    workspace_id: WORKSPACE.id,
    archived,
    created_ts: 1_600_000_000,
    version: 0,
  };
}

export function wireUser({ id, name, email, bot }: Person): Json {
  return {
    id,
    name,
    short_name: name,
    email,
    bot,
    removed: false,
    timezone: "Europe/London",
    lang: "en",
    avatar_id: null,
    away_mode: null,
  };
}

export function wireWorkspace(people: readonly Person[]): Json {
  return { ...WORKSPACE, creator: people[0]!.id, created_ts: 1_600_000_000, plan: "free", default_channel: null };
}
