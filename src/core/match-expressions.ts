import { type BitSet, createBitSet } from "./bit-set.ts";
import { type Literals, literalsOf, shortest } from "./match-literals.ts";

/** Regular expressions, found by the literals their matches must contain: only those are run whose literal is in the text. */
export interface ExpressionIndex<T> {
  readonly size: number;
  add(expression: RegExp, value: T): void;
  /** Calls `found` for every value whose expression matches `text`; `folded` is the same text after `foldCase`. */
  match(text: string, folded: string, found: (value: T, match: RegExpExecArray) => void): void;
}

interface Expression<T> {
  readonly regexp: RegExp;
  readonly values: Set<T>;
  readonly choices: readonly Literals[];
  /** The search that last tried it. */
  tried: number;
}

/** Windows of one size that slide over the text, and what to look at when one is known. */
interface Level<T> {
  readonly size: number;
  readonly mask: number;
  readonly known: BitSet;
  readonly entries: Map<number, Entry<T>[]>;
}

interface Entry<T> {
  readonly literal: string;
  /** Where in the literal the window begins. */
  readonly offset: number;
  readonly expression: Expression<T>;
}

export function createExpressionIndex<T>(): ExpressionIndex<T> {
  const expressions = new Map<string, Expression<T>>();
  let always: readonly Expression<T>[] = [];
  let levels: readonly Level<T>[] = [];
  let isStale = false;
  let search = 0;

  return {
    get size() {
      return expressions.size;
    },
    add(expression, value) {
      const regexp = withoutState(expression);
      const key = `${regexp.flags}/${regexp.source}`;
      const known = expressions.get(key);
      if (known !== undefined) {
        known.values.add(value);
        return;
      }
      expressions.set(key, { regexp, values: new Set([value]), choices: literalsOf(regexp), tried: 0 });
      isStale = true;
    },
    match(text, folded, found) {
      if (isStale) {
        always = [...expressions.values()].filter(({ choices }) => choices.length === 0);
        levels = createLevels([...expressions.values()]);
        isStale = false;
      }
      search++;
      const tryOne = (expression: Expression<T>): void => {
        expression.tried = search;
        const match = expression.regexp.exec(text);
        if (match !== null) for (const value of expression.values) found(value, match);
      };
      always.forEach(tryOne);
      for (const { size, mask, known, entries } of levels) {
        let units = 0;
        for (let at = 0; at < folded.length; at++) {
          units = pushUnit(units, folded.charCodeAt(at));
          if (!known.has(units & mask)) continue;
          for (const { literal, offset, expression } of entries.get(units & mask) ?? []) {
            if (expression.tried === search || !folded.startsWith(literal, at + 1 - size - offset)) continue;
            tryOne(expression);
          }
        }
      }
    },
  };
}

/** The expression without the flags `g` and `y`, whose `lastIndex` would make every other match fail. */
export function withoutState(expression: RegExp): RegExp {
  return new RegExp(expression.source, expression.flags.replace(/[gy]/g, ""));
}

// Four Latin characters exactly; wider ones overlap, which only costs a look.
function pushUnit(units: number, unit: number): number {
  return (units << 8) ^ unit;
}

const LEVELS = [
  { size: 4, mask: -1 },
  { size: 3, mask: 0xffffff },
  { size: 2, mask: 0xffff },
] as const;

function createLevels<T>(expressions: readonly Expression<T>[]): readonly Level<T>[] {
  const chosen = chooseLiterals(expressions);
  return LEVELS.map(({ size, mask }) => {
    const own = chosen.filter(({ literal }) => Math.min(literal.length, 4) === size);
    const counts = countOf(own.flatMap(({ literal }) => windowsOf(literal, size, mask)));
    const level: Level<T> = { size, mask, known: createBitSet(), entries: new Map() };
    for (const { literal, expression } of own) {
      const windows = windowsOf(literal, size, mask);
      // The window that fewest others share, and of those the one with the rarest letters.
      const cost = (offset: number): number =>
        counts.get(windows[offset]!)! * 10_000 + commonness(literal.slice(offset, offset + size));
      const offset = windows.map((_, at) => at).reduce((best, at) => (cost(at) < cost(best) ? at : best));
      const key = windows[offset]!;
      level.known.add(key);
      const entries = level.entries.get(key) ?? [];
      entries.push({ literal, offset, expression });
      level.entries.set(key, entries);
    }
    return level;
  }).filter(({ entries }) => entries.size > 0);
}

// Of the literals an expression offers, those that are long and that few other expressions offer too:
// a thousand `deploy (\w+) to x…` should not all run because of `deploy`.
function chooseLiterals<T>(
  expressions: readonly Expression<T>[],
): readonly { literal: string; expression: Expression<T> }[] {
  const counts = countOf(expressions.flatMap(({ choices }) => [...new Set(choices.flat())]));
  const cost = (literals: Literals): number =>
    literals.length * 8 ** -Math.min(shortest(literals), 6) * Math.max(...literals.map((text) => counts.get(text)!));
  return expressions.flatMap((expression) => {
    const [best = []] = expression.choices.toSorted((a, b) => cost(a) - cost(b));
    return best.map((literal) => ({ literal, expression }));
  });
}

function windowsOf(literal: string, size: number, mask: number): readonly number[] {
  const windows: number[] = [];
  let units = 0;
  for (let at = 0; at < literal.length; at++) {
    units = pushUnit(units, literal.charCodeAt(at));
    if (at >= size - 1) windows.push(units & mask);
  }
  return windows;
}

function countOf<K>(keys: readonly K[]): ReadonlyMap<K, number> {
  const counts = new Map<K, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

const BY_FREQUENCY = "zqxjkvbpygfwmucldrhsnioate ";

function commonness(window: string): number {
  return [...window].reduce((sum, letter) => sum + BY_FREQUENCY.indexOf(letter) + 1, 0);
}
