import type { Clock } from "./clock.ts";
import type { Storage } from "./storage.ts";

type Shared = Pick<Storage, "fleet" | "values">;

/** Stops two bots from answering each other for ever: a person has to speak before the next answer to a bot. */
export interface Brake {
  /** A bot spoke in this conversation, and a handler wants to answer. May it not? */
  isOn(conversation: string, storage: Shared): Promise<boolean>;
  /** A bot is going to be answered here. Resolves once the other processes can know. */
  count(conversation: string, storage: Shared): Promise<void>;
  /** A person spoke: the count begins anew. */
  release(conversation: string, storage: Shared): void;
}

interface Count {
  readonly inARow: number;
  /** Milliseconds since 1970. */
  readonly last: number;
}

// Enough for two bots to work together, too few to flood a channel.
const MOST_IN_A_ROW = 5;
const FORGET_AFTER_MS = 3_600_000;
const MOST_CONVERSATIONS = 10_000;

/** Counts in memory, and for all processes where several share a storage. */
export function createBrake(clock: Clock): Brake {
  const counts = new Map<string, Count>();

  const recent = (count: Count | undefined) =>
    count !== undefined && clock.now() - count.last <= FORGET_AFTER_MS ? count : undefined;
  const next = (count: Count | undefined): Count => ({ inARow: (recent(count)?.inARow ?? 0) + 1, last: clock.now() });
  const isEnough = (count: Count | undefined) => (recent(count)?.inARow ?? 0) >= MOST_IN_A_ROW;

  return {
    async isOn(conversation, { fleet, values }) {
      if (fleet === undefined) return isEnough(counts.get(conversation));
      // Where it cannot be read, the event cannot be stored either.
      const stored = await values.get(keyOf(conversation)).catch(() => undefined);
      return isEnough(parse(stored));
    },
    async count(conversation, { fleet, values }) {
      if (fleet !== undefined) {
        const change = (stored: string | undefined) => JSON.stringify(next(parse(stored)));
        await values.update(keyOf(conversation), change, clock.now() + FORGET_AFTER_MS).catch(() => {});
        return;
      }
      if (counts.size > MOST_CONVERSATIONS) {
        for (const [key, count] of counts) if (recent(count) === undefined) counts.delete(key);
      }
      counts.set(conversation, next(counts.get(conversation)));
    },
    release(conversation, { fleet, values }) {
      if (fleet === undefined) {
        if (counts.size > 0) counts.delete(conversation);
        return;
      }
      const key = keyOf(conversation);
      // Nearly always there is nothing, and a look costs no write.
      values.get(key).then(
        (stored) => (stored === undefined ? undefined : values.delete(key).catch(() => {})),
        () => {},
      );
    },
  };
}

const keyOf = (conversation: string) => `brake:${conversation}`;
const parse = (stored: string | undefined) => (stored === undefined ? undefined : (JSON.parse(stored) as Count));
