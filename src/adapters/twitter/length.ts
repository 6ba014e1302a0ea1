import { createRequire } from "node:module";
import type * as TwitterText from "twitter-text";

let library: typeof TwitterText | undefined;

/** The length of a post as X weighs it: most letters 1, CJK and emoji 2, every link 23. https://docs.x.com/x-api/fundamentals/counting-characters */
export function weigh(text: string): number {
  // It takes a seventh of a second to load; a bot that has not spoken yet does not pay for it.
  library ??= createRequire(import.meta.url)("twitter-text") as typeof TwitterText;
  return library.parseTweet(text).weightedLength;
}

/** The length of a direct message: its characters. */
export function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
