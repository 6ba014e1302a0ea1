import type { Person } from "./workspace.ts";

/** Looks names up, both ways. */
export interface Names {
  /** A user's id by name. */
  readonly user: (name: string) => string | undefined;
  /** A channel's id by name. */
  readonly channel: (name: string) => string | undefined;
  readonly userName: (id: string) => string | undefined;
  readonly channelName: (id: string) => string | undefined;
}

// What Slack itself writes in angle brackets; anything else in brackets is text that a person typed.
const WIRE =
  /<(?:@[UW][A-Z0-9]+|#[CG][A-Z0-9]+(?:\|[^>]*)?|!(?:here|channel|everyone)|(?:https?:\/\/|mailto:)[^>\s]+(?:\|[^>]*)?)>/;
const TYPED = new RegExp(
  `${WIRE.source}|https?://[^\\s<>|]+|(?<![\\w@])@([\\w.-]*\\w)|(?<![\\w#&])#([\\w-]+)|[&<>]`,
  "g",
);
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** What a person typed, as Slack puts it on the wire: entities escaped, `@name`, `#channel` and links in angle brackets. */
export function encodeText(typed: string, names: Names): string {
  return typed.replace(TYPED, (found, user?: string, channel?: string) => {
    if (ENTITIES[found]) return ENTITIES[found];
    if (/^https?:/.test(found)) return `<${found.replaceAll("&", "&amp;")}>`;
    if (user !== undefined) {
      if (/^(here|channel|everyone)$/.test(user)) return `<!${user}>`;
      const id = names.user(user);
      return id === undefined ? found : `<@${id}>`;
    }
    if (channel !== undefined) {
      const id = names.channel(channel);
      return id === undefined ? found : `<#${id}|${channel}>`;
    }
    return found;
  });
}

/** Wire text as people see it: names instead of ids, no entities. Emphasis and labelled links stay mrkdwn. */
export function decodeText(text: string, names: Names): string {
  return text
    .replace(/<([@#!])([^>|]+)(?:\|([^>]*))?>/g, (_, sigil: string, id: string, label?: string) => {
      if (sigil === "@") return `@${names.userName(id) ?? label ?? id}`;
      if (sigil === "#") return `#${names.channelName(id) ?? label ?? id}`;
      return `@${id.replace(/^subteam\^/, "")}`;
    })
    .replace(/<((?:https?:\/\/|mailto:)[^>|]+)>/g, "$1")
    .replace(/&(amp|lt|gt);/g, (_, name: string) => ({ amp: "&", lt: "<", gt: ">" })[name]!);
}

const ELEMENT = /<([@#!]?)([^>|]+)(?:\|([^>]*))?>/g;

/** The `rich_text` block Slack makes of a message that came without blocks. */
export function richText(text: string, blockId: string): object[] {
  const elements: object[] = [];
  const plain = (part: string) => {
    if (part !== "") elements.push({ type: "text", text: decodeText(part, NO_NAMES) });
  };
  let end = 0;
  for (const match of text.matchAll(ELEMENT)) {
    plain(text.slice(end, match.index));
    end = match.index + match[0].length;
    const [, sigil, target, label] = match;
    if (sigil === "@") elements.push({ type: "user", user_id: target });
    else if (sigil === "#") elements.push({ type: "channel", channel_id: target });
    else if (sigil === "!") elements.push({ type: "broadcast", range: target });
    else elements.push({ type: "link", url: decodeText(target!, NO_NAMES), ...(label ? { text: label } : {}) });
  }
  plain(text.slice(end));
  if (elements.length === 0) return [];
  return [{ type: "rich_text", block_id: blockId, elements: [{ type: "rich_text_section", elements }] }];
}

const NO_NAMES: Names = {
  user: () => undefined,
  channel: () => undefined,
  userName: () => undefined,
  channelName: () => undefined,
};

/** Standard Markdown, as sent in `markdown_text`, in Slack's own dialect. Code is left alone. */
export function mrkdwn(markdown: string): string {
  return markdown
    .split(/(```[\s\S]*?```|`[^`\n]*`)/)
    .map((part, index) => {
      if (index % 2 === 1) return escapeText(part);
      return escapeText(part)
        .replace(/(?<![*\w])\*([^*\s](?:[^*\n]*[^*\s])?)\*(?!\*)/g, "_$1_")
        .replace(/\*\*(.+?)\*\*/g, "*$1*")
        .replace(/~~(.+?)~~/g, "~$1~")
        .replace(/^#{1,6} +(.+)$/gm, "*$1*")
        .replace(/\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)/g, "<$2|$1>")
        .replace(/^(\s*)[-*] /gm, "$1• ");
    })
    .join("");
}

function escapeText(text: string): string {
  return text.replace(new RegExp(`${WIRE.source}|[&<>]`, "g"), (found) => ENTITIES[found] ?? found);
}

/** Whom a wire text mentions. */
export function mentions(text: string, user: Person): boolean {
  return text.includes(`<@${user.id}>`) || text.includes(`<@${user.id}|`);
}
