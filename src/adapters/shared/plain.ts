/** How a platform without Markdown writes what Markdown marks; an empty text leaves the mark out. */
export interface Dialect {
  readonly bold: string;
  readonly italic: string;
  readonly strike: string;
  /** What stands before an item of a list. */
  readonly bullet: string;
  /** The backticks around code are kept. */
  readonly keepsTicks: boolean;
}

/** Text only. */
export const PLAIN: Dialect = { bold: "", italic: "", strike: "", bullet: "•", keepsTicks: false };

/**
 * Markdown as plain text: marks go, links are written out, code keeps its characters. What is not closed stays as it was
 * typed. The time it takes grows with the length of the text only, whoever wrote it.
 *
 * @example
 * renderPlain("**Hi**, see [the docs](https://x.dev)"); // "Hi, see the docs (https://x.dev)"
 */
export function renderPlain(markdown: string, dialect: Dialect = PLAIN): string {
  if (!MARKED.test(markdown)) return markdown;
  const lines = markdown.split(/\r?\n/);
  const out: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = FENCE.exec(lines[at]!)?.[1];
    if (fence === undefined) {
      out.push(renderLine(lines[at]!, dialect));
      continue;
    }
    const end = closingLine(lines, at, fence);
    // A fence that stays open may be a text that was cut: its first line holds a word of it.
    if (end < 0) {
      out.push(lines.slice(at).join("\n"));
      break;
    }
    if (dialect.keepsTicks) out.push("```");
    for (at++; at < end; at++) out.push(lines[at]!);
    if (dialect.keepsTicks) out.push("```");
  }
  return out.join("\n");
}

// Most texts hold none of this and are done at once.
const MARKED = /[*_~`<\\[]|^ {0,3}#{1,6}\s|^[ \t]*[-+]\s/m;
const FENCE = /^ {0,3}(`{3,}|~{3,})[^`]*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const HEADING = /^ {0,3}#{1,6}\s+(.*)$/;
const BULLET = /^(\s*)[-*+](\s+)(.*)$/;

function closingLine(lines: readonly string[], opening: number, fence: string): number {
  for (let at = opening + 1; at < lines.length; at++) {
    const line = lines[at]!.trim();
    if (line.length >= fence.length && line === fence[0]!.repeat(line.length)) return at;
  }
  return -1;
}

function renderLine(line: string, dialect: Dialect): string {
  if (RULE.test(line)) return line;
  const heading = HEADING.exec(line)?.[1]
    ?.trimEnd()
    .replace(/(?:^|\s)#{1,6}$/, "");
  // All of it is bold already.
  if (heading !== undefined) return heading === "" ? "" : wrap(renderInline(heading, PLAIN), dialect.bold);
  const [, indent = "", space = "", item] = BULLET.exec(line) ?? [];
  return item === undefined
    ? renderInline(line, dialect)
    : `${indent}${dialect.bullet}${space}${renderInline(item, dialect)}`;
}

const TOKENS = [
  /\\(?<escaped>[!-/:-@[-`{-~])/,
  /(?<ticks>`+)(?!`)(?<code>.*?[^`])\k<ticks>(?!`)/,
  // A row that nothing closes is one row: its rest must not be tried again.
  /(?<row>`+)/,
  /!?\[(?<label>(?:[^[\]\\]|\\.|\[[^[\]]*\])*)\]\(\s*<?(?<target>(?:[^\s()<>]|\([^\s()<>]*\))+)>?\s*\)/,
  /<(?<auto>(?:https?:\/\/|mailto:)[^\s<>|]+)>/,
  // Addresses go through as they are, whatever marks they seem to hold.
  /(?<address>https?:\/\/[^\s<>()[\]`]*[^\s<>()[\]`.,;:!?'"*_~])/,
  /(?<mark>\*{1,3}|_{1,3}|~~)/,
  /(?<plain>(?:(?!https?:\/\/)[^*_~`<![\\])+|.)/su,
];
const TOKEN = new RegExp(TOKENS.map(({ source }) => source).join("|"), "gsu");

function renderInline(line: string, dialect: Dialect): string {
  const out: string[] = [];
  const open = createOpenMarks();
  for (const { 0: whole, groups = {}, index } of line.matchAll(TOKEN)) {
    const { escaped, code, label, target, auto, mark } = groups;
    if (mark !== undefined) {
      const before = line[index - 1];
      const after = line[index + mark.length];
      const partner = canClose(mark, before, after) ? open.close(mark, out.length - 1) : undefined;
      if (partner !== undefined) {
        const [opening, closing] = marksOf(mark, dialect);
        out[partner] = opening;
        out.push(closing);
        continue;
      }
      if (canOpen(mark, before, after)) open.add(mark, out.length);
      out.push(whole);
    } else if (target !== undefined) out.push(renderLink(renderInline(label ?? "", dialect), target));
    else if (code !== undefined) out.push(dialect.keepsTicks ? whole : code);
    else out.push(escaped ?? auto?.replace(/^mailto:/, "") ?? whole);
  }
  return out.join("");
}

/** Marks that something may still close, by their place in the output; a stack for each kind, so that finding one takes no search. */
function createOpenMarks() {
  const stacks = new Map<string, number[]>();
  return {
    add(mark: string, at: number): void {
      const stack = stacks.get(mark);
      if (stack) stack.push(at);
      else stacks.set(mark, [at]);
    },
    /** Takes out the last one that stands before `last`, and all that were opened after it. */
    close(mark: string, last: number): number | undefined {
      const found = stacks.get(mark)?.findLast((at) => at < last);
      if (found === undefined) return undefined;
      for (const stack of stacks.values()) while (stack.length > 0 && stack.at(-1)! >= found) stack.pop();
      return found;
    },
  };
}

function marksOf(mark: string, { bold, italic, strike }: Dialect): readonly [string, string] {
  if (mark === "~~") return [strike, strike];
  const strong = mark.length > 1 ? bold : "";
  const slanted = mark.length === 2 ? "" : italic;
  return [strong + slanted, slanted + strong];
}

function renderLink(label: string, target: string): string {
  const shown = target.replace(/^(?:mailto|tel):/, "");
  if (label.trim() === "" || label === shown || target.replace(/^https?:\/\//, "") === label) return shown;
  // A person's name is all that a mention can be here.
  return target.startsWith("user:") ? label : `${label} (${shown})`;
}

// Inside a word an underscore is a letter, as in snake_case; a star between two digits multiplies them.
function canOpen(mark: string, before: string | undefined, after: string | undefined): boolean {
  if (after === undefined || /\s/.test(after)) return false;
  return !(mark[0] === "_" && isLetter(before)) && !(mark === "*" && isDigit(before) && isDigit(after));
}

function canClose(mark: string, before: string | undefined, after: string | undefined): boolean {
  if (before === undefined || /\s/.test(before)) return false;
  return !(mark[0] === "_" && isLetter(after)) && !(mark === "*" && isDigit(before) && isDigit(after));
}

function isLetter(char: string | undefined): boolean {
  return char !== undefined && /[\p{L}\p{N}]/u.test(char);
}

function isDigit(char: string | undefined): boolean {
  return char !== undefined && /\d/.test(char);
}

function wrap(text: string, mark: string): string {
  return mark + text + mark;
}
