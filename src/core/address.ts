import type { Conversation, Event } from "./message.ts";

/** The FIFO key of a plugin's jobs in a conversation: adapter, account, conversation, thread, plugin. */
export function laneOf({ adapter, account = "", id, thread = "" }: Conversation, plugin: string): string {
  return `${adapter}/${account}/${id}/${thread}/${plugin}`;
}

/** An event's name, and what tells a redelivery: the same for every delivery of the same event. */
export function eventName(event: Event): string {
  const { adapter, account = "", id } = event.conversation;
  return `${adapter}/${account}/${id}/${event.kind}:${event.key ?? defaultKey(event)}`;
}

// A message can be edited, and reacted to, more than once.
function defaultKey(event: Event): string {
  if (event.kind === "edited") return `${event.id}@${event.sentAt}`;
  if (event.kind === "reaction") {
    return `${event.id}/${event.author.id}/${event.added ? "+" : "-"}${event.name}@${event.sentAt}`;
  }
  return event.id;
}
