import { type Duration, type Event, parseDuration, type Store } from "../../core/index.ts";

/** What is remembered of the people who ask for pictures. */
export interface People {
  /** Counts a request, once however often it is counted; false when this person has had enough for now. */
  mayAsk(event: Event): Promise<boolean>;
  /** Has this person said that they want to hear nothing more? */
  hasLeft(event: Event): Promise<boolean>;
  leave(event: Event): Promise<void>;
  comeBack(event: Event): Promise<void>;
}

/** So many requests of one person within a time. */
export interface Allowance {
  readonly count: number;
  readonly per: Duration;
}

interface Turn {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export function createPeople(store: Store, allowance: Allowance | false): People {
  const per = allowance === false ? 0 : (parseDuration(allowance.per) ?? 0);
  return {
    async mayAsk(event) {
      if (allowance === false) return true;
      const { id } = event;
      const at = Date.parse(event.sentAt);
      const turns = await store.update<readonly Turn[]>(
        keyOf("turns", event),
        (before = []) => {
          const recent = before.filter((turn) => turn.at > at - per);
          const isCounted = recent.some((turn) => turn.id === id) || recent.length >= allowance.count;
          return isCounted ? recent : [...recent, { id, at }];
        },
        { ttl: per },
      );
      return turns?.some((turn) => turn.id === id) ?? false;
    },
    hasLeft: async (event) => (await store.get(keyOf("left", event))) !== undefined,
    leave: (event) => store.set(keyOf("left", event), true),
    async comeBack(event) {
      await store.delete(keyOf("left", event));
    },
  };
}

function keyOf(what: string, { conversation: { adapter, account = "" }, author }: Event): string {
  return `${what}:${JSON.stringify([adapter, account, author.id])}`;
}
