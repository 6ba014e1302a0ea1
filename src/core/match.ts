import { HobnobError } from "./errors.ts";
import { collapseSpace, foldCase, foldWords, isWordAt, isWordBefore } from "./fold.ts";
import { createLiteralSearch, type Literal, type LiteralSearch } from "./literal-search.ts";
import { type Literals, literalsOf, shortest } from "./match-literals.ts";
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

/** One pattern and all that was registered under it. */
interface Entry<T> {
  /** Undefined for a phrase. */
  readonly expression: RegExp | undefined;
  /** What to look for: the phrase itself, or the literals that the expression offers. */
  readonly choices: readonly Literals[];
  readonly values: Set<T>;
  /** The search that last found it. */
  seen: number;
}

export function createPatternIndex<T>(): PatternIndex<T> {
  const entries = new Map<string, Entry<T>>();
  let always: readonly Entry<T>[] = [];
  let search: LiteralSearch<Entry<T>> | undefined;
  let searches = 0;

  /** The entries found, each once. */
  const find = (text: string): readonly Entry<T>[] => {
    search ??= createLiteralSearch(chooseLiterals([...entries.values()]));
    const plain = text.toLowerCase();
    const found: Entry<T>[] = [];
    searches++;
    const visit = (folded: string, entry: Entry<T>, start: number): void => {
      if (entry.seen === searches) return;
      if (entry.expression === undefined && !isWhole(entry.choices[0]![0]!, folded, start)) return;
      entry.seen = searches;
      found.push(entry);
    };
    if (search.scanPlain(plain, (entry, start) => visit(plain, entry, start))) return found;

    found.length = 0;
    searches++;
    const forWords = collapseSpace(foldWords(text));
    const forExpressions = collapseSpace(foldCase(text));
    search.scan(forWords, (entry, start) => {
      if (entry.expression === undefined || forWords === forExpressions) visit(forWords, entry, start);
    });
    if (forWords === forExpressions) return found;
    search.scan(forExpressions, (entry, start) => {
      if (entry.expression !== undefined) visit(forExpressions, entry, start);
    });
    return found;
  };

  return {
    add(pattern, value) {
      const entry = typeof pattern === "string" ? phraseEntry<T>(pattern) : expressionEntry<T>(pattern);
      const { expression } = entry;
      const key = expression === undefined ? `"${entry.choices[0]![0]!}` : `/${expression.flags}/${expression.source}`;
      const known = entries.get(key) ?? entry;
      known.values.add(value);
      if (known !== entry) return;
      entries.set(key, entry);
      if (entry.choices.length === 0) always = [...always, entry];
      else search = undefined;
    },
    match(text) {
      const matches: Match<T>[] = [];
      const add = ({ expression, values }: Entry<T>) => {
        const match = expression?.exec(text);
        if (match === null) return;
        for (const value of values) matches.push(match === undefined ? { value } : { value, match });
      };
      find(text).forEach(add);
      always.forEach(add);
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
  if (typeof pattern !== "string") {
    const match = withoutState(pattern).exec(text);
    return match === null ? undefined : { match };
  }
  const phrase = parsePhrase(pattern);
  const folded = collapseSpace(foldWords(text));
  for (let at = folded.indexOf(phrase); at >= 0; at = folded.indexOf(phrase, at + 1)) {
    if (isWhole(phrase, folded, at)) return {};
  }
  return undefined;
}

function phraseEntry<T>(pattern: string): Entry<T> {
  return { expression: undefined, choices: [[parsePhrase(pattern)]], values: new Set(), seen: 0 };
}

function expressionEntry<T>(pattern: RegExp): Entry<T> {
  const expression = withoutState(pattern);
  return { expression, choices: literalsOf(expression), values: new Set(), seen: 0 };
}

function parsePhrase(pattern: string): string {
  const phrase = collapseSpace(foldWords(pattern)).trim();
  if (phrase !== "") return phrase;
  throw new HobnobError(
    "PATTERN_EMPTY",
    `The pattern ${JSON.stringify(pattern)} has no characters to look for. Give it a word, or hear everything with /(?:)/.`,
  );
}

// The flags g and y keep a lastIndex, which would make every other match fail.
function withoutState(expression: RegExp): RegExp {
  return new RegExp(expression.source, expression.flags.replace(/[gy]/g, ""));
}

// A boundary is asked for only beside a character of a word: `c++` has none on its right, `:tada:` has none at all.
function isWhole(phrase: string, text: string, start: number): boolean {
  const end = start + phrase.length;
  const goesOnLeft = isWordAt(phrase, 0) && isWordBefore(text, start);
  return !goesOnLeft && !(isWordBefore(phrase, phrase.length) && isWordAt(text, end));
}

// Of the literals an expression offers, those that are long and that few other expressions offer too:
// a thousand `deploy (\w+) to x…` should not all run because of `deploy`.
function chooseLiterals<T>(entries: readonly Entry<T>[]): readonly Literal<Entry<T>>[] {
  const counts = new Map<string, number>();
  for (const { choices } of entries) {
    for (const text of new Set(choices.flat())) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const cost = (literals: Literals): number =>
    literals.length * 8 ** -Math.min(shortest(literals), 6) * Math.max(...literals.map((text) => counts.get(text)!));
  return entries.flatMap((entry) => {
    const [best = []] = entry.choices.toSorted((a, b) => cost(a) - cost(b));
    return best.map((text) => ({ text, payload: entry }));
  });
}
