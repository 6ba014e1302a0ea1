/** Stands in an answer for the end of a line. */
const MARKER = "\\/%*/\\";

/** An answer's pieces with real line ends. A marker may be cut by the pieces' bounds: its beginning is held back. */
export async function* withLineEnds(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let held = "";
  for await (const piece of pieces) {
    const text = (held + piece).replaceAll(MARKER, "\r\n");
    held = beginningOfMarker(text);
    if (text.length > held.length) yield text.slice(0, text.length - held.length);
  }
  if (held !== "") yield held;
}

function beginningOfMarker(text: string): string {
  for (let length = Math.min(MARKER.length - 1, text.length); length > 0; length--) {
    const end = text.slice(-length);
    if (MARKER.startsWith(end)) return end;
  }
  return "";
}

const CODE = /(```[\s\S]*?(?:```|$)|`[^`\n]*`)/;

/** The backend's dialect as Markdown: `__x__` is meant as italics, and a `### ` at the beginning of a line is left out. */
export function toMarkdown(text: string): string {
  return text
    .split(CODE)
    .map((part, index) => (index % 2 === 1 ? part : withoutDialect(part)))
    .join("");
}

function withoutDialect(text: string): string {
  return text.replace(/^### /gm, "").replace(/(?<!\w)__(?=\S)((?:(?!__).)+)(?<=\S)__(?!\w)/g, "_$1_");
}
