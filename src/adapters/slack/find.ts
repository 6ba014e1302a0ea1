import type { WebClient } from "@slack/web-api";
import type { Conversation, OutgoingReply, SentMessage } from "../../core/index.ts";
import { isRefused, unless } from "../shared/failure.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import type { Said } from "../shared/said.ts";
import { NOT_A_MEMBER } from "./failure.ts";
import { REPLY_METADATA } from "./render.ts";

/** Where to read on in a conversation. */
export interface Page {
  readonly messages: readonly Fields[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

const PAGE = 200;
const MOST_PAGES = 10;
// Slack's clock and ours are not the same. By how much they may differ follows from the signatures: of a request that is
// five minutes off none is believed.
const CLOCK_MARGIN = 305_000;
// Of two equal uploads nobody's note tells apart, as where the storage was away, the older one is another reply's.
const UPLOAD_MARGIN = 5000;

/** One page of a thread (oldest first, the root on every first page) or of a conversation (newest first). `since`: ms since 1970. */
export async function readPage(
  web: WebClient,
  { id, thread }: Conversation,
  { since, cursor }: { readonly since: number; readonly cursor: string | undefined },
): Promise<Page> {
  const args = {
    channel: id,
    oldest: (Math.max(since, 0) / 1000).toFixed(6),
    inclusive: true,
    include_all_metadata: true,
    limit: PAGE,
    ...(cursor !== undefined && { cursor }),
  };
  const page =
    thread === undefined
      ? await web.conversations.history(args)
      : await web.conversations.replies({ ...args, ts: thread });
  const messages: readonly unknown[] = page.messages ?? [];
  const next = page.response_metadata?.next_cursor;
  return { messages: messages.filter(isFields), ...(next && { cursor: next }) };
}

/** What is looked for. */
interface Wanted {
  readonly reply: OutgoingReply;
  /** The bot's own ids. */
  readonly self: ReadonlySet<string>;
  readonly uploads: Said;
}

/** What `find` of an adapter promises: `unknown` where Slack cannot tell. */
export async function findReply(
  web: WebClient,
  to: Conversation,
  wanted: Wanted,
): Promise<SentMessage | undefined | "unknown"> {
  // Slack keeps no ephemeral message that could be looked up.
  const { reply } = wanted;
  if (reply.visibility === "author" && reply.author !== undefined) return "unknown";
  try {
    return await unless("thread_not_found", () => findPost(web, to, wanted));
  } catch (error) {
    // Where the bot may not read, it can only have answered by a response_url.
    if (isRefused(error, ...NOT_A_MEMBER)) return "unknown";
    throw error;
  }
}

/** The post that carries this reply's `ref`; for an upload, which takes no metadata, our post with the same files. */
async function findPost(
  web: WebClient,
  to: Conversation,
  { reply, self, uploads }: Wanted,
): Promise<SentMessage | undefined | "unknown"> {
  const since = reply.since - CLOCK_MARGIN;
  const uploadedSince = reply.since - UPLOAD_MARGIN;
  let cursor: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page = await readPage(web, to, { since, cursor });
    const found =
      page.messages.find((message) => carriesRef(message, reply.ref)) ??
      (await claimUpload(
        page.messages.filter((message) => isUpload(message, reply, { self, since: uploadedSince })),
        reply.ref,
        uploads,
      ));
    if (typeof found?.ts === "string") return { id: found.ts, conversation: to };
    cursor = page.cursor;
    if (cursor === undefined) return undefined;
  }
  // What was not read may hold it.
  return "unknown";
}

function carriesRef({ metadata }: Fields, ref: string): boolean {
  return (
    isFields(metadata) &&
    metadata.event_type === REPLY_METADATA &&
    isFields(metadata.event_payload) &&
    metadata.event_payload.ref === ref
  );
}

async function claimUpload(posts: readonly Fields[], ref: string, uploads: Said): Promise<Fields | undefined> {
  const files = posts.map((post) => String((post.files as Fields[])[0]?.id));
  const own = await uploads.claim(files, ref);
  return own === undefined ? undefined : posts[files.indexOf(own)];
}

function isUpload(
  message: Fields,
  reply: OutgoingReply,
  { self, since }: { readonly self: ReadonlySet<string>; readonly since: number },
): boolean {
  const wanted = reply.attachments.filter(({ data }) => data !== undefined);
  const { files } = message;
  if (wanted.length === 0 || !Array.isArray(files) || files.length !== wanted.length) return false;
  const isOurs = self.has(String(message.user)) || self.has(String(message.bot_id));
  return (
    isOurs &&
    Number(message.ts) * 1000 >= since &&
    wanted.every(({ name, data }) =>
      files.some(
        (file) => isFields(file) && typeof file.id === "string" && file.name === name && file.size === data?.length,
      ),
    )
  );
}
