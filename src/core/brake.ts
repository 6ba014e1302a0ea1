import type { Clock } from "./clock.ts";

/** Stops two bots from answering each other for ever: a person has to speak before the next answer to a bot. */
export interface Brake {
  /** A bot spoke in this conversation, and a handler wants to answer. May it? */
  allows(conversation: string): boolean;
  /** A person spoke: the count begins anew. */
  release(conversation: string): void;
}

// Enough for two bots to work together, too few to flood a channel.
const MOST_IN_A_ROW = 5;
const FORGET_AFTER_MS = 3_600_000;

export function createBrake(clock: Clock): Brake {
  const counts = new Map<string, { inARow: number; last: number }>();
  return {
    allows(conversation) {
      const now = clock.now();
      if (counts.size > 10_000)
        for (const [key, { last }] of counts) if (now - last > FORGET_AFTER_MS) counts.delete(key);
      const count = counts.get(conversation);
      if (count === undefined || now - count.last > FORGET_AFTER_MS) {
        counts.set(conversation, { inARow: 1, last: now });
        return true;
      }
      count.last = now;
      count.inARow += 1;
      return count.inARow <= MOST_IN_A_ROW;
    },
    release(conversation) {
      if (counts.size > 0) counts.delete(conversation);
    },
  };
}
