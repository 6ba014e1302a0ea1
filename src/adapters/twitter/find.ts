import type { Conversation } from "../../core/index.ts";
import { type Fields, isFields, maybeFields, maybeString, readList } from "../shared/fields.ts";
import type { Client } from "./client.ts";
import { readDirects, readOwnPosts } from "./read.ts";
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
  /** In public: the post that it answers, and where the bot's own answers below that end. */
  readonly parents: readonly (string | undefined)[];
}

// X's clock and ours are not the same.
const MARGIN = 60_000;

/** What was found, and whether there may be more than that. */
export interface Alike {
  /** The oldest first. */
  readonly ids: readonly string[];
  /** Not everything back to `since` was read. */
  readonly isCut: boolean;
}

/** The bot's own posts or direct messages with this text, not older than `since`. */
export async function findAlike(client: Client, self: string, wanted: Wanted): Promise<Alike> {
  const { to, part, taken, parents } = wanted;
  const since = Math.max(0, wanted.since - MARGIN);
  const own: Fields[] = [];
  let isCut = false;
  const reading = {
    since,
    onLimit() {
      isCut = true;
    },
  };
  for await (const post of to.isDirect ? readDirects(client, to.id, reading) : readOwnPosts(client, self, reading)) {
    own.push(post);
  }
  const there = own.reverse().filter(to.isDirect ? ({ sender_id }) => sender_id === self : inThread(parents));
  const text = comparable(part.text);
  const ids = there
    .filter((post) => shown(post) === text && (text !== "" || isFields(post.attachments)))
    .map((post) => String(post.id))
    .filter((id) => !taken.includes(id));
  return { ids, isCut };
}

/** Below these posts, or below the bot's own answers to them; asked for one post after the other, the oldest first. */
function inThread(roots: readonly (string | undefined)[]): (post: Fields) => boolean {
  const parents = new Set(roots);
  return (post) => {
    const parent = answered(post);
    const isIn = parents.has(parent);
    if (isIn && parent !== undefined) parents.add(maybeString(post, "id"));
    return isIn;
  };
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
