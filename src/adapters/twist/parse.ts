import type { Attachment, Conversation, Message, User } from "../../core/index.ts";
import { type Fields, isFields, malformed, maybeString, readString } from "../shared/fields.ts";
import { directId, permalinkOf } from "./place.ts";
import { readText } from "./text.ts";

/** What an event cannot tell about itself. */
export interface ParseContext {
  /** The adapter's name. */
  readonly adapter: string;
  isSelf(user: string): boolean;
}

/** The kinds of events in which somebody says something. */
export type SpokenKind = "message" | "thread" | "comment";

/**
 * What somebody said, from the form of an outgoing webhook. It carries no time, so `now` (ms since 1970) stands for it.
 * @throws HobnobError `WEBHOOK_INVALID` when a field that counts is missing, doubled or empty
 */
export function parseEvent(kind: SpokenKind, form: Fields, context: ParseContext & { readonly now: number }): Message {
  // A file alone has no text, but the field is there.
  if (form.content === undefined) throw malformed("`content` is not a text");
  if (kind === "message") readString(form, "url_callback");
  const id = readString(form, `${kind}_id`);
  const user = readString(form, "user_id");
  const { verify_token: _, ...raw } = form;
  return message({
    id,
    kind,
    conversation: conversationOf(kind, form, context.adapter),
    content: maybeString(form, "content") ?? "",
    author: { id: user, name: maybeString(form, "user_name") ?? user },
    sentAt: context.now,
    attachments: [],
    isSelf: context.isSelf,
    raw,
  });
}

/** A post as the API lists it; undefined where nobody says anything: deleted, or a note of Twist's own. */
export function parsePost(
  post: Fields,
  { conversation, isSelf }: { readonly conversation: Conversation } & Pick<ParseContext, "isSelf">,
): Message | undefined {
  const id = idOf(post.id);
  const user = idOf(post.creator);
  const sentAt = postedAt(post);
  if (id === undefined || user === undefined || sentAt === undefined) return undefined;
  if (post.is_deleted || post.deleted || post.system_message) return undefined;
  const isThread = !conversation.isDirect && (conversation.thread === undefined || conversation.thread === id);
  const { creator_name: name, content } = post;
  return message({
    id,
    kind: conversation.isDirect ? "message" : isThread ? "thread" : "comment",
    conversation: isThread ? { ...conversation, thread: id } : conversation,
    content: typeof content === "string" ? content : "",
    author: { id: user, name: typeof name === "string" && name !== "" ? name : user },
    sentAt,
    attachments: Array.isArray(post.attachments) ? post.attachments.filter(isFields).map(parseAttachment) : [],
    isSelf,
  });
}

/** Milliseconds since 1970 of a post that the API lists; Twist counts whole seconds. */
export function postedAt({ posted_ts }: Fields): number | undefined {
  const seconds = Number(posted_ts);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

/** An id as a text, whether it came as one or as a number. */
export function idOf(value: unknown): string | undefined {
  return typeof value === "number" ? String(value) : typeof value === "string" && value !== "" ? value : undefined;
}

function conversationOf(kind: SpokenKind, form: Fields, adapter: string): Conversation {
  const account = readString(form, "workspace_id");
  if (kind === "message") {
    return { adapter, account, id: directId(readString(form, "conversation_id")), isDirect: true };
  }
  return {
    adapter,
    account,
    id: readString(form, "channel_id"),
    thread: readString(form, "thread_id"),
    isDirect: false,
  };
}

function message(parts: {
  readonly id: string;
  readonly kind: SpokenKind;
  readonly conversation: Conversation;
  readonly content: string;
  readonly author: Pick<User, "id" | "name">;
  readonly sentAt: number;
  readonly attachments: readonly Attachment[];
  readonly isSelf: (user: string) => boolean;
  readonly raw?: Fields;
}): Message {
  const { id, kind, conversation, author, isSelf, raw } = parts;
  const { text, named } = readText(parts.content, isSelf);
  const permalink = permalinkOf({ id, conversation });
  return {
    kind: "message",
    id,
    // Threads and comments are numbered apart.
    key: `${kind}/${id}`,
    conversation,
    // Twist does not say of an author whether it is a bot.
    author: { ...author, isBot: isSelf(author.id), ...(isSelf(author.id) && { isSelf: true }) },
    text,
    isMention: conversation.isDirect || named,
    attachments: parts.attachments,
    sentAt: new Date(parts.sentAt).toISOString(),
    ...(permalink !== undefined && { permalink }),
    ...(raw && { raw }),
  };
}

function parseAttachment({ file_name, title, underlying_type, file_size, url }: Fields): Attachment {
  const name = [file_name, title].find((each) => typeof each === "string" && each !== "");
  return {
    name: typeof name === "string" ? name : "file",
    mimeType: typeof underlying_type === "string" ? underlying_type : "application/octet-stream",
    ...(typeof file_size === "number" && { size: file_size }),
    ...(typeof url === "string" && { url }),
  };
}
