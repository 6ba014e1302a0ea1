import { type Fields, isFields, malformed, readList } from "../shared/fields.ts";

/** A stretch of a text in code points, as X counts, and what stands in its place for people. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  /** Empty: it goes, with the blanks that only kept it apart. */
  readonly text: string;
}

/** Somebody's name in a text. */
export interface Mention {
  readonly id: string;
  readonly start: number;
  readonly end: number;
}

/**
 * A text of X as people read it: links written out, entities undone, without the bot's own name, and without what stands
 * before `from`, which are names that X puts before an answer.
 */
export function readText(
  source: string,
  { stretches, from = 0 }: { readonly stretches: readonly Stretch[]; readonly from?: number },
): string {
  const points = Array.from(source);
  const end = points.length;
  let text = "";
  let at = Math.min(from, end);
  for (const stretch of stretches.toSorted((a, b) => a.start - b.start)) {
    if (stretch.start < at || stretch.end > end) continue;
    text += undoEntities(points.slice(at, stretch.start).join(""));
    at = stretch.end;
    if (stretch.text === "") [text, at] = closeGap(text, points, at);
    else text += stretch.text;
  }
  return text + undoEntities(points.slice(at, end).join(""));
}

/** What is left of the blanks around something that goes: none at an end or before a mark, else what stood on one side. */
function closeGap(text: string, points: readonly string[], at: number): [string, number] {
  let next = at;
  while (next < points.length && /\s/.test(points[next]!)) next++;
  const gap = points.slice(at, next);
  if (text.trim() === "") return ["", next];
  if (next === points.length) return [text.trimEnd(), next];
  if (gap.includes("\n") || (gap.length === 0 && /[,.;:!?]/.test(points[at]!))) return [text.trimEnd(), at];
  return /\s$/.test(text) ? [text, next] : [text, at];
}

/** X escapes these three characters in every text. https://docs.x.com/x-api/fundamentals/counting-characters */
export function undoEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** The two ends of a stretch that X gives as a pair of numbers. */
export function readPair(value: unknown): readonly [number, number] | undefined {
  if (!Array.isArray(value)) return undefined;
  const [start, end]: unknown[] = value;
  return isPlace(start) && isPlace(end) && start <= end ? [start, end] : undefined;
}

/** The shortened links of a text as stretches; `url` names the ends' fields: v1.1 has `indices`, v2 `start` and `end`. */
export function readLinks(entities: Fields | undefined): readonly Stretch[] {
  return entitiesOf(entities, "urls").flatMap((link) => {
    const place = placeOf(link);
    const expanded = typeof link.expanded_url === "string" ? link.expanded_url : undefined;
    if (place === undefined || expanded === undefined) return [];
    // The link of attached media is X's own addition.
    const isMedia =
      link.media_key !== undefined ||
      /^https:\/\/(?:x|twitter)\.com\/\w+\/status\/\d+\/(?:photo|video)\/\d$/.test(expanded);
    return [{ ...place, text: isMedia ? "" : expanded }];
  });
}

/** Who is named in a text; `key` is `user_mentions` in v1.1 and `mentions` in v2. */
export function readMentions(entities: Fields | undefined, key: "user_mentions" | "mentions"): readonly Mention[] {
  return entitiesOf(entities, key).flatMap((mention) => {
    const place = placeOf(mention);
    const id = mention.id_str ?? mention.id;
    return place === undefined || typeof id !== "string" ? [] : [{ ...place, id }];
  });
}

function entitiesOf(entities: Fields | undefined, key: string): readonly Fields[] {
  return entities === undefined ? [] : readList(entities, key).map((each) => (isFields(each) ? each : broken(key)));
}

function broken(key: string): never {
  throw malformed(`\`${key}\` holds something that is no object`);
}

/** Where an entity stands in its text. */
export function placeOf(entity: Fields): { readonly start: number; readonly end: number } | undefined {
  const [start, end] = readPair(entity.indices) ?? [entity.start, entity.end];
  return isPlace(start) && isPlace(end) && start <= end ? { start, end } : undefined;
}

function isPlace(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}
