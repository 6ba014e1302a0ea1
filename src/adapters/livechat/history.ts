import type { Conversation, HistoryOptions, Message } from "../../core/index.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import type { Connection } from "./connection.ts";
import { type Chat, chatOf, isStaff, type ParseContext, parseMessage } from "./message.ts";
import { placeOf } from "./send.ts";

const PAGE = 20;
const MOST_PAGES = 50;

/** Calls `list_threads`. */
type ListThreads = (body: object) => Promise<Fields>;

/** Reads a chat's threads back, the newest first, as far as they reach beyond `since` (ms since 1970). `onLimit`: not so far. */
export async function* readThreads(
  list: ListThreads,
  chat: string,
  { since, onLimit }: { readonly since: number; readonly onLimit?: () => void },
): AsyncGenerator<readonly Fields[]> {
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
  onLimit?.();
}

/** Messages after `since`, oldest first. */
export async function* readHistory(
  by: Connection,
  conversation: Conversation,
  {
    since,
    adapter,
    botName,
    ignoreAgents,
    asHeard = false,
  }: HistoryOptions & {
    readonly since: number;
    readonly adapter: string;
    readonly botName: string;
    readonly ignoreAgents: boolean;
  },
): AsyncGenerator<Message> {
  const { id, isDirect } = conversation;
  const { account } = placeOf(conversation);
  const context: ParseContext = {
    adapter,
    account,
    botId: (await by.installations.get(account))?.bot.id ?? "",
    botName,
    isVisiting: (chat) => by.chats.isVisiting({ account, chat }),
    receivedAt: by.host.clock.now(),
  };
  const threads: (readonly Fields[])[] = [];
  for await (const events of readThreads(listThreads(by, conversation), id, { since })) threads.push(events);
  const events = threads
    .reverse()
    .flat()
    .filter((event) => timeOf(event) > since);
  if (events.length === 0) return;
  const empty = chatOf(id, { users: [], present: [] }, context);
  const chat = asHeard
    ? await readChat(by, conversation, context)
    : { ...empty, conversation: { ...empty.conversation, isDirect } };
  for (const event of events) {
    const message = parseMessage(event, chat, context);
    if (message === undefined || (asHeard && ignoreAgents && isStaff(message.author))) continue;
    yield message;
  }
}

/** Who is in the chat, which webhooks tell with each message: names, and whether the bot takes part. */
async function readChat({ sessions, api }: Connection, to: Conversation, context: ParseContext): Promise<Chat> {
  const { account, chat } = placeOf(to);
  const { users } = await sessions.asBot(account, ({ bot }) => api.agent(bot.token, "get_chat", { chat_id: chat }));
  return chatOf(chat, { users: Array.isArray(users) ? users.filter(isFields) : [], present: [] }, context);
}

/** `list_threads` of this chat's license. */
export function listThreads({ sessions, api }: Connection, to: Conversation): ListThreads {
  return (body) => sessions.asBot(placeOf(to).account, ({ bot }) => api.agent(bot.token, "list_threads", body));
}

function timeOf({ created_at: createdAt }: Fields): number {
  return typeof createdAt === "string" ? Date.parse(createdAt) : Number.NaN;
}
