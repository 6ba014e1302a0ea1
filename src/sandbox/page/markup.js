import { h } from "./dom.js";

const INLINE =
  /`([^`\n]+)`|<(https?:\/\/[^|>\s]+)\|([^>]+)>|(https?:\/\/[^\s<>]*[^\s<>.,;:!?)'"])|(?<![\w*])\*(?!\s)([^*\n]+?)(?<!\s)\*(?![\w*])|(?<![\w_])_(?!\s)([^_\n]+?)(?<!\s)_(?![\w_])|(?<![\w~])~(?!\s)([^~\n]+?)(?<!\s)~(?![\w~])|(?<![\w@])(@[\w.-]*\w)/g;

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
    const [, code, href, label, url, bold, italic, strike, mention] = match;
    if (code !== undefined) nodes.push(h("code", {}, code));
    else if (href !== undefined) nodes.push(link(href, label));
    else if (url !== undefined) nodes.push(link(url, url));
    else if (bold !== undefined) nodes.push(h("strong", {}, ...renderInline(bold)));
    else if (italic !== undefined) nodes.push(h("em", {}, ...renderInline(italic)));
    else if (strike !== undefined) nodes.push(h("s", {}, ...renderInline(strike)));
    else nodes.push(h("span", { class: "mention" }, mention));
  }
  if (end < text.length) nodes.push(text.slice(end));
  return nodes;
}

/** @param {string} href @param {string} label */
function link(href, label) {
  return h("a", { href, target: "_blank", rel: "noreferrer noopener" }, label);
}
