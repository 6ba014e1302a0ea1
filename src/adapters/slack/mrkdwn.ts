/**
 * Standard Markdown as Slack's mrkdwn. All text is escaped, so that nothing in it can call a channel or a person by itself;
 * a link whose target is `user:U123` is the one way to mention somebody. Markup that is not closed stays as it was typed.
 * https://docs.slack.dev/messaging/formatting-message-text
 *
 * @example
 * renderMrkdwn("**Hi** [Ada](user:U0HUMAN01), see [the docs](https://x.dev)"); // "*Hi* <@U0HUMAN01>, see <https://x.dev|the docs>"
 */
export function renderMrkdwn(markdown: string): string {
  if (!MARKED.test(markdown)) return markdown;
  const lines = markdown.split("\n");
  const out: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const fence = FENCE.exec(line);
    if (fence === null) {
      out.push(line.endsWith("\r") ? `${renderLine(line.slice(0, -1))}\r` : renderLine(line));
      continue;
    }
    const [, mark, info = ""] = fence;
    const end = findFenceEnd(lines, at + 1, mark!);
    const inside = lines.slice(at + 1, end).map(escapeText);
    // A fence that is still open may be a text cut in two or a stream: what stands behind its mark is kept.
    const first = end < lines.length ? "```" : `\`\`\`${escapeText(info)}`;
    out.push(first, ...inside, "```");
    at = end;
  }
  return out.join("\n");
}

const MARKED = /[*_~`<>&\\[]|^ {0,3}#{1,6}\s|^[ \t]*[-+]\s/m;
const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const HEADING = /^ {0,3}#{1,6}\s+(.*)$/;
const BULLET = /^(\s*)[-*+](\s+)(.*)$/;
const QUOTE = /^ {0,3}> ?(.*)$/;

function findFenceEnd(lines: readonly string[], from: number, mark: string): number {
  for (let at = from; at < lines.length; at++) {
    const close = lines[at]!.trim();
    if (close.length >= mark.length && close === mark[0]!.repeat(close.length)) return at;
  }
  return lines.length;
}

function renderLine(line: string): string {
  if (RULE.test(line)) return line;
  const heading = HEADING.exec(line);
  if (heading) return renderHeading(heading[1]!);
  const quote = QUOTE.exec(line);
  if (quote) return `> ${renderQuoted(quote[1]!)}`;
  const bullet = BULLET.exec(line);
  if (bullet) return `${bullet[1]}•${bullet[2]}${renderInline(bullet[3]!)}`;
  return renderInline(line);
}

// Slack knows no quote in a quote: the marks within are text.
function renderQuoted(text: string): string {
  const marks = /^(?: {0,3}> ?)*/.exec(text)![0];
  return marks.replace(/ {0,3}>( ?)/g, "&gt; ") + renderLine(text.slice(marks.length));
}

function renderHeading(source: string): string {
  let end = source.trimEnd().length;
  while (source[end - 1] === "#") end--;
  // `# C#` ends in a word, `# Title ##` in a closing mark.
  const title = end === 0 || /\s/.test(source[end - 1]!) ? source.slice(0, end).trimEnd() : source.trimEnd();
  return title === "" ? "" : `*${renderInline(title, "*")}*`;
}

