import type { Message } from "../../core/index.ts";
import { type Fields, isFields, maybeFields, maybeString, readFields, readList } from "../shared/fields.ts";
import { readMedia } from "./attachments.ts";
import { handleOf, type Reader, readId, readTime, toUser, unwrapUser } from "./reader.ts";
import { type Mention, placeOf, readLinks, readMentions, readPair, readText, type Stretch } from "./text.ts";

/** A post, whichever of X's two shapes it came in. */
interface Post {
  readonly id: string;
  readonly author: Message["author"];
  readonly handle: string | undefined;
  readonly source: string;
  /** Where the text begins that its author wrote. */
  readonly from: number;
  readonly mentions: readonly Mention[];
  readonly stretches: readonly Stretch[];
  readonly attachments: Message["attachments"];
  /** It answers a post of the bot. */
  readonly answersSelf: boolean;
  /** It stands in a thread, so that X has put names before its text. */
  readonly isAnswer: boolean;
  readonly quotesSelf: boolean;
  readonly sentAt: string;
  readonly raw: Fields;
}

/** A post of Account Activity. Undefined: the bot's own, a repost, or one that is not meant for the bot. */
export function parsePost(post: Fields, reader: Reader): Message | undefined {
  const user = readFields(post, "user");
  const author = readId(user, "id_str");
  if (author === reader.self || isFields(post.retweeted_status)) return undefined;
  const whole = maybeFields(post, "extended_tweet");
  const source =
    (whole && maybeString(whole, "full_text")) ?? maybeString(post, "full_text") ?? maybeString(post, "text");
  const entities = (whole && maybeFields(whole, "entities")) ?? maybeFields(post, "entities");
  const more = (whole && maybeFields(whole, "extended_entities")) ?? maybeFields(post, "extended_entities") ?? entities;
  const media = more === undefined ? [] : readList(more, "media");
  // The cut text's entities stand at the same places in the whole one.
  const mentions = [
    ...readMentions(entities, "user_mentions"),
    ...readMentions(maybeFields(post, "entities"), "user_mentions"),
  ];
  const quoted = maybeFields(post, "quoted_status");
  return toMessage(
    {
      id: readId(post, "id_str"),
      author: toUser(author, user),
      handle: handleOf(user),
      source: source ?? "",
      from: readPair(whole?.display_text_range ?? post.display_text_range)?.[0] ?? 0,
      mentions,
      stretches: [...readLinks(entities), ...media.filter(isFields).flatMap((each) => vanishing(placeOf(each)))],
      attachments: readMedia(media),
      answersSelf: maybeString(post, "in_reply_to_user_id_str") === reader.self,
      isAnswer: maybeString(post, "in_reply_to_status_id_str") !== undefined,
      quotesSelf: isFields(quoted?.user) && quoted.user.id_str === reader.self,
      sentAt: readTime(post, "timestamp_ms", "created_at"),
      raw: post,
    },
    reader,
  );
}

/** A post of X Activity, out of `event`'s payload; what it is beside follows from the event's type. */
export function parseActivityPost(post: Fields, event: Fields, reader: Reader): Message | undefined {
  const { author, isRepost, ...read } = readNewPost(post, maybeFields(event, "includes"), reader);
  if (author.id === reader.self || isRepost) return undefined;
  return toMessage({ ...read, author, quotesSelf: event.event_type === "post.quote.create", raw: event }, reader);
}

/** A post that the API lists, whoever it is meant for. */
export function parseListedPost(post: Fields, includes: Fields | undefined, reader: Reader): Message {
  const read = { ...readNewPost(post, includes, reader), quotesSelf: false, raw: post };
  const { raw: _, replyTo: __, ...message } = describe(read, reader);
  return read.author.id === reader.self ? { ...message, author: { ...read.author, isSelf: true } } : message;
}

/**
 * A post that the API lists, as X would have told of it. Undefined: the bot's own, a repost, or one that is not meant for the
 * bot; whom a post quotes is not listed.
 */
export function parseMissedPost(post: Fields, includes: Fields | undefined, reader: Reader): Message | undefined {
  const { isRepost, ...read } = readNewPost(post, includes, reader);
  if (read.author.id === reader.self || isRepost) return undefined;
  return toMessage({ ...read, quotesSelf: false, raw: post }, reader);
}

function readNewPost(post: Fields, includes: Fields | undefined, { self }: Reader) {
  const author = readId(post, "author_id");
  const references = readList(post, "referenced_tweets").filter(isFields);
  const users = includes === undefined ? [] : readList(includes, "users").map(unwrapUser);
  const user = users.find(({ id }) => id === author);
  const long = maybeFields(post, "note_tweet");
  const entities = (long && maybeFields(long, "entities")) ?? maybeFields(post, "entities");
  const attached = maybeFields(post, "attachments");
  const keys = attached && readList(attached, "media_keys");
  const media = includes === undefined ? [] : readList(includes, "media").filter(isFields);
  return {
    id: readId(post, "id"),
    author: toUser(author, user),
    handle: user && handleOf(user),
    source: (long && maybeString(long, "text")) ?? maybeString(post, "text") ?? "",
    from: long === undefined ? (readPair(post.display_text_range)?.[0] ?? 0) : 0,
    mentions: readMentions(entities, "mentions"),
    stretches: readLinks(entities),
    attachments: readMedia(keys === undefined ? media : media.filter(({ media_key }) => keys.includes(media_key))),
    answersSelf: maybeString(post, "in_reply_to_user_id") === self,
    isAnswer: references.some(({ type }) => type === "replied_to"),
    isRepost: references.some(({ type }) => type === "retweeted"),
    sentAt: readTime(post, "created_at"),
  };
}

/** Undefined: it is not meant for the bot. */
function toMessage(post: Post, reader: Reader): Message | undefined {
  return isNamedIn(post, reader) || post.answersSelf || post.quotesSelf ? describe(post, reader) : undefined;
}

// X repeats the names of a thread before each answer in it: whose name stands only there was not called.
function isNamedIn({ mentions, isAnswer, from }: Post, { self }: Reader): boolean {
  return mentions.some(({ id, start }) => id === self && (!isAnswer || start >= from));
}

function describe(post: Post, reader: Reader): Message {
  const { id, author, handle, source, from, attachments, sentAt, raw } = post;
  const { adapter, self } = reader;
  const own = post.mentions.filter((mention) => mention.id === self);
  return {
    kind: "message",
    id,
    // Without the event's own id: a mention that is an answer too comes twice.
    key: `post:${id}`,
    conversation: { adapter, account: self, id: author.id, thread: id, isDirect: false },
    author,
    text: readText(source, { stretches: [...own.flatMap(vanishing), ...post.stretches], from }),
    isMention: isNamedIn(post, reader) || post.answersSelf,
    attachments,
    sentAt,
    permalink: `https://x.com/${handle ?? "i"}/status/${id}`,
    replyTo: { post: id },
    raw,
  };
}

function vanishing(place: { readonly start: number; readonly end: number } | undefined): readonly Stretch[] {
  return place === undefined ? [] : [{ start: place.start, end: place.end, text: "" }];
}
