import type { Conversation, Event } from "./message.ts";

/** A conversation without its thread, as one text. */
export function placeOf({ adapter, account = "", id }: Conversation): string {
  return `${adapter}/${account}/${id}`;
}

/** A conversation with its thread, as one text. */
export function threadOf(conversation: Conversation): string {
  return `${placeOf(conversation)}/${conversation.thread ?? ""}`;
}

/** The conversation that its threads are in. */
export function withoutThread({ thread: _, ...conversation }: Conversation): Conversation {
  return conversation;
}

/** The FIFO key of a plugin's jobs in a conversation: adapter, account, conversation, thread, plugin. */
export function laneOf(conversation: Conversation, plugin: string): string {
  return `${threadOf(conversation)}/${plugin}`;
}

/** An event's name, and what tells a redelivery: the same for every delivery of the same event. */
export function eventName(event: Event): string {
  return `${placeOf(event.conversation)}/${event.kind}:${event.key ?? defaultKey(event)}`;
}

// A message can be edited, and reacted to, more than once.
function defaultKey(event: Event): string {
  if (event.kind === "edited") return `${event.id}@${event.sentAt}`;
  if (event.kind === "reaction") {
    return `${event.id}/${event.author.id}/${event.added ? "+" : "-"}${event.name}@${event.sentAt}`;
  }
  return event.id;
}
