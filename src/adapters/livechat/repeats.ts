import type { AdapterHost, Event } from "../../core/index.ts";

// LiveChat sends a webhook again for about a minute.
const WINDOW = 180_000;

/**
 * Tells a press or an edit from the same one later, for LiveChat does not say when it was: what comes again within three
 * minutes is the same webhook sent again. @throws Error when that cannot be written down
 */
export async function nameRepeats(
  event: Event,
  { store, clock }: Pick<AdapterHost, "store" | "clock">,
): Promise<Event> {
  if (event.kind !== "action" && event.kind !== "edited") return event;
  const key = event.key ?? event.id;
  const now = clock.now();
  const first = await store.update<number>(
    `repeats:${JSON.stringify([event.conversation.account, event.conversation.id, event.kind, key])}`,
    (known) => (known !== undefined && now - known < WINDOW ? known : now),
    { ttl: "3m" },
  );
  return { ...event, key: `${key}:${first}` };
}
