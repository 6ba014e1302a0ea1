import type { Conversation } from "../../core/index.ts";
import { type Fields, isFields, maybeFields, maybeString, readList } from "../shared/fields.ts";
import type { Client } from "./client.ts";
import type { Part } from "./render.ts";
import { readLinks, readMentions, readText, type Stretch } from "./text.ts";

/** What is looked for among the bot's own posts and direct messages. */
export interface Wanted {
  readonly to: Conversation;
  readonly part: Part;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Posts that are known to be others. */
  readonly taken: readonly string[];
}

const MOST_PAGES = 5;
// X's clock and ours are not the same.
const MARGIN = 5000;

/** The id of the bot's own post or direct message with this text, not older than `since`; of several the oldest. */
export async function findPart(client: Client, self: string, wanted: Wanted): Promise<string | undefined> {
  const { to, part, taken } = wanted;
  const since = Math.max(0, wanted.since - MARGIN);
  const found: string[] = [];
  for await (const post of to.isDirect ? readDirects(client, to.id, since) : readPosts(client, self, since)) {
    const id = maybeString(post, "id");
    if (id === undefined || taken.includes(id)) continue;
    if (to.isDirect ? post.sender_id !== self : answered(post) !== to.thread) continue;
    const hasMedia = isFields(post.attachments);
    const isSame = part.text === "" ? hasMedia && shown(post) === "" : shown(post) === comparable(part.text);
    if (isSame) found.push(id);
  }
  return found.at(-1);
}

/** The bot's own posts, newest first. https://docs.x.com/x-api/users/get-posts */
async function* readPosts(client: Client, self: string, since: number): AsyncGenerator<Fields> {
  const query = {
    max_results: 100,
    start_time: new Date(since).toISOString(),
    "tweet.fields": "created_at,entities,referenced_tweets,attachments,note_tweet",
  };
  yield* pages((token) =>
    client.read("getUsersPosts", (api) =>
      api.v2.get("users/:id/tweets", { ...query, pagination_token: token }, { params: { id: self } }),
    ),
  );
}

/** Direct messages with a person in both directions since a time, newest first. https://docs.x.com/x-api/direct-messages/get-dm-events-for-a-dm-conversation */
export async function* readDirects(client: Client, person: string, since: number): AsyncGenerator<Fields> {
  const query = {
    max_results: 100,
    event_types: "MessageCreate",
    "dm_event.fields": "id,text,event_type,created_at,sender_id,attachments,entities",
    expansions: "sender_id,attachments.media_keys",
    "media.fields": "url,type,alt_text,variants",
  };
  const all = pages((token) =>
    client.read("getDirectMessagesEventsByParticipantId", (api) =>
      api.v2.get(
        "dm_conversations/with/:participant_id/dm_events",
        { ...query, pagination_token: token },
        { params: { participant_id: person } },
      ),
    ),
  );
  for await (const event of all) {
    if (Date.parse(String(event.created_at)) < since) return;
    yield event;
  }
}

async function* pages(load: (token: string | undefined) => Promise<unknown>): AsyncGenerator<Fields> {
  let token: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await load(token);
    if (!isFields(answer)) return;
    const includes = maybeFields(answer, "includes");
    for (const item of readList(answer, "data")) if (isFields(item)) yield includes ? { ...item, includes } : item;
    const meta = maybeFields(answer, "meta");
    token = meta && maybeString(meta, "next_token");
    if (token === undefined) return;
  }
}

function answered(post: Fields): string | undefined {
  const reference = readList(post, "referenced_tweets").find((each) => isFields(each) && each.type === "replied_to");
  return isFields(reference) ? maybeString(reference, "id") : undefined;
}

/** What a post says, without the names and links that X puts around it. */
function shown(post: Fields): string {
  const long = maybeFields(post, "note_tweet");
  const entities = (long && maybeFields(long, "entities")) ?? maybeFields(post, "entities");
  const source = (long && maybeString(long, "text")) ?? maybeString(post, "text") ?? "";
  let from = 0;
  if (answered(post) !== undefined) {
    const points = Array.from(source);
    for (const { start, end } of readMentions(entities, "mentions").toSorted((a, b) => a.start - b.start)) {
      if (start === from) from = points[end] === " " ? end + 1 : end;
    }
  }
  const links: readonly Stretch[] = readLinks(entities);
  return comparable(readText(source, { stretches: links, from }));
}

// X writes a link's address in its own way, and trims.
function comparable(text: string): string {
  return text
    .normalize("NFC")
    .replace(/https?:\/\/\S+/gi, (url) =>
      URL.canParse(url) ? new URL(url).href.replace(/^http:/, "https:").replace(/\/$/, "") : url,
    )
    .replace(/\s+/g, " ")
    .trim();
}
