import {
  type AdapterHost,
  type Conversation,
  DeliveryError,
  HobnobError,
  type OutgoingReply,
  type SentMessage,
} from "../../core/index.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import type { Api } from "./client.ts";
import { readPosts } from "./history.ts";
import type { Identity } from "./identity.ts";
import { idOf } from "./parse.ts";
import { renderReply } from "./render.ts";
import { digest, readAfter, type Tally } from "./tally.ts";

/** What looking for a post needs. */
export interface Finder {
  readonly api: Api;
  readonly identity: Identity;
  readonly host: AdapterHost;
  readonly tally: Tally;
}

// Twist's clock is not ours. Where the ids tell what came later, the time only ends the search.
const MARGIN_MS = 5000;
const WIDE_MARGIN_MS = 600_000;

/**
 * A post of ours with this reply's text and files. Twist has no room for a reply's `ref`, so equal posts are counted: those
 * of other replies are not this one's.
 */
export async function findReply(
  finder: Finder,
  to: Conversation,
  reply: OutgoingReply,
): Promise<SentMessage | undefined | "unknown"> {
  const wanted = digest(renderReply(reply).content);
  const files = reply.attachments.filter(({ data }) => data !== undefined).map(({ name }) => name);
  try {
    const { others, ...window } = await windowOf(finder, to, reply);
    let left = others;
    let newest: SentMessage | undefined;
    let isCut = false;
    const posts = findPosts(finder, to, {
      ...window,
      asker: reply.author,
      onLimit() {
        isCut = true;
      },
      fits: (post) => digest(String(post.content)) === wanted && holds(post, files),
    });
    for await (const post of posts) {
      newest ??= post;
      if (left-- > 0) continue;
      await finder.tally.note(to, reply);
      return newest;
    }
    return isCut ? "unknown" : undefined;
  } catch (error) {
    if (error instanceof HobnobError && error.permanent) return "unknown";
    throw error;
  }
}

/** Since when to look, and how many posts of other replies with the same text stand there. */
async function windowOf({ tally }: Finder, to: Conversation, reply: OutgoingReply) {
  const after = readAfter(to, reply);
  const others = await tally.others(to, reply);
  if (after === undefined) {
    const since = reply.since - MARGIN_MS;
    return { since, after, others: others.filter((other) => other.since >= since).length };
  }
  return {
    since: Math.min(reply.since, ...others.map((other) => other.since)) - WIDE_MARGIN_MS,
    after: Math.min(after, ...others.map((other) => other.after ?? after)),
    others: others.length,
  };
}

const CALLBACK_ID = /^callback\/(\d+)\/([\w-]+)\/[\w-]+$/;

/** Names a post that a callback has taken: Twist does not say its id, but this finds it again. */
export function callbackId({ since, ref }: OutgoingReply, content: string): string {
  return `callback/${since}/${digest(content)}/${digest(ref).slice(0, 10)}`;
}

/** The post itself, for a call that needs its id. @throws DeliveryError when Twist does not list it */
export async function resolvePost(finder: Finder, sent: SentMessage): Promise<SentMessage> {
  const [, since, wanted] = CALLBACK_ID.exec(sent.id) ?? [];
  if (since === undefined || wanted === undefined) return sent;
  const { store } = finder.host;
  // Once edited it has another text and would not be found again.
  const known = await store.get<string>(sent.id);
  if (known !== undefined) return { ...sent, id: known };
  const posts = findPosts(finder, sent.conversation, {
    since: Number(since) - WIDE_MARGIN_MS,
    after: undefined,
    asker: undefined,
    fits: ({ content }) => digest(String(content)) === wanted,
  });
  const { value: found } = await posts.next();
  if (found === undefined) {
    throw new DeliveryError("Twist does not list the post that is to be changed.", { maybeSent: false });
  }
  await store.set(sent.id, found.id, { ttl: "7d" });
  return found;
}

/** Posts of ours, newest first. */
async function* findPosts(
  { api, identity }: Finder,
  to: Conversation,
  wanted: {
    readonly since: number;
    readonly after: number | undefined;
    readonly asker: string | undefined;
    onLimit?(): void;
    fits(post: Fields): boolean;
  },
): AsyncGenerator<SentMessage, undefined> {
  for await (const post of readPosts(api, to, wanted)) {
    const id = idOf(post.id);
    const creator = idOf(post.creator);
    if (id === undefined || creator === undefined || post.is_deleted) continue;
    if (wanted.after !== undefined && Number(id) <= wanted.after) continue;
    if (!identity.isAuthor(creator, wanted.asker) || !wanted.fits(post)) continue;
    const isNewThread = !to.isDirect && to.thread === undefined;
    yield { id, conversation: isNewThread ? { ...to, thread: id } : to };
  }
  return undefined;
}

function holds({ attachments }: Fields, files: readonly string[]): boolean {
  const held = Array.isArray(attachments) ? attachments.filter(isFields) : [];
  return files.every((name) => held.some(({ file_name }) => file_name === name));
}
