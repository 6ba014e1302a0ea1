import type { Conversation, HistoryOptions, Message } from "../../core/index.ts";
import { type Fields, isFields, maybeFields, maybeString, readList } from "../shared/fields.ts";
import { readMedia } from "./attachments.ts";
import type { Client } from "./client.ts";
import { parseListedPost, parseMissedPost } from "./post.ts";
import { readDirects, readThread } from "./read.ts";
import { type Reader, readId, readTime, toUser, unwrapUser } from "./reader.ts";
import { readLinks, readText } from "./text.ts";

/** Messages after `since` (ms since 1970), oldest first: direct messages, or the thread that a post stands in. */
export async function* readHistory(
  { client, self }: { readonly client: Client; readonly self: string },
  conversation: Conversation,
  since: number,
  { asHeard = false }: HistoryOptions = {},
): AsyncGenerator<Message> {
  const parse = asHeard ? parseMissedPost : parseListedPost;
  const reader: Reader = { adapter: conversation.adapter, self };
  const found: Message[] = [];
  if (conversation.isDirect) {
    for await (const event of readDirects(client, conversation.id, { since })) {
      found.push(parseListedDirect(event, conversation, reader));
    }
  } else if (conversation.thread !== undefined) {
    for await (const post of readThread(client, conversation.thread)) {
      const message = parse(post, maybeFields(post, "includes"), reader);
      if (message !== undefined) found.push(message);
    }
  }
  for (const message of found.reverse()) if (Date.parse(message.sentAt) > since) yield message;
}

function parseListedDirect(event: Fields, conversation: Conversation, { self }: Reader): Message {
  const sender = readId(event, "sender_id");
  const includes = maybeFields(event, "includes");
  const users = includes === undefined ? [] : readList(includes, "users").map(unwrapUser);
  const attached = maybeFields(event, "attachments");
  const keys = attached === undefined ? [] : readList(attached, "media_keys");
  const media = includes === undefined ? [] : readList(includes, "media").filter(isFields);
  const user = toUser(
    sender,
    users.find(({ id }) => id === sender),
  );
  const id = readId(event, "id");
  return {
    kind: "message",
    id,
    key: `direct:${id}`,
    conversation,
    author: sender === self ? { ...user, isSelf: true } : user,
    text: readText(maybeString(event, "text") ?? "", { stretches: readLinks(maybeFields(event, "entities")) }),
    isMention: true,
    attachments: readMedia(media.filter(({ media_key }) => keys.includes(media_key))),
    sentAt: readTime(event, "created_at"),
  };
}
