import type { WebClient } from "@slack/web-api";
import type { Conversation, HistoryOptions, Log, Message } from "../../core/index.ts";
import type { Fields } from "../shared/fields.ts";
import { readPage } from "./find.ts";
import { parseEvent } from "./parse.ts";

const MOST_PAGES = 50;

/** Messages after `since` (ms since 1970), oldest first. Of a channel: its top level; of a thread: the thread. */
export async function* readHistory(
  {
    web,
    self,
    log,
    asHeard = false,
  }: HistoryOptions & { readonly web: WebClient; readonly self: ReadonlySet<string>; readonly log: Log },
  conversation: Conversation,
  since: number,
): AsyncGenerator<Message> {
  // Without the bot's ids its own posts could not be told from a person's.
  if (asHeard && self.size === 0) return;
  const found: Fields[] = [];
  let cursor: string | undefined;
  for (let pages = 0; ; pages++) {
    if (pages === MOST_PAGES) {
      log.warn(
        { adapter: conversation.adapter, conversation: conversation.id },
        "a history is too long to be read whole",
      );
      break;
    }
    const page = await readPage(web, conversation, { since, cursor });
    found.push(...page.messages);
    cursor = page.cursor;
    if (cursor === undefined) break;
  }
  const { adapter, account, id, isDirect } = conversation;
  const place = { adapter, account, app: undefined, isSelf: (user: string) => self.has(user) };
  // Slack gives a thread oldest first and a channel newest first.
  for (const message of found.sort((a, b) => Number(a.ts) - Number(b.ts))) {
    if (!(Number(message.ts) * 1000 > since)) continue;
    const event = parseEvent(
      {
        ...message,
        type: "message",
        channel: id,
        channel_type: isDirect ? "im" : "channel",
        // When it was said it had no answers yet.
        ...(asHeard && message.thread_ts === message.ts && { thread_ts: undefined }),
      },
      place,
    );
    if (event?.kind === "message") yield event;
  }
}
