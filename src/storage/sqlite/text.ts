/**
 * A key as the file can hold it. Half a surrogate pair (a text cut in the middle of an emoji) has no UTF-8, and all of them
 * would become one character: such a key is kept in JSON's escapes.
 */
export function toText(key: string): string {
  return key.isWellFormed() && !key.startsWith(ESCAPED) ? key : `${ESCAPED}${JSON.stringify(key)}`;
}

/** A key as it was before `toText`. */
export function fromText(text: string): string {
  return text.startsWith(ESCAPED) ? (JSON.parse(text.slice(ESCAPED.length)) as string) : text;
}

const ESCAPED = "\0json:";
