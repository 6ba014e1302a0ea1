import { createBitSet } from "./bit-set.ts";
import { WORD_CHARACTERS } from "./fold.ts";

/** Words and phrases as a trie of tokens: a text is looked up once a token, however many words are registered. */
export interface WordIndex<T> {
  readonly size: number;
  /** `phrase` is folded and trimmed. */
  add(phrase: string, value: T): void;
  /** Calls `found` for every value whose phrase stands in the folded text, once a phrase. */
  match(text: string, found: (value: T) => void): void;
}

interface Node<T> {
  readonly values: Set<T>;
  readonly next: Map<string, Node<T>>;
  /** The search that last found it. */
  seen: number;
}

export function createWordIndex<T>(): WordIndex<T> {
  const root = createNode<T>();
  const firstTokens = createBitSet();
  let search = 0;

  const walk = (text: string, start: number, end: number, found: (value: T) => void): void => {
    let node = root.next.get(text.slice(start, end));
    for (let at = end; node !== undefined; ) {
      if (node.values.size > 0 && node.seen !== search) {
        node.seen = search;
        node.values.forEach(found);
      }
      if (node.next.size === 0 || at >= text.length) return;
      const next = tokenEnd(text, at);
      node = node.next.get(tokenOf(text, at, next));
      at = next;
    }
  };

  return {
    get size() {
      return root.next.size;
    },
    add(phrase, value) {
      let node = root;
      for (let at = 0; at < phrase.length; ) {
        const end = tokenEnd(phrase, at);
        const token = tokenOf(phrase, at, end);
        if (at === 0) firstTokens.add(hash(phrase, 0, end));
        const next = node.next.get(token) ?? createNode<T>();
        node.next.set(token, next);
        node = next;
        at = end;
      }
      node.values.add(value);
    },
    match(text, found) {
      search++;
      for (let at = 0; at < text.length; ) {
        const end = tokenEnd(text, at);
        if (firstTokens.has(hash(text, at, end))) walk(text, at, end, found);
        at = end;
      }
    },
  };
}

function createNode<T>(): Node<T> {
  return { values: new Set(), next: new Map(), seen: 0 };
}

// A word, a run of white space, or one code unit of anything else. Half a surrogate pair is a token too:
// texts and phrases are cut alike, and a phrase begins with a whole character.
function tokenEnd(text: string, start: number): number {
  const kind = kindAt(text, start);
  let end = start + 1;
  if (kind !== OTHER) while (end < text.length && kindAt(text, end) === kind) end++;
  return end;
}

function tokenOf(text: string, start: number, end: number): string {
  return kindAt(text, start) === SPACE ? " " : text.slice(start, end);
}

function hash(text: string, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  return sum;
}

const OTHER = 1;
const WORD = 2;
const SPACE = 3;
const WORD_CHARACTER = new RegExp(`^[${WORD_CHARACTERS}]`, "u");

// By code unit; 0 is not known yet.
const kinds = new Uint8Array(0x10000);

function kindAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return kinds[unit] || learnKind(text, at, unit);
}

function learnKind(text: string, at: number, unit: number): number {
  if (unit >= 0xd800 && unit <= 0xdfff) {
    const point = text.codePointAt(unit >= 0xdc00 ? at - 1 : at) ?? 0;
    return point > 0xffff && WORD_CHARACTER.test(String.fromCodePoint(point)) ? WORD : OTHER;
  }
  const character = text[at]!;
  const kind = WORD_CHARACTER.test(character) ? WORD : /\s/.test(character) ? SPACE : OTHER;
  kinds[unit] = kind;
  return kind;
}
