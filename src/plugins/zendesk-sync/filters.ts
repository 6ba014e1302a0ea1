import type { Event, Message } from "../../core/index.ts";
import type { Options } from "./options.ts";

/** Which events are of interest; nothing is stored of the others. */
export function createFilters({ channels, bots, ignoreSubtypes, closingReactions, openingReactions }: Options) {
  const watched = new Set(channels);
  const reactions = new Set([...closingReactions, ...openingReactions]);
  const event = ({ conversation: { id, adapter } }: Event) =>
    watched.size === 0 || watched.has(id) || watched.has(adapter);
  return {
    event,
    message(message: Message): boolean {
      const { author, raw } = message;
      if (!event(message) || (author.isBot && !bots.includes(author.id))) return false;
      const subtype = (raw as { readonly subtype?: unknown } | null | undefined)?.subtype;
      return typeof subtype !== "string" || !ignoreSubtypes.includes(subtype);
    },
    reaction: (reaction: Event) =>
      event(reaction) && reaction.kind === "reaction" && reaction.added && reactions.has(reaction.name),
  };
}
