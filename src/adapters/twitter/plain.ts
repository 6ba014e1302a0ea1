/**
 * Markdown as plain text, which is all that X shows: marks go, links are written out, what is not closed stays as it was
 * typed.
 *
 * @example
 * renderPlain("**Hi**, see [the docs](https://x.dev)"); // "Hi, see the docs (https://x.dev)"
 */
export function renderPlain(markdown: string): string {
  if (!MARKED.test(markdown)) return markdown;
  const lines = markdown.split("\n");
  const out: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const mark = FENCE.exec(lines[at]!)?.[1];
    if (mark === undefined) {
      out.push(renderLine(lines[at]!));
      continue;
    }
    const close = lines.findIndex((line, index) => index > at && closes(line, mark));
    // A fence that stays open may be a text that was cut: its first line holds a word of it.
    if (close < 0) out.push(...lines.slice(at));
    else out.push(...lines.slice(at + 1, close));
    if (close < 0) break;
    at = close;
  }
  return out.join("\n");
}

const FENCE = /^ {0,3}(`{3,}|~{3,})[^`]*$/;

function closes(line: string, mark: string): boolean {
  const found = line.trim();
  return found.length >= mark.length && found === mark[0]!.repeat(found.length);
}

const MARKED = /[*_~`<\\[]|^ {0,3}#{1,6}\s|^[ \t]*[-+]\s/m;

function renderLine(line: string): string {
  if (/^ {0,3}([-*_])(?:\s*\1){2,}\s*$/.test(line)) return line;
  const heading = /^ {0,3}#{1,6}\s+(.*)$/.exec(line);
  if (heading) return renderInline(heading[1]!.trimEnd().replace(/\s#{1,6}$/, ""));
  const bullet = /^(\s*)[-*+](\s+)(.*)$/.exec(line);
  return bullet ? `${bullet[1]}•${bullet[2]}${renderInline(bullet[3]!)}` : renderInline(line);
}

const TOKENS = [
  /\\(?<escaped>[!-/:-@[-`{-~])/,
  /(?<ticks>`+)(?!`)(?<code>.*?[^`])\k<ticks>(?!`)/,
  /!?\[(?<label>(?:[^[\]\\]|\\.|\[[^[\]]*\])*)\]\(\s*<?(?<target>(?:[^\s()<>]|\([^\s()<>]*\))+)>?\s*\)/,
  /<(?<auto>(?:https?:\/\/|mailto:)[^\s<>|]+)>/,
  // Addresses go through as they are, whatever marks they seem to hold.
  /(?<address>https?:\/\/[^\s<>()[\]`]*[^\s<>()[\]`.,;:!?'"*_~])/,
  /(?<mark>\*{1,3}|_{1,3}|~~)/,
  /(?<plain>(?:(?!https?:\/\/)[^*_~`<![\\])+|.)/su,
];
const TOKEN = new RegExp(TOKENS.map(({ source }) => source).join("|"), "gsu");

function renderInline(line: string): string {
  const out: string[] = [];
  const open: { readonly mark: string; readonly at: number }[] = [];
  for (const { 0: whole, groups = {}, index } of line.matchAll(TOKEN)) {
    const { escaped, code, label, target, auto, mark } = groups;
    if (target !== undefined) out.push(renderLink(renderInline(label ?? ""), target));
    else if (mark === undefined) out.push(escaped ?? code ?? auto ?? whole);
    else {
      const before = line[index - 1];
      const after = line[index + mark.length];
      const partner = canClose(mark, before, after)
        ? open.findLastIndex((each) => each.mark === mark && each.at < out.length - 1)
        : -1;
      if (partner >= 0) {
        out[open[partner]!.at] = "";
        open.length = partner;
        out.push("");
        continue;
      }
      if (canOpen(mark, before, after)) open.push({ mark, at: out.length });
      out.push(whole);
    }
  }
  return out.join("");
}

function renderLink(label: string, target: string): string {
  const url = target.replace(/^mailto:/, "");
  return label.trim() === "" || label === url || target.replace(/^https?:\/\//, "") === label
    ? url
    : `${label} (${url})`;
}

// Inside a word an underscore is a letter, as in snake_case.
function canOpen(mark: string, before: string | undefined, after: string | undefined): boolean {
  return after !== undefined && !/\s/.test(after) && !(mark[0] === "_" && isLetter(before));
}

function canClose(mark: string, before: string | undefined, after: string | undefined): boolean {
  return before !== undefined && !/\s/.test(before) && !(mark[0] === "_" && isLetter(after));
}

function isLetter(char: string | undefined): boolean {
  return char !== undefined && /[\p{L}\p{N}]/u.test(char);
}
