import { hash } from "node:crypto";

/**
 * A name or key as every database can hold it. Half a surrogate pair (a text cut in the middle of an emoji) has no UTF-8, and
 * all of them would become one character; Postgres has no NUL. Only these are escaped, so that a prefix stays a prefix.
 */
export function toText(key: string): string {
  if (key.isWellFormed() && !key.includes("\0") && !key.includes(ESCAPE)) return key;
  return key.replace(ODD, (found) => `${ESCAPE}${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A text as it was before `toText`. */
export function fromText(text: string): string {
  if (!text.includes(ESCAPE)) return text;
  return text.replace(ESCAPED, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/**
 * A dedupe key as a signed 64-bit number: integers keep the set small, and with 10⁸ of them a new key is taken for an old
 * one once in 10¹¹.
 */
export function digestOf(key: string): bigint {
  return hash("sha256", toText(key), "buffer").readBigInt64BE(0);
}

const ESCAPE = "\u0001";
// With the flag u a surrogate matches only where it is alone.
const ODD = new RegExp(`[\\0${ESCAPE}\\p{Surrogate}]`, "gu");
const ESCAPED = new RegExp(`${ESCAPE}([0-9a-f]{4})`, "g");
