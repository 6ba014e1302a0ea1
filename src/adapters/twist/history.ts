import type { AdapterHost, Conversation, HistoryOptions, Message } from "../../core/index.ts";
import { unless } from "../shared/failure.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import type { Api } from "./client.ts";
import { NOT_FOUND } from "./failure.ts";
import type { Identity } from "./identity.ts";
import { parsePost, postedAt } from "./parse.ts";
import { placeOf, placeQuery, ROOMS, wireId } from "./place.ts";
import { readThreads } from "./threads.ts";

const PAGE = 100;
const MOST_PAGES = 50;

/**
 * Posts of a conversation, a thread or a channel that are not older than `since` (ms since 1970), newest first. `onLimit`:
 * there are more than are read.
 */
export async function* readPosts(
  api: Api,
  to: Conversation,
  { since, onLimit }: { readonly since: number; readonly onLimit?: (() => void) | undefined },
): AsyncGenerator<Fields> {
  const place = placeOf(to);
  if (place.kind === "thread") {
    const threads = readThreads(api, { channel: place.channel, from: since, to: undefined, onLimit });
    for await (const thread of threads) if (isSince(thread, since)) yield thread;
    return;
  }
  let window: { readonly from_obj_index: number; readonly to_obj_index: number } | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    // Without a window Twist lists the newest.
    const answer = await api.get(`${ROOMS[place.kind]}/get`, { ...placeQuery(place), limit: PAGE, ...window });
    const posts = (Array.isArray(answer) ? answer : []).filter(isFields).sort((a, b) => indexOf(b) - indexOf(a));
    yield* posts.filter((post) => isSince(post, since));
    const oldest = posts.at(-1);
    if (oldest === undefined || !isSince(oldest, since)) return;
    const next = indexOf(oldest) - 1;
    if (!(next >= 0)) return;
    window = { from_obj_index: Math.max(0, next - PAGE + 1), to_obj_index: next };
  }
  onLimit?.();
}

/** Messages after `since` (ms since 1970), oldest first: of a thread with its first post, of a channel the first posts of its threads. */
export async function* readHistory(
  { api, identity, host }: { readonly api: Api; readonly identity: Identity; readonly host: AdapterHost },
  conversation: Conversation,
  since: number,
  { asHeard = false }: HistoryOptions = {},
): AsyncGenerator<Message> {
  // Who does not know the bot's user would take its posts for a person's, and answer them.
  if (asHeard && identity.botId === undefined) return;
  const posts: Fields[] = [];
  const { adapter, id } = conversation;
  const onLimit = () => host.log.warn({ adapter, conversation: id }, "a history is too long to be read whole");
  for await (const post of readPosts(api, conversation, { since, onLimit })) posts.push(post);
  const { thread } = conversation;
  if (thread !== undefined) {
    const first = await unless(NOT_FOUND, () => api.get("threads/getone", { id: wireId(thread) }));
    if (isFields(first) && isSince(first, since)) posts.push(first);
  }
  const seen = new Set<string>();
  const ordered = posts.reverse().sort((a, b) => (postedAt(a) ?? 0) - (postedAt(b) ?? 0));
  for (const post of ordered) {
    const message = parsePost(post, { conversation, isSelf: identity.isSelf });
    if (message === undefined || seen.has(`${message.key}`)) continue;
    seen.add(`${message.key}`);
    if (!asHeard) yield message;
    // What was posted with a person's token stands in that person's name, and an earlier process may have posted it.
    else if (identity.ownsToken || message.author.id !== identity.ownerId)
      yield { ...message, replyTo: { after: message.key } };
  }
}

// Twist counts whole seconds: what was posted in the second of `since` may have come after it.
function isSince(post: Fields, since: number): boolean {
  const posted = postedAt(post);
  return posted !== undefined && posted + 1000 > since;
}

function indexOf({ obj_index }: Fields): number {
  return typeof obj_index === "number" ? obj_index : Number.NaN;
}
