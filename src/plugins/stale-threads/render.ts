import { fill, type Thread } from "../../core/index.ts";
import { formatDate } from "./dates.ts";
import type { Found } from "./find.ts";
import type { Options, Texts } from "./options.ts";
import type { Question } from "./question.ts";

/** How a list is written. */
export interface Style extends Pick<Options, "order" | "group" | "most" | "texts"> {
  readonly which: Question["which"];
  readonly timeZone: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const LINE = "\r\n";
const PARAGRAPH = "\r\n\r\n";
const MOST_CHANNELS = 10;

/** The list as Markdown: the head, a line a thread, and what is missing. */
export function renderList({ threads, unread, isCut }: Found, style: Style): string {
  const { texts, which, most, order, group } = style;
  const missing = isCut ? [...unread.map(escapeMarkdown), texts.outOfTime] : unread.map(escapeMarkdown);
  const channels = enumerate(missing, texts);
  const [head, none] = which === "asked" ? [texts.headAsked, texts.noneAsked] : [texts.head, texts.none];
  if (threads.length === 0) return missing.length === 0 ? none : fill(texts.nonePartly, { channels });
  const ordered = order === "oldest" ? threads.toSorted((a, b) => a.updatedAt - b.updatedAt) : threads;
  const shown = ordered.slice(0, most);
  const lines = group ? renderGroups(shown, style) : shown.map((thread) => renderLine(thread, style)).join(LINE);
  const rest = ordered.length - shown.length;
  const more = rest > 0 ? `${group ? PARAGRAPH : LINE}${fill(texts.more, { count: rest })}` : "";
  const note = missing.length > 0 ? `${PARAGRAPH}${fill(texts.unread, { channels })}` : "";
  return `${head}${PARAGRAPH}${lines}${more}${note}`;
}

function renderGroups(threads: readonly Thread[], style: Style): string {
  const byChannel = Map.groupBy(threads, ({ conversation }) => conversation.id);
  return Array.from(byChannel.values(), (group) =>
    [`**${escapeMarkdown(group[0]!.channel)}**`, ...group.map((thread) => renderLine(thread, style))].join(LINE),
  ).join(PARAGRAPH);
}

function renderLine({ title, permalink, updatedAt }: Thread, style: Style): string {
  const { texts } = style;
  const label = escapeMarkdown(title.replace(/\s+/g, " ").trim()) || texts.untitled;
  return fill(texts.line, {
    thread: permalink === undefined ? label : `[${label}](${permalink})`,
    date: formatDate(updatedAt, style),
  });
}

// What would end a link too early, or take several lines for code.
function escapeMarkdown(text: string): string {
  return text.replace(/[\\[\])`<]/g, "\\$&");
}

function enumerate(names: readonly string[], { more }: Texts): string {
  const rest = names.length - MOST_CHANNELS;
  const shown = rest > 0 ? [...names.slice(0, MOST_CHANNELS), fill(more, { count: rest })] : names;
  return shown.join(", ");
}
