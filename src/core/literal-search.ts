import { type BitSet, createBitSet } from "./bit-set.ts";

/** A text to look for, and what it stands for. */
export interface Literal<P> {
  readonly text: string;
  readonly payload: P;
}

/** Many literals, looked for in one pass: what it costs depends on the text, hardly on how many they are. */
export interface LiteralSearch<P> {
  /** Calls `visit` for every place where a literal begins, a literal at a time. */
  scan(text: string, visit: (payload: P, start: number) => void): void;
  /** The same for a plain text: ASCII, all of its white space single spaces. Stops at what is not plain and answers false. */
  scanPlain(text: string, visit: (payload: P, start: number) => void): boolean;
}

/** A literal found by the window of its characters that few others share. */
interface Entry<P> extends Literal<P> {
  /** From the literal's beginning to the window's last character. */
  readonly reach: number;
}

/** Windows of one size, kept in the upper bits of an integer. */
interface Level<P> {
  readonly size: number;
  readonly entries: Map<number, Entry<P>[]>;
}

/** Literals are not empty. */
export function createLiteralSearch<P>(literals: readonly Literal<P>[]): LiteralSearch<P> {
  const known = createBitSet();
  const levels = [4, 3, 2, 1]
    .map((size) => createLevel(size, literals, known))
    .filter(({ entries }) => entries.size > 0);
  const hasSingles = levels.some(({ size }) => size === 1);

  const look = (text: string, at: number, window: number, visit: (payload: P, start: number) => void): void => {
    for (const { size, entries } of levels) {
      for (const entry of entries.get(narrow(window, size)) ?? []) {
        const start = at - entry.reach;
        if (start >= 0 && text.startsWith(entry.text, start)) visit(entry.payload, start);
      }
    }
  };
  const run = (text: string, mustBePlain: boolean, visit: (payload: P, start: number) => void): boolean => {
    let window = 0;
    let before = 0;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (mustBePlain && (unit > 126 || unit < 33) && (unit !== 32 || before === 32)) return false;
      before = unit;
      window = push(window, unit);
      // All three, whether there are such literals or not: the cost of a text must not depend on what is registered.
      const isKnown = known.has(window) || known.has(narrow(window, 3)) || known.has(narrow(window, 2));
      if (isKnown || (hasSingles && known.has(narrow(window, 1)))) look(text, at, window, visit);
    }
    return true;
  };
  return {
    scan: (text, visit) => void run(text, false, visit),
    scanPlain: (text, visit) => run(text, true, visit),
  };
}

// The last four characters if they are Latin. Wider ones overlap, which costs a look but loses nothing:
// what a window holds depends on its own characters only.
function push(window: number, unit: number): number {
  return (window << 8) ^ unit;
}

function narrow(window: number, size: number): number {
  return window << (32 - 8 * size);
}

function createLevel<P>(size: number, literals: readonly Literal<P>[], known: BitSet): Level<P> {
  const own = literals
    .filter(({ text }) => Math.min(text.length, 4) === size)
    .map((literal) => ({ literal, windows: windowsOf(literal.text, size) }));
  const counts = new Map<number, number>();
  for (const window of own.flatMap(({ windows }) => windows)) counts.set(window, (counts.get(window) ?? 0) + 1);

  const entries = new Map<number, Entry<P>[]>();
  for (const { literal, windows } of own) {
    // The window that fewest others share, and of those the one with the rarest letters.
    const cost = (at: number): number =>
      counts.get(windows[at]!)! * 1000 + commonness(literal.text.slice(at, at + size));
    const best = windows.map((_, at) => at).reduce((least, at) => (cost(at) < cost(least) ? at : least));
    const window = windows[best]!;
    known.add(window);
    const shared = entries.get(window) ?? [];
    shared.push({ ...literal, reach: best + size - 1 });
    entries.set(window, shared);
  }
  return { size, entries };
}

function windowsOf(text: string, size: number): readonly number[] {
  const windows: number[] = [];
  let window = 0;
  for (let at = 0; at < text.length; at++) {
    window = push(window, text.charCodeAt(at));
    if (at >= size - 1) windows.push(narrow(window, size));
  }
  return windows;
}

const BY_FREQUENCY = "zqxjkvbpygfwmucldrhsnioate ";

function commonness(window: string): number {
  return [...window].reduce((sum, letter) => sum + BY_FREQUENCY.indexOf(letter) + 1, 0);
}