type Mark = "***" | "**" | "__" | "*" | "_" | "~~";
const MARKS: readonly Mark[] = ["***", "**", "__", "*", "_", "~~"];
const SLACK: Readonly<Record<Mark, string>> = { "***": "*_", "**": "*", __: "*", "*": "_", _: "_", "~~": "~" };
const DEEPEST = 8;
const CODE = /(`+)(?!`)(.*?[^`])\1(?!`)/sy;
const LINK = /(!?)\[((?:[^[\]\\]|\\.|\[[^[\]]*\])*)\]\(\s*<?((?:[^\s()<>]|\([^\s()<>]*\))+)>?\s*\)/y;
const AUTOLINK = /<((?:https?:\/\/|mailto:)[^\s<>|]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>/y;
const ESCAPED = /\\([!-/:-@[-`{-~])/y;
// Bare addresses go through as they are, whatever marks they seem to hold.
const ADDRESS = /https?:\/\/[^\s<>()[\]`]*[^\s<>()[\]`.,;:!?'"*_~]/y;
const PLAIN = /(?:(?!https?:\/\/)[^*_~`<![\\])+/y;

/** `inside` holds the Slack marks that are open around this text: the same mark again would close them. */
function renderInline(text: string, inside = ""): string {
  let out = "";
  // A mark without a partner ahead has none further on either: without this, a row of them would take quadratic time.
  const unpaired = new Set<Mark>();
  for (let at = 0; at < text.length; ) {
    const plain = match(PLAIN, text, at) ?? match(ADDRESS, text, at);
    if (plain) {
      out += escapeText(plain[0]);
      at += plain[0].length;
      continue;
    }
    const token = matchToken(text, at);
    if (token) {
      out += renderToken(token);
      at += token[0].length;
      continue;
    }
    const mark = MARKS.find((each) => !unpaired.has(each) && text.startsWith(each, at) && canOpen(text, at, each));
    const end = mark === undefined ? -1 : findClose(text, at + mark.length, mark);
    if (mark !== undefined && end !== -1) {
      out += renderMarked(mark, text.slice(at + mark.length, end), inside);
      at = end + mark.length;
    } else if (mark !== undefined) {
      unpaired.add(mark);
    } else {
      const length = text[at] === "`" ? runLength(text, at) : 1;
      out += escapeText(text.slice(at, at + length));
      at += length;
    }
  }
  return out;
}

function renderMarked(mark: Mark, content: string, inside: string): string {
  if (inside.length >= DEEPEST) return escapeText(mark + content + mark);
  const fresh = [...SLACK[mark]].filter((each) => !inside.includes(each));
  return fresh.join("") + renderInline(content, inside + SLACK[mark]) + fresh.reverse().join("");
}

function matchToken(text: string, at: number): RegExpExecArray | undefined {
  return match(ESCAPED, text, at) ?? match(CODE, text, at) ?? match(LINK, text, at) ?? match(AUTOLINK, text, at);
}

function canOpen(text: string, at: number, mark: Mark): boolean {
  const next = text[at + mark.length];
  if (next === undefined || /\s/.test(next) || next === mark[0]) return false;
  // Inside a word an underscore is a letter, as in snake_case.
  return mark[0] !== "_" || at === 0 || !/[\p{L}\p{N}_]/u.test(text[at - 1]!);
}

const STOP = /[*_~`[<\\!]|https?:\/\//g;

function findClose(text: string, from: number, mark: Mark): number {
  for (let at = from; ; ) {
    STOP.lastIndex = at;
    const stop = STOP.exec(text);
    if (stop === null) return -1;
    at = stop.index;
    const skipped = matchToken(text, at) ?? match(ADDRESS, text, at);
    if (skipped) {
      at += skipped[0].length;
      continue;
    }
    const run = runLength(text, at);
    if (run === mark.length && text[at] === mark[0] && canClose(text, at, run, from)) return at;
    at += run;
  }
}

function canClose(text: string, at: number, run: number, from: number): boolean {
  const after = text[at + run];
  if (at === from || /\s/.test(text[at - 1]!)) return false;
  return text[at] !== "_" || after === undefined || !/[\p{L}\p{N}]/u.test(after);
}

function runLength(text: string, at: number): number {
  let run = 1;
  while (text[at + run] === text[at]) run++;
  return run;
}

function renderToken(token: RegExpExecArray): string {
  const [whole, first = "", second = "", third] = token;
  if (whole[0] === "\\") return escapeText(first);
  if (whole[0] === "`")
    return `${first.length > 2 ? "```" : "`"}${escapeText(second)}${first.length > 2 ? "```" : "`"}`;
  if (whole[0] === "<") return `<${first.includes(":") ? "" : "mailto:"}${escapeText(first)}>`;
  return renderLink(second, third!, whole);
}

function renderLink(label: string, target: string, whole: string): string {
  const user = /^user:([UW][A-Z0-9]+)$/.exec(target);
  if (user) return `<@${user[1]}>`;
  // Slack makes links of these only; anything else stays readable as it was written.
  if (!/^(?:https?:\/\/|mailto:|tel:|slack:\/\/)/i.test(target)) return escapeText(whole);
  const url = escapeText(target.replaceAll("|", "%7C"));
  const text = escapeText(label.replace(/\\([!-/:-@[-`{-~])/g, "$1").replace(/(\*\*\*|\*\*|\*|__|~~|`)(.+?)\1/g, "$2"));
  return text.trim() === "" ? `<${url}>` : `<${url}|${text}>`;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

/** The three characters that mean something to Slack, as entities. */
export function escapeText(text: string): string {
  return /[&<>]/.test(text) ? text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;") : text;
}
