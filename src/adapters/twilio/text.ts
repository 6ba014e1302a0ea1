/** How a platform writes what Markdown marks; an empty text leaves the mark out. */
export interface Dialect {
  readonly bold: string;
  readonly italic: string;
  readonly strike: string;
  /** Backticks are kept. */
  readonly code: boolean;
}

/** SMS has no formatting. */
export const SMS: Dialect = { bold: "", italic: "", strike: "", code: false };
/** https://faq.whatsapp.com/539178204879377 */
export const WHATSAPP: Dialect = { bold: "*", italic: "_", strike: "~", code: true };

/**
 * Markdown as the text of a message. What is not Markdown stays as it was typed; what is added is in the alphabet of SMS
 * (GSM-7), for one character outside of it makes a message more than twice as long.
 *
 * @example
 * renderMarkdown("**Hi**, see [the docs](https://x.dev)", SMS); // "Hi, see the docs (https://x.dev)"
 */
export function renderMarkdown(markdown: string, dialect: Dialect): string {
  const lines = clean(markdown).split("\n");
  const out: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const fence = FENCE.exec(line);
    const end = fence === null ? -1 : lines.findIndex((each, index) => index > at && isClosing(each, fence[1]!));
    if (end === -1) {
      out.push(renderLine(line, dialect));
      continue;
    }
    const inside = lines.slice(at + 1, end);
    out.push(...(dialect.code ? ["```", ...inside, "```"] : inside));
    at = end;
  }
  return out.join("\n");
}

/** Without characters that no phone shows and XML cannot hold. */
export function clean(text: string): string {
  return text.toWellFormed().replace(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, "");
}

const FENCE = /^ {0,3}(`{3,}|~{3,})[^`]*$/;
const HEADING = /^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$/;
const BULLET = /^(\s*)[*+](\s+.*)$/;

function isClosing(line: string, mark: string): boolean {
  const close = line.trim();
  return close.length >= mark.length && close === mark[0]!.repeat(close.length);
}

function renderLine(line: string, dialect: Dialect): string {
  const heading = HEADING.exec(line)?.[1];
  if (heading !== undefined) return heading === "" ? "" : wrap(renderInline(heading, SMS), dialect.bold);
  return renderInline(line.replace(BULLET, "$1-$2"), dialect);
}

// Marks more than this apart are none: it keeps a row of them from taking quadratic time.
const INSIDE = "[^\\n]{1,600}?";
const INLINE = new RegExp(
  [
    "\\\\(?<escaped>[!-/:-@\\[-`{-~])",
    `(?<!\`)(?<ticks>\`{1,8})(?!\`)(?<code>${INSIDE})(?<!\`)\\k<ticks>(?!\`)`,
    "!?\\[(?<label>(?:[^\\[\\]\\\\\\n]|\\\\.|\\[[^\\[\\]\\n]{0,600}\\]){0,600})\\]\\(\\s*<?(?<target>(?:[^\\s()<>]|\\([^\\s()<>]*\\))+)>?\\s*\\)",
    "<(?<auto>(?:https?://|mailto:)[^\\s<>]+)>",
    // Bare addresses go through as they are, whatever marks they seem to hold.
    "(?<bare>https?://[^\\s<>]+)",
    `(?<mark>\\*{1,3}|~~)(?=[^\\s*~])(?<marked>${INSIDE})(?<![\\s*~])\\k<mark>(?![*~])`,
    // Inside a word an underscore is a letter, as in snake_case.
    `(?<![\\p{L}\\p{N}_])(?<line>_{1,3})(?=[^\\s_])(?<lined>${INSIDE})(?<![\\s_])\\k<line>(?![\\p{L}\\p{N}_])`,
  ].join("|"),
  "gu",
);

function renderInline(text: string, dialect: Dialect): string {
  return text.replace(INLINE, (whole, ...rest) => {
    const { escaped, ticks, code, label, target, auto, bare, mark, marked, line, lined } = rest.at(-1) as Partial<
      Record<string, string>
    >;
    if (escaped !== undefined) return escaped;
    if (code !== undefined) return dialect.code ? `${ticks}${code}${ticks}` : code;
    if (target !== undefined) return renderLink(renderInline(label ?? "", dialect), target);
    if (auto !== undefined) return auto.replace(/^mailto:/, "");
    if (bare !== undefined) return whole;
    return renderMarked(renderInline(marked ?? lined ?? "", dialect), mark ?? line ?? "", dialect);
  });
}

function renderMarked(content: string, mark: string, { bold, italic, strike }: Dialect): string {
  if (mark === "~~") return wrap(content, strike);
  const slanted = mark.length === 2 ? content : wrap(content, italic);
  return mark.length === 1 ? slanted : wrap(slanted, bold);
}

function renderLink(label: string, target: string): string {
  const shown = target.replace(/^(?:mailto|tel):/, "");
  if (label.trim() === "" || label === shown || target === `https://${label}`) return shown;
  // A person's name is all that a mention can be here.
  return target.startsWith("user:") ? label : `${label} (${shown})`;
}

function wrap(text: string, mark: string): string {
  return mark + text + mark;
}
