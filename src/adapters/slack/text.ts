/** A message's text as people read it, and whether the bot was named in it. */
export interface ReadText {
  readonly text: string;
  readonly named: boolean;
}

/**
 * Turns Slack's escaped text into plain text: entities undone, links and mentions by name. The bot's own mention is taken
 * out together with the blanks that only kept it apart; nothing else is trimmed.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
export function readText(source: string, isSelf: (user: string) => boolean): ReadText {
  // Slack escapes every < and & that a person types, so without them there is nothing to undo.
  if (!source.includes("<") && !source.includes("&")) return { text: source, named: false };
  let text = "";
  let named = false;
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf("<", at);
    const close = open === -1 ? -1 : source.indexOf(">", open);
    if (close === -1) return { text: text + readEntities(source.slice(at)), named };
    text += readEntities(source.slice(at, open));
    at = close + 1;
    const token = source.slice(open + 1, close);
    if (token.startsWith("@") && isSelf(beforeBar(token.slice(1)))) {
      named = true;
      [text, at] = closeGap(text, source, at);
    } else text += readToken(token);
  }
  return { text, named };
}

function closeGap(text: string, source: string, at: number): [string, number] {
  if (text.trim() === "") return ["", skip(source, at, /\s*/y)];
  if (text.endsWith("\n")) return [text, skip(source, at, /[^\S\n]*/y)];
  const next = source[at];
  if (source.slice(at).trim() === "") return [text.trimEnd(), source.length];
  return [next !== undefined && /[\s,.;:!?]/.test(next) ? withoutEnd(text) : text, at];
}

// By hand: a pattern anchored at the end would try every blank of a text that a stranger wrote.
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && /[^\S\n]/.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

function skip(source: string, at: number, blanks: RegExp): number {
  blanks.lastIndex = at;
  blanks.test(source);
  return blanks.lastIndex;
}

function readToken(token: string): string {
  const target = beforeBar(token);
  const label = target.length === token.length ? "" : readEntities(token.slice(target.length + 1));
  switch (token[0]) {
    case "@":
      return label === "" ? target : `@${label}`;
    case "#":
      return label === "" ? target : `#${label}`;
    case "!":
      return readSpecial(target, label);
    default: {
      const url = readEntities(target);
      if (label === "" || label === url) return url;
      // Slack makes a link of a typed address: the label then is what the person wrote.
      return /^(?:https?:\/\/|mailto:|tel:)/.test(url) && url.replace(/^(?:https?:\/\/|mailto:|tel:)/, "") === label
        ? label
        : `${label} (${url})`;
    }
  }
}

function readSpecial(target: string, label: string): string {
  if (target.startsWith("!subteam^")) {
    return label === "" ? `@${target.slice("!subteam^".length)}` : label.startsWith("@") ? label : `@${label}`;
  }
  if (target.startsWith("!date^")) return label;
  return `@${target.slice(1)}`;
}

function beforeBar(token: string): string {
  const bar = token.indexOf("|");
  return bar === -1 ? token : token.slice(0, bar);
}

function readEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
