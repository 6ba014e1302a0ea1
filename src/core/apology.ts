import type { Adapter } from "./adapter.ts";
import { placeOf } from "./address.ts";
import type { Clock } from "./clock.ts";
import { errorCode } from "./errors.ts";
import type { Log } from "./log.ts";
import type { Event } from "./message.ts";
import type { Registered } from "./registry.ts";
import { toOutgoing } from "./render-reply.ts";

/** Says a handler's `unstored` text about an event that could not be stored: at best, since nothing of it is durable. */
export type Apologize = (event: Event, adapter: Adapter, chosen: readonly Registered[]) => void;

// The platform delivers the event again and again; the person need not be told each time.
const SILENCE_MS = 600_000;
const MOST_CONVERSATIONS = 1000;

export function createApology({ clock, log }: { readonly clock: Clock; readonly log: Log }): Apologize {
  const told = new Map<string, number>();

  async function say(event: Event, adapter: Adapter, { options: { unstored } }: Registered): Promise<void> {
    const { conversation, author, replyTo } = event;
    const about = { since: clock.now(), author: author.id, ...(replyTo !== undefined && { replyTo }) };
    for (const part of toOutgoing(unstored!, adapter, conversation, about)) {
      await adapter.send(conversation, { ...part, ref: `unstored.${crypto.randomUUID()}` });
    }
  }

  return (event, adapter, chosen) => {
    const entry = chosen.find(({ options }) => options.unstored !== undefined);
    if (entry === undefined || event.author.isBot) return;
    const place = placeOf(event.conversation);
    if (clock.steady() - (told.get(place) ?? Number.NEGATIVE_INFINITY) < SILENCE_MS) return;
    told.delete(place);
    told.set(place, clock.steady());
    if (told.size > MOST_CONVERSATIONS) told.delete(told.keys().next().value!);
    say(event, adapter, entry).catch((error: unknown) => {
      log.warn({ adapter: adapter.name, code: errorCode(error) }, "Nobody could be told that an event was not stored.");
    });
  };
}
