import type { Conversation } from "../../core/index.ts";

/** What a payload cannot tell about itself. */
export interface ParseContext {
  /** The adapter's name. */
  readonly adapter: string;
  /** The bot's own user and bot ids, as far as they are known. */
  readonly self: ReadonlySet<string>;
  /** When the request was sent, ms since 1970: commands carry no time of their own. */
  readonly receivedAt: number;
}

/** A conversation without undefined members, so that it is the same before and after a restart. */
export function conversationOf(parts: {
  readonly adapter: string;
  readonly account: string | undefined;
  readonly id: string;
  readonly thread: string | undefined;
  readonly isDirect: boolean;
}): Conversation {
  const { adapter, account, id, thread, isDirect } = parts;
  const conversation: { -readonly [K in keyof Conversation]: Conversation[K] } = { adapter, id, isDirect };
  if (account !== undefined) conversation.account = account;
  if (thread !== undefined) conversation.thread = thread;
  return conversation;
}
