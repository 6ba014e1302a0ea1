import { h } from "./dom.js";

// Slack's marks and Markdown's.
const INLINE = new RegExp(
  [
    /`(?<code>[^`\n]+)`/,
    /<(?<href>https?:\/\/[^|>\s]+)\|(?<label>[^>]+)>/,
    /\[(?<title>[^\]\n]+)\]\((?<target>https?:\/\/[^\s)]+)\)/,
    /(?<url>https?:\/\/[^\s<>]*[^\s<>.,;:!?)'"])/,
    /\*\*(?!\s)(?<strong>[^*\n]+?)(?<!\s)\*\*/,
    /(?<![\w*])\*(?!\s)(?<bold>[^*\n]+?)(?<!\s)\*(?![\w*])/,
    /(?<![\w_])_(?!\s)(?<italic>[^_\n]+?)(?<!\s)_(?![\w_])/,
    /(?<![\w~])~(?!\s)(?<strike>[^~\n]+?)(?<!\s)~(?![\w~])/,
    /(?<![\w@])(?<mention>@[\w.-]*\w)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

/**
 * A message's text as nodes: code, links, mentions and emphasis; everything else stays text.
 * @param {string} text
 * @returns {Node[]}
 */
export function renderText(text) {
  return text.split(/```\n?([\s\S]*?)```/).flatMap((part, index) => {
    if (index % 2 === 1) return [h("pre", { tabindex: 0 }, h("code", {}, part))];
    return part.trim() === "" ? [] : renderLines(part);
  });
}

/** @param {string} text */
function renderLines(text) {
  /** @type {Node[]} */
  const blocks = [];
  /** @type {string[]} */
  let lines = [];
  let quoted = false;
  const flush = () => {
    if (lines.length > 0) blocks.push(h(quoted ? "blockquote" : "p", {}, ...renderInline(lines.join("\n").trim())));
    lines = [];
  };
  for (const line of text.split("\n")) {
    const isQuote = line.startsWith(">");
    if (isQuote !== quoted) {
      flush();
      quoted = isQuote;
    }
    lines.push(isQuote ? line.replace(/^> ?/, "") : line);
  }
  flush();
  return blocks;
}

/** @param {string} text @returns {(Node | string)[]} */
function renderInline(text) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) nodes.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    nodes.push(mark(match.groups ?? {}));
  }
  if (end < text.length) nodes.push(text.slice(end));
  return nodes;
}

/** @param {Record<string, string | undefined>} groups one of which has matched */
function mark({ code, href, label, title, target, url, strong, bold, italic, strike, mention }) {
  if (code !== undefined) return h("code", {}, code);
  if (href !== undefined) return link(href, label ?? href);
  if (target !== undefined) return link(target, title ?? target);
  if (url !== undefined) return link(url, url);
  if (italic !== undefined) return h("em", {}, ...renderInline(italic));
  if (strike !== undefined) return h("s", {}, ...renderInline(strike));
  if (mention !== undefined) return h("span", { class: "mention" }, mention);
  return h("strong", {}, ...renderInline(strong ?? bold ?? ""));
}

/** @param {string} href @param {string} label */
function link(href, label) {
  return h("a", { href, target: "_blank", rel: "noreferrer noopener" }, label);
}
