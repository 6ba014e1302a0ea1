import { type Fence, fencesOf, spanAround, unbreakableSpans } from "./markdown-spans.ts";

/**
 * Cuts a Markdown text into parts none of which measures more than `limit`: between paragraphs where it can, else between
 * lines, sentences, words, and at last between what a reader takes for characters; not within links and `<…>` that fit.
 *
 * The parts one after the other hold every character of the text in order but the white space at a cut: one single space,
 * or line breaks with the blank lines among them (within code: one line break). Parts of white space only are left out, and
 * nothing but white space that does not fit is one empty part. A
 * code fence that is cut is closed in one part and opened again, with its language, in the next; only fences that use up
 * more than half of the limit are not. A character that measures more than the limit is a part of its own.
 *
 * `measure` never shrinks when its text grows. It is called about ten times a part.
 */
export function splitText(text: string, limit: number, measure = (part: string): number => part.length): string[] {
  const fences = fencesOf(text);
  const spans = unbreakableSpans(text, fences);
  const canReopen = ({ opening, closing }: Fence): boolean => measure(`${opening}\n\n${closing}`) <= limit / 2;
  const reopened = fences.filter(canReopen);
  const reserve = `\n${reopened.reduce((longest, { closing }) => (closing.length > longest.length ? closing : longest), "")}`;

  const parts: string[] = [];
  let opening = "";
  let guess = Math.max(1, Math.floor(limit));
  for (let at = 0; at < text.length; ) {
    const fits = (length: number, closing = ""): boolean =>
      measure(opening + text.slice(at, at + length) + closing) <= limit;
    const room = largest(text.length - at, guess, fits);
    if (at + room === text.length) {
      parts.push(opening + text.slice(at));
      break;
    }
    guess = Math.max(1, room);
    let end = chooseCut({ text, at, most: at + room, spans, fences });
    let fence = fenceAt(reopened, end);
    if (fence !== undefined && !fits(end - at, `\n${fence.closing}`)) {
      const less = largest(room, room, (length) => fits(length, reserve));
      end = chooseCut({ text, at, most: at + less, spans, fences });
      fence = fenceAt(reopened, end);
    }
    const body = text.slice(at, end);
    if (body.trim() !== "") parts.push(opening + body + (fence === undefined ? "" : `\n${fence.closing}`));
    at = end + droppedAt(text, end, fenceAt(fences, end) !== undefined);
    opening = fence === undefined ? "" : `${fence.opening}\n`;
    // Nothing of the fence is left but its closing line, which the part has got already.
    if (fence !== undefined && at === fence.bodyEnd) {
      at = fence.end + droppedAt(text, fence.end, false);
      opening = "";
    }
  }
  return parts.length > 0 ? parts : [""];
}

/** The largest length up to `most` that fits; 0 fits always. Gallops from the guess, then halves. */
function largest(most: number, guess: number, fits: (length: number) => boolean): number {
  let low = 0;
  let high = Math.min(guess, most);
  while (fits(high)) {
    if (high === most) return most;
    low = high;
    high = Math.min(high * 2, most);
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function fenceAt(fences: readonly Fence[], position: number): Fence | undefined {
  const fence = spanAround(fences, position);
  return fence !== undefined && position >= fence.bodyStart && position < fence.bodyEnd ? fence : undefined;
}

// Each match ends at the place of a cut.
const PARAGRAPH = /(?=\r?\n[ \t]*\r?\n)(?<=\S[ \t]*)/g;
const LINE = /(?=\r?\n)(?<=\S[ \t]*)/g;
const SENTENCE = /[.!?…][)\]}"'”’»*_]* *(?= \S)|[。！？]/g;
const WORD = /\S(?=\s)| (?= \S)/g;

interface Cut {
  readonly text: string;
  /** Where the part begins. */
  readonly at: number;
  /** The last place where it may end. */
  readonly most: number;
  readonly spans: ReturnType<typeof unbreakableSpans>;
  readonly fences: readonly Fence[];
}

/** Where the part that begins at `at` ends: at least one character further. */
function chooseCut({ text, at, most, spans, fences }: Cut): number {
  // Enough to see whether a blank line follows the last place.
  const window = text.slice(at, most + 40);
  // A part of white space only would be lost.
  const blank = Math.max(0, window.search(/\S/));
  const last = (boundary: RegExp, least: number): number | undefined => {
    let found: number | undefined;
    for (const { 0: match, index } of window.matchAll(boundary)) {
      const place = at + index + match.length;
      if (place > most) break;
      if (place > Math.max(least, at + blank) && spanAround(spans, place) === undefined && !isJoined(text, place))
        found = place;
    }
    return found;
  };
  const half = at + (most - at) / 2;
  const place = fenceAt(fences, most)
    ? (last(PARAGRAPH, half) ?? last(LINE, at) ?? last(WORD, at))
    : (last(PARAGRAPH, half) ?? last(LINE, half) ?? last(SENTENCE, half) ?? last(WORD, at));
  if (place !== undefined) return place;
  const span = spanAround(spans, most);
  if (span !== undefined && span.start > at) return span.start;
  return graphemeCut(text, at, most);
}

// Made when a text first needs it: it reads a table of some milliseconds.
let segmenter: Intl.Segmenter | undefined;
/** More than any character that a person reads as one. */
const LONGEST_GRAPHEME = 256;

function graphemeCut(text: string, at: number, most: number): number {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  // Read from the last place where two ASCII characters meet: nothing joins those.
  let start = most;
  do start--;
  while (start > at && !(isPrintableAscii(text, start - 1) && isPrintableAscii(text, start)));
  start = Math.max(start, at);
  const segments = segmenter.segment(text.slice(start, most + LONGEST_GRAPHEME));
  const cut = start + (segments.containing(most - start)?.index ?? 0);
  if (cut > at) return cut;
  const first = segmenter.segment(text.slice(at, at + LONGEST_GRAPHEME)).containing(0);
  return at + (first?.segment.length ?? 1);
}

function isPrintableAscii(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0x20 && unit < 0x7f;
}

// A mark or joiner here belongs to the character before it.
function isJoined(text: string, place: number): boolean {
  return /^[\p{M}\u200d]/u.test(text.slice(place, place + 2));
}

/** How much white space a cut at `place` swallows. */
function droppedAt(text: string, place: number, isCode: boolean): number {
  const breaks = isCode ? /\r?\n/y : /\r?\n(?:[ \t]*\r?\n)*/y;
  breaks.lastIndex = place;
  const match = breaks.exec(text);
  if (match !== null) return match[0].length;
  return !isCode && text[place] === " " && !/^[\s\p{M}\u200d]/u.test(text.slice(place + 1, place + 3)) ? 1 : 0;
}
