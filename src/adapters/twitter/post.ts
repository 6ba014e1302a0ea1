import type { Message } from "../../core/index.ts";
import { type Fields, isFields, maybeFields, maybeString, readFields, readList } from "../shared/fields.ts";
import { readMedia } from "./attachments.ts";
import { handleOf, type Reader, readId, readTime, toUser } from "./reader.ts";
import { type Mention, placeOf, readLinks, readMentions, readPair, readText, type Stretch } from "./text.ts";

/** A post, whichever of X's two shapes it came in. */
interface Post {
  readonly id: string;
  readonly author: Message["author"];
  readonly handle: string | undefined;
  readonly source: string;
  /** Where the text begins and ends that its author wrote. */
  readonly range: readonly [number, number] | undefined;
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
      range: readPair(whole?.display_text_range ?? post.display_text_range),
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
  const author = readId(post, "author_id");
  const references = readList(post, "referenced_tweets").filter(isFields);
  if (author === reader.self || references.some(({ type }) => type === "retweeted")) return undefined;
  const includes = maybeFields(event, "includes");
  const users = includes === undefined ? [] : readList(includes, "users").filter(isFields).map(unwrap);
  const user = users.find(({ id }) => id === author);
  const long = maybeFields(post, "note_tweet");
  const entities = (long && maybeFields(long, "entities")) ?? maybeFields(post, "entities");
  return toMessage(
    {
      id: readId(post, "id"),
      author: toUser(author, user),
      handle: user && handleOf(user),
      source: (long && maybeString(long, "text")) ?? maybeString(post, "text") ?? "",
      range: long === undefined ? readPair(post.display_text_range) : undefined,
      mentions: readMentions(entities, "mentions"),
      stretches: readLinks(entities),
      attachments: readMedia(includes === undefined ? [] : readList(includes, "media")),
      answersSelf: maybeString(post, "in_reply_to_user_id") === reader.self,
      isAnswer: references.some(({ type }) => type === "replied_to"),
      quotesSelf: event.event_type === "post.quote.create",
      sentAt: readTime(post, "created_at"),
      raw: event,
    },
    reader,
  );
}

function toMessage(post: Post, { adapter, self }: Reader): Message | undefined {
  const { id, author, handle, source, range, mentions, answersSelf, isAnswer, quotesSelf, sentAt, raw } = post;
  const [from, to] = range ?? [0, undefined];
  const own = mentions.filter((mention) => mention.id === self);
  // X repeats the names of a thread before each answer in it: whose name stands only there was not called.
  const isNamed = own.some(({ start }) => !isAnswer || start >= from);
  if (!isNamed && !answersSelf && !quotesSelf) return undefined;
  const stretches = [...own.flatMap(vanishing), ...post.stretches];
  return {
    kind: "message",
    id,
    // Without the event's own id: a mention that is an answer too comes twice.
    key: `post:${id}`,
    conversation: { adapter, account: self, id: author.id, thread: id, isDirect: false },
    author,
    text: readText(source, { stretches, from, ...(to !== undefined && { to }) }),
    isMention: isNamed || answersSelf,
    attachments: post.attachments,
    sentAt,
    permalink: `https://x.com/${handle ?? "i"}/status/${id}`,
    replyTo: { post: id },
    raw,
  };
}

function vanishing(place: { readonly start: number; readonly end: number } | undefined): readonly Stretch[] {
  return place === undefined ? [] : [{ start: place.start, end: place.end, text: "" }];
}

function unwrap(user: Fields): Fields {
  return isFields(user.data) ? user.data : user;
}
