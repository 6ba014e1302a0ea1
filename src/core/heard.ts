import { withoutThread } from "./address.ts";
import { errorCode } from "./errors.ts";
import type { Log } from "./log.ts";
import type { Conversation, Event } from "./message.ts";
import type { KeyValues } from "./storage.ts";

/** What one call of an adapter's `history` reads, a conversation or a thread of it, and how far it is known. */
export interface Place {
  readonly conversation: Conversation;
  /** When the newest message that was taken was sent, ISO 8601. */
  seen: string;
  /** Since when something may be missing; undefined when nothing is. */
  gap?: string | undefined;
  /** The gap that is being read now. */
  reading?: string | undefined;
  /** This process turned a message away, so the gap is nobody else's to heal. */
  wasRefused?: boolean;
}

/** Where an adapter hears people speak, and up to when all of it was taken. Costs the road of an event a look into a map. */
export interface Heard {
  /** An event was stored or ignored. `isWanted`: a handler has it. */
  taken(event: Event, isWanted: boolean): void;
  /** An event could not be stored. */
  refused(event: Event): void;
  /** Takes over what was written down by an earlier process, or by others; all of that may have a gap. */
  load(): Promise<void>;
  /** From now on something may be missing everywhere. */
  openAll(): void;
  /** Somebody else has read all of it back. What this process refused stays open. */
  closeAll(): void;
  /** Where something may be missing, the most recently used first. */
  gaps(): readonly Place[];
  /** Writes down what has changed; never rejects. */
  save(): Promise<void>;
}

export interface HeardOptions {
  /** The adapter's name. */
  readonly adapter: string;
  /** Where it is written down, once the storage is open; undefined where an earlier process can have left nothing worth knowing. */
  readonly values: (() => KeyValues) | undefined;
  readonly log: Log;
  readonly now: () => number;
  /** Places to remember. */
  readonly most: number;
  /** There is something to save: a place that was not known, or more of a known one. */
  changed(isNew: boolean): void;
  /** An event was turned away. */
  wasRefused(): void;
}

// People come back to a conversation after days; whoever does not is heard again with the next message.
const KEPT_MS = 7 * 86_400_000;

export function createHeard({ adapter, values, log, now, most, changed, wasRefused }: HeardOptions): Heard {
  const places = new Map<string, Place>();
  const storeKey = `heard:${adapter}`;
  /** Since the last save. */
  let change: "new" | "more" | undefined;

  /** `conversation` with this thread, or without one. */
  function note(conversation: Conversation, thread: string | undefined, sentAt: string): Place {
    const key = keyOf(conversation, thread);
    let place = places.get(key);
    if (place === undefined) {
      place = { conversation: thread === undefined ? withoutThread(conversation) : conversation, seen: sentAt };
      places.set(key, place);
      if (places.size > 4 * most) prune();
      if (change !== "new") changed(true);
      change = "new";
    } else if (sentAt > place.seen) {
      place.seen = sentAt;
      if (change === undefined) changed(false);
      change ??= "more";
    }
    return place;
  }

  function byRecency(): [string, Place][] {
    return [...places].sort(([, a], [, b]) => (a.seen < b.seen ? 1 : a.seen > b.seen ? -1 : 0));
  }

  function prune(): void {
    for (const [key] of byRecency().slice(most)) places.delete(key);
  }

  /** What is written down of a place: up to here nothing is missing. */
  const markOf = ({ seen, gap = seen, reading = seen }: Place) => [seen, gap, reading].sort()[0]!;

  return {
    taken(event, isWanted) {
      if (event.kind !== "message") return;
      const { conversation, id, sentAt } = event;
      const { thread } = conversation;
      // In a thread something was said, or is going to be: a channel's history does not hold it.
      if (thread !== undefined && (isWanted || thread !== id)) note(conversation, thread, sentAt);
      if (thread === undefined || thread === id || !places.has(keyOf(conversation, undefined))) {
        note(conversation, undefined, sentAt);
      }
    },

    refused(event) {
      if (event.kind !== "message") return;
      const { conversation, sentAt } = event;
      // The history of a thread holds the message that begins it.
      const place = note(conversation, conversation.thread, sentAt);
      if (place.gap === undefined || sentAt < place.gap) place.gap = sentAt;
      place.wasRefused = true;
      wasRefused();
    },

    async load() {
      const written = values && parseWritten(await values().get(storeKey));
      for (const { at, ...conversation } of written ?? []) {
        const key = keyOf(conversation, conversation.thread);
        if (!places.has(key)) places.set(key, { conversation, seen: at, gap: at });
      }
    },

    openAll() {
      for (const place of places.values()) place.gap ??= place.seen;
    },

    closeAll() {
      for (const place of places.values()) if (!place.wasRefused) place.gap = undefined;
    },

    gaps: () =>
      byRecency()
        .map(([, place]) => place)
        .filter(({ gap }) => gap !== undefined),

    async save() {
      if (change === undefined || values === undefined) return;
      change = undefined;
      const ours = new Map([...places].map(([key, place]) => [key, { place, at: markOf(place) }]));
      // Another process may have heard more of a conversation, but knows nothing of what is missing here.
      const merge = (current: string | undefined) => {
        const all = new Map(parseWritten(current).map((written) => [keyOf(written, written.thread), written]));
        for (const [key, { place, at }] of ours) {
          const theirs = all.get(key)?.at ?? at;
          all.set(key, { ...place.conversation, at: at < place.seen || at > theirs ? at : theirs });
        }
        const recent = [...all.values()].sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, most);
        return JSON.stringify(recent);
      };
      try {
        await values().update(storeKey, merge, now() + KEPT_MS);
      } catch (error) {
        change ??= "more";
        changed(false);
        log.debug(
          { adapter, code: errorCode(error) },
          "How far the conversations were heard could not be written down.",
        );
      }
    },
  };
}

interface Written extends Conversation {
  /** The `seen` of a place without a gap, ISO 8601. */
  readonly at: string;
}

function parseWritten(text: string | undefined): readonly Written[] {
  return text === undefined ? [] : (JSON.parse(text) as readonly Written[]);
}

function keyOf({ account = "", id, isDirect }: Conversation, thread = ""): string {
  return `${isDirect}\n${account}\n${id}\n${thread}`;
}
