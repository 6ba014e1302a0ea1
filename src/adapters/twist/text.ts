/** A post's text as people read it, and whether the bot was named in it. */
export interface ReadText {
  readonly text: string;
  readonly named: boolean;
}

const MENTION = /\[([^[\]\n]{1,200})\]\(twist-(group-)?mention:\/\/([^()\s]{1,50})\)/g;

/**
 * Twist's Markdown with mentions by name. The bot's own mention is taken out together with the blanks that only kept it
 * apart; nothing else is changed.
 */
export function readText(content: string, isSelf: (user: string) => boolean): ReadText {
  const parts: string[] = [];
  let named = false;
  let isBlank = true;
  let at = 0;
  for (const match of content.matchAll(MENTION)) {
    const [link, name = "", group, user = ""] = match;
    let part = content.slice(at, match.index);
    at = match.index + link.length;
    isBlank &&= part.trim() === "";
    if (group === undefined && isSelf(user)) {
      named = true;
      [part, at] = closeGap(isBlank ? "" : part, content, at);
      parts.push(part);
    } else {
      isBlank = false;
      parts.push(part, name.startsWith("@") ? name : `@${name}`);
    }
  }
  return { text: parts.join("") + content.slice(at), named };
}

// At the beginning of the text or of a line the blanks behind the name go with it, elsewhere those before it.
function closeGap(before: string, content: string, at: number): [string, number] {
  const rest = content.slice(at);
  const after = rest.trimStart();
  if (after === "") return [before.trimEnd(), content.length];
  if (before === "") return ["", content.length - after.length];
  if (before.endsWith("\n")) return [before, at + rest.search(/[^ \t]|$/)];
  return /^[\s,.;:!?]/.test(rest) ? [before.replace(/(?<![ \t])[ \t]+$/, ""), at] : [before, at];
}
