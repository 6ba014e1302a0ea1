import { HobnobError } from "./errors.ts";
import { foldCase, foldWords, WORD_CHARACTERS } from "./fold.ts";
import { createExpressionIndex, withoutState } from "./match-expressions.ts";
import { createWordIndex } from "./match-words.ts";
import type { Pattern } from "./plugin.ts";

/** A value whose pattern occurs in a text. */
export interface Match<T> {
  readonly value: T;
  /** What the regular expression matched; absent for words. */
  readonly match?: RegExpExecArray;
}

/** Many patterns, to be looked for in a text all at once: the cost of a text hardly grows with the number of patterns. */
export interface PatternIndex<T> {
  /**
   * Registers a value under a word or phrase (whole words, any case, any white space between them) or an expression (its
   * flags `g` and `y` are dropped). Words are runs of letters, digits and combining marks, so a word of a script that does
   * not part its words is found only where it stands alone: use an expression there.
   * @throws HobnobError `PATTERN_EMPTY`
   */
  add(pattern: Pattern, value: T): void;
  /** The values whose patterns occur in the text, in no particular order, each once for every pattern of its own. */
  match(text: string): Match<T>[];
}

export function createPatternIndex<T>(): PatternIndex<T> {
  const words = createWordIndex<T>();
  const expressions = createExpressionIndex<T>();
  return {
    add(pattern, value) {
      if (typeof pattern === "string") words.add(parsePhrase(pattern), value);
      else expressions.add(pattern, value);
    },
    match(text) {
      const matches: Match<T>[] = [];
      if (words.size > 0) words.match(foldWords(text), (value) => matches.push({ value }));
      if (expressions.size > 0) {
        expressions.match(text, foldCase(text), (value, match) => matches.push({ value, match }));
      }
      return matches;
    },
  };
}

/**
 * Looks for one pattern, by the same rules as the index; undefined when it does not occur. For a text that is looked at
 * with one pattern only, as when a stored job runs again.
 * @throws HobnobError `PATTERN_EMPTY`
 */
export function matchPattern(pattern: Pattern, text: string): { readonly match?: RegExpExecArray } | undefined {
  if (typeof pattern === "string") return phraseExpression(parsePhrase(pattern)).test(foldWords(text)) ? {} : undefined;
  const match = withoutState(pattern).exec(text);
  return match === null ? undefined : { match };
}

function parsePhrase(pattern: string): string {
  const phrase = foldWords(pattern).trim();
  if (phrase !== "") return phrase;
  throw new HobnobError(
    "PATTERN_EMPTY",
    `The pattern ${JSON.stringify(pattern)} has no characters to look for. Give it a word, or hear everything with /(?:)/.`,
  );
}

// A boundary is asked for only beside a character of a word: `c++` has none on its right, `:tada:` has none at all.
function phraseExpression(phrase: string): RegExp {
  const before = new RegExp(`^[${WORD_CHARACTERS}]`, "u").test(phrase) ? `(?<![${WORD_CHARACTERS}])` : "";
  const after = new RegExp(`[${WORD_CHARACTERS}]$`, "u").test(phrase) ? `(?![${WORD_CHARACTERS}])` : "";
  const parts = phrase.split(/\s+/).map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(before + parts.join("\\s+") + after, "u");
}
