import type { Store } from "../../core/index.ts";

/** A chat on a license. */
export interface Place {
  readonly account: string;
  readonly chat: string;
}

/** The chats that the bot has entered only to whisper, or was about to: it has to leave them, whatever happens. */
export interface Visits {
  /** To be called before entering. @returns true when an earlier visit was not ended */
  begin(place: Place): Promise<boolean>;
  end(place: Place): Promise<void>;
  isDue(place: Place): Promise<boolean>;
  due(): Promise<readonly Place[]>;
}

const KEY = "visits";

export function createVisits(store: Store): Visits {
  const due = async () => (await store.get<readonly Place[]>(KEY)) ?? [];
  const isAt =
    ({ account, chat }: Place) =>
    (other: Place) =>
      other.account === account && other.chat === chat;

  return {
    due,
    async begin(place) {
      let wasDue = false;
      await store.update<readonly Place[]>(KEY, (places = []) => {
        wasDue = places.some(isAt(place));
        return wasDue ? places : [...places, { account: place.account, chat: place.chat }];
      });
      return wasDue;
    },
    async end(place) {
      await store.update<readonly Place[]>(KEY, (places = []) => {
        const left = places.filter((other) => !isAt(place)(other));
        return left.length === 0 ? undefined : left;
      });
    },
    isDue: async (place) => (await due()).some(isAt(place)),
  };
}
