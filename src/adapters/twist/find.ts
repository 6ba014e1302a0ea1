import { createHash } from "node:crypto";
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
import type { Identity } from "./identity.ts";
import { idOf } from "./parse.ts";
import { placeOf } from "./place.ts";
import { readPosts } from "./posts.ts";
import { renderReply } from "./render.ts";

/** What looking for a post needs. */
export interface Finder {
  readonly api: Api;
  readonly identity: Identity;
  readonly host: AdapterHost;
}

// Twist's clock is not ours. Where the ids tell what came later, the time only ends the search.
const MARGIN_MS = 5000;
const WIDE_MARGIN_MS = 60_000;

/**
 * A post of ours with this reply's text and files. Twist has no room for a reply's `ref`, so that of two equal replies
 * to one event the second may be taken for sent.
 */
export async function findReply(
  finder: Finder,
  to: Conversation,
  reply: OutgoingReply,
): Promise<SentMessage | undefined | "unknown"> {
  const wanted = digest(renderReply(reply).content);
  const files = reply.attachments.filter(({ data }) => data !== undefined).map(({ name }) => name);
  const after = readAfter(to, reply);
  try {
    return await findPost(finder, to, {
      since: reply.since - (after === undefined ? MARGIN_MS : WIDE_MARGIN_MS),
      after,
      asker: reply.author,
      fits: (post) => digest(String(post.content)) === wanted && holds(post, files),
    });
  } catch (error) {
    if (error instanceof HobnobError && error.permanent) return "unknown";
    throw error;
  }
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
  const found = await findPost(finder, sent.conversation, {
    since: Number(since) - MARGIN_MS,
    after: undefined,
    asker: undefined,
    fits: ({ content }) => digest(String(content)) === wanted,
  });
  if (found === undefined) {
    throw new DeliveryError("Twist does not list the post that is to be changed.", { maybeSent: false });
  }
  await store.set(sent.id, found.id, { ttl: "7d" });
  return found;
}

async function findPost(
  { api, identity }: Finder,
  to: Conversation,
  wanted: {
    readonly since: number;
    readonly after: number | undefined;
    readonly asker: string | undefined;
    fits(post: Fields): boolean;
  },
): Promise<SentMessage | undefined> {
  for await (const post of readPosts(api, to, wanted.since)) {
    const id = idOf(post.id);
    const creator = idOf(post.creator);
    if (id === undefined || creator === undefined || post.is_deleted) continue;
    if (wanted.after !== undefined && Number(id) <= wanted.after) continue;
    if (!identity.isAuthor(creator, wanted.asker) || !wanted.fits(post)) continue;
    const isNewThread = !to.isDirect && to.thread === undefined;
    return { id, conversation: isNewThread ? { ...to, thread: id } : to };
  }
  return undefined;
}

/** The id of the event that is answered, where posts of its kind are looked through: what answers it has a higher one. */
function readAfter(to: Conversation, { replyTo }: OutgoingReply): number | undefined {
  if (!isFields(replyTo) || typeof replyTo.after !== "string") return undefined;
  const [kind, id] = replyTo.after.split("/");
  return kind === placeOf(to).kind && /^\d{1,15}$/.test(id ?? "") ? Number(id) : undefined;
}

function holds({ attachments }: Fields, files: readonly string[]): boolean {
  const held = Array.isArray(attachments) ? attachments.filter(isFields) : [];
  return files.every((name) => held.some(({ file_name }) => file_name === name));
}

// Blanks at the ends and kinds of line ends do not tell texts apart: Twist may change them.
function digest(text: string): string {
  return createHash("sha256").update(text.replace(/\r\n?/g, "\n").trim()).digest("base64url").slice(0, 22);
}
