import type { Conversation, Event } from "../../core/index.ts";

/** What one ticket is about: a thread, or where there are none the conversation until its ticket is resolved. */
export interface Unit {
  readonly key: string;
  /** What the ticket carries in Zendesk to be found by. */
  readonly externalId: string;
  /** Without threads: when its ticket is resolved, the next message opens another. */
  readonly isFlat: boolean;
  /** This is its first message. */
  readonly isRoot: boolean;
}

// Slack's time stamps; there the external id is the bare one.
const TIMESTAMP = /^\d{9,}\.\d{6}$/;

export function unitOf({ conversation, author, id }: Pick<Event, "conversation" | "author" | "id">): Unit {
  const { thread, isDirect } = conversation;
  // Where a conversation is named after its author, each post may be a thread of its own: the person is what stays.
  const isFlat = thread === undefined || isDirect || conversation.id === author.id;
  return { ...unitAt(isFlat ? withoutThread(conversation) : conversation), isFlat, isRoot: isFlat || thread === id };
}

/** The unit of a conversation, by its thread where it names one. */
export function unitAt({ adapter, account, id, thread }: Conversation): Pick<Unit, "key" | "externalId"> {
  const parts = [account, id, thread].filter((part) => part !== undefined);
  return {
    key: [adapter, account ?? "", id, thread ?? ""].map(encodeURIComponent).join("/"),
    externalId: thread !== undefined && TIMESTAMP.test(thread) ? thread : `${adapter}:${parts.join("/")}`,
  };
}

/** Where a conversation's threads stand. */
export function withoutThread({ thread: _, ...conversation }: Conversation): Conversation {
  return conversation;
}
