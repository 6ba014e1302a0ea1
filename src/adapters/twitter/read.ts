import { type Fields, isFields, maybeFields, maybeString, readList } from "../shared/fields.ts";
import type { Client } from "./client.ts";

const MOST_PAGES = 5;

/** Called when a list is longer than what is read of it. */
type OnLimit = () => void;

/** The bot's own posts, newest first. https://docs.x.com/x-api/users/get-posts */
export async function* readOwnPosts(
  client: Client,
  self: string,
  { since, onLimit }: { readonly since: number; readonly onLimit: OnLimit },
): AsyncGenerator<Fields> {
  const query = {
    max_results: 100,
    start_time: new Date(since).toISOString(),
    "tweet.fields": "created_at,entities,referenced_tweets,attachments,note_tweet",
  };
  yield* pages(
    (token) =>
      client.read("getUsersPosts", (api) =>
        api.v2.get("users/:id/tweets", { ...query, pagination_token: token }, { params: { id: self } }),
      ),
    onLimit,
  );
}

/** Direct messages with a person in both directions since a time, newest first. https://docs.x.com/x-api/direct-messages/get-dm-events-for-a-dm-conversation */
export async function* readDirects(
  client: Client,
  person: string,
  { since, onLimit }: { readonly since: number; readonly onLimit?: OnLimit },
): AsyncGenerator<Fields> {
  const query = {
    max_results: 100,
    event_types: "MessageCreate",
    "dm_event.fields": "id,text,event_type,created_at,sender_id,attachments,entities",
    expansions: "sender_id,attachments.media_keys",
    "media.fields": "url,type,alt_text,variants",
  };
  const all = pages(
    (token) =>
      client.read("getDirectMessagesEventsByParticipantId", (api) =>
        api.v2.get(
          "dm_conversations/with/:participant_id/dm_events",
          { ...query, pagination_token: token },
          { params: { participant_id: person } },
        ),
      ),
    onLimit,
  );
  for await (const event of all) {
    if (Date.parse(String(event.created_at)) < since) return;
    yield event;
  }
}

/** The first post of the thread that a post stands in, and all posts below it, newest first: X looks back seven days. */
export async function* readThread(client: Client, post: string): AsyncGenerator<Fields> {
  const fields = {
    "tweet.fields":
      "created_at,entities,referenced_tweets,attachments,note_tweet,author_id,conversation_id,display_text_range,in_reply_to_user_id",
    expansions: "author_id,attachments.media_keys",
    "media.fields": "url,type,alt_text,variants",
  };
  const load = (id: string) =>
    pages(() => client.read("getPostsById", (api) => api.v2.get("tweets/:id", fields, { params: { id } })));
  for await (const asked of load(post)) {
    const root = maybeString(asked, "conversation_id") ?? post;
    const query = { ...fields, query: `conversation_id:${root}`, max_results: 100 };
    yield* pages((token) =>
      client.read("searchPostsRecent", (api) => api.v2.get("tweets/search/recent", { ...query, next_token: token })),
    );
    if (root === post) yield asked;
    else yield* load(root);
  }
}

async function* pages(
  load: (token: string | undefined) => Promise<unknown>,
  onLimit?: OnLimit,
): AsyncGenerator<Fields> {
  let token: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await load(token);
    if (!isFields(answer)) return;
    const includes = maybeFields(answer, "includes");
    const items = isFields(answer.data) ? [answer.data] : readList(answer, "data");
    for (const item of items) if (isFields(item)) yield includes ? { ...item, includes } : item;
    const meta = maybeFields(answer, "meta");
    token = meta && maybeString(meta, "next_token");
    if (token === undefined) return;
  }
  onLimit?.();
}
