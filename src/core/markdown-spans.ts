/** A stretch of a text, as code unit indices: `start` belongs to it, `end` does not. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A fenced code block. It spans its opening and closing lines, without the line break after them. */
export interface Fence extends Span {
  /** The opening line, with its language. */
  readonly opening: string;
  /** The shortest line that closes it. */
  readonly closing: string;
  readonly bodyStart: number;
  /** Where the closing line begins; the end of the text where there is none. */
  readonly bodyEnd: number;
}

/** The fenced code blocks of a Markdown text (CommonMark 0.31, 4.5, at any indent), in order. */
export function fencesOf(text: string): readonly Fence[] {
  const fences: Fence[] = [];
  let open: Omit<Fence, "end" | "bodyEnd"> | undefined;
  for (const line of text.matchAll(/^([ \t]*)(`{3,}|~{3,})([^\r\n]*)/gm)) {
    const [whole, indent = "", marker = "", info = ""] = line;
    const end = line.index + whole.length;
    if (open === undefined) {
      if (marker.startsWith("`") && info.includes("`")) continue;
      const bodyStart = end + (/\r?\n/y.exec(text.slice(end, end + 2))?.[0].length ?? 0);
      open = { start: line.index, opening: whole.trimEnd(), closing: indent + marker, bodyStart };
    } else if (info.trim() === "" && marker.startsWith(open.closing.trim())) {
      fences.push({ ...open, bodyEnd: line.index, end });
      open = undefined;
    }
  }
  return open === undefined ? fences : [...fences, { ...open, bodyEnd: text.length, end: text.length }];
}

/** What should not be cut: links, images, `<…>`, and the opening lines of fences with what follows, in order. */
export function unbreakableSpans(text: string, fences: readonly Fence[]): readonly Span[] {
  const links = /!?\[(?:[^[\]\n]|\[[^[\]\n]*\])*\]\((?:[^()\n]|\([^()\n]*\))*\)|<[^\s<>][^<>\n]*>/g;
  const inline = [...text.matchAll(links)].map(({ 0: link, index }) => ({ start: index, end: index + link.length }));
  const openings = fences.map(({ start, bodyStart }) => ({ start, end: bodyStart + 1 }));
  return [...inline, ...openings].sort((a, b) => a.start - b.start);
}

/** The last of the spans, given in order, that begins before `position`, if `position` is inside it. */
export function spanAround<S extends Span>(spans: readonly S[], position: number): S | undefined {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.start < position) low = middle + 1;
    else high = middle;
  }
  const span = spans[low - 1];
  return span !== undefined && position < span.end ? span : undefined;
}
