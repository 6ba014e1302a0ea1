import type { Clock } from "./clock.ts";

/** Stops two bots from answering each other for ever: a person has to speak before the next answer to a bot. */
export interface Brake {
  /** A bot spoke in this conversation, and a handler wants to answer. May it not? */
  isOn(conversation: string): boolean;
  /** A bot is going to be answered here. */
  count(conversation: string): void;
  /** A person spoke: the count begins anew. */
  release(conversation: string): void;
}

// Enough for two bots to work together, too few to flood a channel.
const MOST_IN_A_ROW = 5;
const FORGET_AFTER_MS = 3_600_000;
const MOST_CONVERSATIONS = 10_000;

export function createBrake(clock: Clock): Brake {
  const counts = new Map<string, { inARow: number; last: number }>();

  function recent(conversation: string) {
    const count = counts.get(conversation);
    return count !== undefined && clock.now() - count.last <= FORGET_AFTER_MS ? count : undefined;
  }

  return {
    isOn: (conversation) => (recent(conversation)?.inARow ?? 0) >= MOST_IN_A_ROW,
    count(conversation) {
      if (counts.size > MOST_CONVERSATIONS) {
        for (const key of counts.keys()) if (recent(key) === undefined) counts.delete(key);
      }
      counts.set(conversation, { inARow: (recent(conversation)?.inARow ?? 0) + 1, last: clock.now() });
    },
    release(conversation) {
      if (counts.size > 0) counts.delete(conversation);
    },
  };
}
