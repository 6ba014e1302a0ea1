import type { Conversation, SentMessage } from "../../core/index.ts";

/** Where posts stand, in Twist's terms: messages in a conversation, comments in a thread, threads in a channel. */
export type Place =
  | { readonly kind: "message"; readonly conversation: string }
  | { readonly kind: "comment"; readonly thread: string }
  | { readonly kind: "thread"; readonly channel: string };

export type PostKind = Place["kind"];

/** The part of the API that a kind of post has for itself. */
export const ROOMS: Readonly<Record<PostKind, string>> = {
  message: "conversation_messages",
  comment: "comments",
  thread: "threads",
};

// Conversations and channels are numbered apart, and a direct conversation must not be taken for a channel.
const DIRECT = "conversation/";

/** The id of a conversation among people, as opposed to a channel. */
export function directId(conversation: string): string {
  return `${DIRECT}${conversation}`;
}

/** Where a post to this conversation goes. */
export function placeOf({ id, thread }: Conversation): Place {
  if (id.startsWith(DIRECT)) return { kind: "message", conversation: id.slice(DIRECT.length) };
  return thread === undefined ? { kind: "thread", channel: id } : { kind: "comment", thread };
}

/** What kind of post this is. A thread's first post has the thread's own id. */
export function kindOf({ id, conversation }: SentMessage): PostKind {
  const { kind } = placeOf(conversation);
  return kind === "comment" && id === conversation.thread ? "thread" : kind;
}

/** The argument of API calls that names the place. */
export function placeQuery(place: Place): Readonly<Record<string, number | string>> {
  switch (place.kind) {
    case "message":
      return { conversation_id: wireId(place.conversation) };
    case "comment":
      return { thread_id: wireId(place.thread) };
    case "thread":
      return { channel_id: wireId(place.channel) };
  }
}

/** An id as the API takes it: a number where it is one. */
export function wireId(id: string): number | string {
  return /^[1-9]\d{0,14}$/.test(id) ? Number(id) : id;
}

/** The address of a post for people. */
export function permalinkOf({ id, conversation }: SentMessage): string | undefined {
  const { account, id: channel, thread } = conversation;
  if (account === undefined) return undefined;
  const place = placeOf(conversation);
  const path =
    place.kind === "message"
      ? ["msg", place.conversation, "m", id]
      : ["ch", channel, "t", thread ?? id, ...(thread === undefined || thread === id ? [] : ["c", id])];
  return `https://twist.com/${["a", account, ...path].map(encodeURIComponent).join("/")}`;
}
