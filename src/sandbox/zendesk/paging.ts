import { fail } from "./method.ts";
import type { Json } from "./wire.ts";

const LARGEST_PAGE = 100;

interface Paged<T> {
  /** What the list is called in the answer. */
  readonly name: string;
  readonly items: readonly T[];
  readonly show: (item: T) => unknown;
  /** Address of the list, without its query. */
  readonly address: string;
  readonly query: URLSearchParams;
}

/** A page of a list: by cursor when `page[size]` is asked for, otherwise by number. @returns the answer, and what is on the page */
export function paged<T>(list: Paged<T>): { readonly answer: Json; readonly items: readonly T[] } {
  return list.query.has("page[size]") || list.query.has("page[after]") ? byCursor(list) : byNumber(list);
}

function byCursor<T>({ name, items, show, address, query }: Paged<T>) {
  const size = sizeOf(query.get("page[size]"));
  const cursor = query.get("page[after]");
  const start = cursor === null ? 0 : Number(Buffer.from(cursor, "base64url").toString());
  if (!Number.isInteger(start) || start < 0) return fail(400, "InvalidPaginationParameter", "page[after] is not valid");
  const page = items.slice(start, start + size);
  const end = start + page.length;
  const next = new URLSearchParams(query);
  const after = Buffer.from(String(end)).toString("base64url");
  next.set("page[after]", after);
  const hasMore = end < items.length;
  return {
    items: page,
    answer: {
      [name]: page.map(show),
      meta: { has_more: hasMore, after_cursor: hasMore ? after : null, before_cursor: null },
      links: { next: hasMore ? `${address}?${next}` : null, prev: null },
    },
  };
}

function byNumber<T>({ name, items, show, address, query }: Paged<T>) {
  const size = sizeOf(query.get("per_page"));
  const number = Math.max(1, Number(query.get("page")) || 1);
  if (number > LARGEST_PAGE) return fail(400, "InvalidPaginationDepth", "Page access limited to the first 100 pages");
  const start = (number - 1) * size;
  const page = items.slice(start, start + size);
  const addressOf = (to: number) => {
    const other = new URLSearchParams(query);
    other.set("page", String(to));
    return `${address}?${other}`;
  };
  return {
    items: page,
    answer: {
      [name]: page.map(show),
      next_page: start + size < items.length ? addressOf(number + 1) : null,
      previous_page: number > 1 ? addressOf(number - 1) : null,
      count: items.length,
    },
  };
}

function sizeOf(text: string | null): number {
  const size = Number(text ?? LARGEST_PAGE);
  return Number.isInteger(size) && size > 0 ? Math.min(size, LARGEST_PAGE) : LARGEST_PAGE;
}
