import type { Conversation, Message, OutgoingReply, SentMessage } from "../../core/index.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import { chatOf, type ParseContext, parseMessage } from "./message.ts";

const PAGE = 20;
const MOST_PAGES = 50;
// LiveChat's clock and ours are not the same.
const MARGIN = 5000;

/** Calls `list_threads`. */
export type ListThreads = (body: object) => Promise<Fields>;

/** Reads a chat's threads back, the newest first, as far as they reach beyond `since` (ms since 1970). */
async function* readThreads(list: ListThreads, chat: string, since: number): AsyncGenerator<readonly Fields[]> {
  let pageId: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const where = pageId === undefined ? { sort_order: "desc", limit: PAGE } : { page_id: pageId };
    const { threads, next_page_id: next } = await list({ chat_id: chat, ...where });
    for (const thread of Array.isArray(threads) ? threads.filter(isFields) : []) {
      const events = Array.isArray(thread.events) ? thread.events.filter(isFields) : [];
      if (thread.active !== true && events.every((event) => timeOf(event) <= since)) return;
      yield events;
    }
    if (typeof next !== "string" || next === "") return;
    pageId = next;
  }
}

/** The event that carries this reply's `ref`. */
export async function findReply(
  list: ListThreads,
  to: Conversation,
  { ref, since }: Pick<OutgoingReply, "ref" | "since">,
): Promise<SentMessage | undefined> {
  for await (const events of readThreads(list, to.id, since - MARGIN)) {
    const found = events.find((event) => event.custom_id === ref);
    if (typeof found?.id === "string") return { id: found.id, conversation: to };
  }
  return undefined;
}

/** Messages after `since`, oldest first. */
export async function* readHistory(
  list: ListThreads,
  { id, isDirect }: Conversation,
  { since, context }: { readonly since: number; readonly context: ParseContext },
): AsyncGenerator<Message> {
  const threads: (readonly Fields[])[] = [];
  for await (const events of readThreads(list, id, since)) threads.push(events);
  const { conversation } = chatOf(id, { users: [], present: [] }, context);
  const chat = { conversation: { ...conversation, isDirect }, users: [] };
  for (const event of threads.reverse().flat()) {
    if (!(timeOf(event) > since)) continue;
    const message = parseMessage(event, chat, context);
    if (message !== undefined) yield message;
  }
}

function timeOf({ created_at: createdAt }: Fields): number {
  return typeof createdAt === "string" ? Date.parse(createdAt) : Number.NaN;
}
