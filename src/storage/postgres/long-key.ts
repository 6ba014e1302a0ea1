import { hash } from "node:crypto";

/**
 * A key as an index can hold it: at most a third of a page. A longer one keeps its beginning, so that a prefix still finds
 * it, and has its digest behind. No other key has the mark between them: U+0001 comes with four hex digits only.
 */
export function shorten(key: string): string {
  return Buffer.byteLength(key) <= MOST_BYTES ? key : `${beginning(key)}${MARK}${hash("sha256", key, "base64url")}`;
}

/** Undefined when the key is not shortened: the text to keep beside it otherwise. */
export function fullKey(key: string): string | undefined {
  return Buffer.byteLength(key) <= MOST_BYTES ? undefined : key;
}

/** What all keys of a prefix begin with when they are shortened. */
export const beginning = (prefix: string): string => prefix.slice(0, KEPT).toWellFormed();

const MOST_BYTES = 1_600;
const KEPT = 400;
const MARK = "\u0001~";
