import { randomUUID } from "node:crypto";
import type { AdapterHost } from "../../core/index.ts";

/** A chat on a license. */
export interface Place {
  readonly account: string;
  readonly chat: string;
}

/** A chat that the bot has to leave, and the process that is in it now. */
interface Visit extends Place {
  readonly by?: string;
  /** When others need not think of that process any more, ms since 1970. */
  readonly until?: number;
}

/**
 * The chats that the bot has entered only to whisper, or was about to: it has to leave them, whatever happens. Of all its
 * processes one is in a chat at a time.
 */
export interface Visits {
  /** To be called before entering; waits for another process that is inside. @returns true when an earlier visit was not ended */
  begin(place: Place): Promise<boolean>;
  end(place: Place): Promise<void>;
  /** It is not ended, and nobody is at it. */
  putOff(place: Place): Promise<void>;
  isDue(place: Place): Promise<boolean>;
  due(): Promise<readonly Place[]>;
  stop(): void;
}

const KEY = "visits";
// A process that died in a chat holds the others up for so long.
const LEASE_MS = 15_000;
const RENEW_MS = 5_000;
const LOOK_MS = 100;

export function createVisits({ store, clock }: Pick<AdapterHost, "store" | "clock">): Visits {
  const self = randomUUID();
  const timers = new Map<string, () => void>();
  const due = async () => (await store.get<readonly Visit[]>(KEY)) ?? [];
  const isElsewhere = (visit: Visit | undefined) =>
    visit?.by !== undefined && visit.by !== self && (visit.until ?? 0) > clock.now();

  function change(place: Place, make: (visit: Visit | undefined) => Visit | undefined) {
    return store.update<readonly Visit[]>(KEY, (visits = []) => {
      const visit = visits.find(isAt(place));
      const made = make(visit);
      if (made === visit) return visits.length === 0 ? undefined : visits;
      const others = visits.filter((other) => other !== visit);
      const all = made === undefined ? others : [...others, made];
      return all.length === 0 ? undefined : all;
    });
  }

  function held({ account, chat }: Place): Visit {
    return { account, chat, by: self, until: clock.now() + LEASE_MS };
  }

  function keep(place: Place): void {
    const key = keyOf(place);
    timers.get(key)?.();
    const cancel = clock.after(RENEW_MS, () => {
      keep(place);
      // Whoever lost it does not take it back.
      change(place, (visit) => (visit?.by === self ? held(place) : visit)).catch(() => {});
    });
    timers.set(key, cancel);
  }

  function letGo(place: Place): void {
    const key = keyOf(place);
    timers.get(key)?.();
    timers.delete(key);
  }

  return {
    due,
    async begin(place) {
      for (;;) {
        let wasDue = false;
        const visits = await change(place, (visit) => {
          wasDue = visit !== undefined;
          return isElsewhere(visit) ? visit : held(place);
        });
        if (visits?.find(isAt(place))?.by === self) {
          keep(place);
          return wasDue;
        }
        while (isElsewhere((await due()).find(isAt(place)))) {
          await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
        }
      }
    },
    async end(place) {
      letGo(place);
      await change(place, (visit) => (isElsewhere(visit) ? visit : undefined));
    },
    async putOff(place) {
      letGo(place);
      const { account, chat } = place;
      await change(place, (visit) => (visit?.by === self ? { account, chat } : visit));
    },
    isDue: async (place) => (await due()).some(isAt(place)),
    stop() {
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}

const keyOf = ({ account, chat }: Place) => JSON.stringify([account, chat]);

function isAt({ account, chat }: Place): (other: Place) => boolean {
  return (other) => other.account === account && other.chat === chat;
}
