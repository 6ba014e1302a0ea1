import { createRequire } from "node:module";
import type * as TwitterText from "twitter-text";
import type { Media, Person, Post, World } from "./world.ts";

let loaded: typeof TwitterText | undefined;

// It takes a seventh of a second to load; a sandbox in which nobody posts on X does not pay for it.
function library(): typeof TwitterText {
  loaded ??= createRequire(import.meta.url)("twitter-text") as typeof TwitterText;
  return loaded;
}

/** A stretch of a text in code points. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** A text as X sends it: three characters escaped, links shortened, and where what stands. */
export interface WireText {
  readonly text: string;
  /** Between the names that X put before and the links of media that it put behind. */
  readonly range: readonly [number, number];
  readonly mentions: readonly (Stretch & { readonly person: Person })[];
  readonly links: readonly (Stretch & { readonly short: string; readonly long: string })[];
  readonly media: readonly (Stretch & { readonly short: string; readonly media: Media })[];
}

/** Encodes what a person wrote; `carried` are the names before it, `media` what is attached. */
export function encodeText(
  world: World,
  { text, carried, media, id }: Pick<Post, "text" | "carried" | "media" | "id">,
): WireText {
  let out = "";
  let count = 0;
  const add = (piece: string): Stretch => {
    const start = count;
    out += piece;
    count += Array.from(piece).length;
    return { start, end: count };
  };
  const mentions: WireText["mentions"][number][] = [];
  const links: WireText["links"][number][] = [];
  for (const person of carried) {
    mentions.push({ ...add(`@${person.handle}`), person });
    add(" ");
  }
  const from = count;
  let at = 0;
  for (const entity of library().extractEntitiesWithIndices(text)) {
    const [start, end] = entity.indices;
    if (!("url" in entity || "screenName" in entity)) continue;
    add(escapeText(text.slice(at, start)));
    at = end;
    const written = text.slice(start, end);
    if ("url" in entity) {
      const short = shorten(id, links.length);
      links.push({ ...add(short), short, long: /^https?:/i.test(written) ? written : `http://${written}` });
      continue;
    }
    const person = world.personByHandle(entity.screenName);
    const place = add(written);
    if (person !== undefined) mentions.push({ ...place, person });
  }
  add(escapeText(text.slice(at)));
  const to = count;
  const shown = media.map((each, index) => {
    if (count > from) add(" ");
    const short = shorten(id, 100 + index);
    return { ...add(short), short, media: each };
  });
  return { text: out, range: [from, to], mentions, links, media: shown };
}

/** Whom a text names by its author's own hand. */
export function mentioned(world: World, text: string): readonly Person[] {
  return library()
    .extractMentions(text)
    .flatMap((handle) => world.personByHandle(handle) ?? []);
}

/** The post whose address stands in a text. */
export function quotedIn(world: World, text: string): Post | undefined {
  const id = /https:\/\/(?:x|twitter)\.com\/\w+\/status\/(\d+)/.exec(text)?.[1];
  return id === undefined ? undefined : world.posts.get(id);
}

export function weigh(text: string): number {
  return library().parseTweet(text).weightedLength;
}

function shorten(id: string, index: number): string {
  return `https://t.co/${(BigInt(id) + BigInt(index)).toString(36).slice(-10)}`;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
