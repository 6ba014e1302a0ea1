import { randomUUID } from "node:crypto";
import type { AdapterHost } from "../../core/index.ts";

/** Lets what shares a key happen one after another, in all processes of a bot: for what is rare and must not be done twice at once. */
export interface FleetTurns {
  run<T>(key: string, act: () => Promise<T>): Promise<T>;
  /** Is somebody at it, here or elsewhere? */
  isTaken(key: string): Promise<boolean>;
}

interface Turn {
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

// A process that died holds the others up for so long.
const LEASE_MS = 15_000;
const RENEW_MS = 5_000;
const LOOK_MS = 100;

export function createFleetTurns({ store, clock }: Pick<AdapterHost, "store" | "clock">): FleetTurns {
  const isHeld = (turn: Turn | undefined): turn is Turn => turn !== undefined && turn.until > clock.now();
  const options = { ttl: LEASE_MS };

  async function take(key: string, by: string): Promise<void> {
    for (;;) {
      const mine: Turn = { by, until: clock.now() + LEASE_MS };
      const kept = await store.update<Turn>(key, (turn) => (isHeld(turn) ? turn : mine), options);
      if (kept?.by === by) return;
      while (isHeld(await store.get<Turn>(key))) await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
    }
  }

  /** Holds on to a turn; the returned function ends that. */
  function keep(key: string, by: string): () => void {
    let cancel = clock.after(RENEW_MS, renew);
    function renew() {
      const until = clock.now() + LEASE_MS;
      cancel = clock.after(RENEW_MS, renew);
      // Whoever lost it does not take it back.
      store.update<Turn>(key, (turn) => (turn?.by === by ? { by, until } : turn), options).catch(() => {});
    }
    return () => cancel();
  }

  return {
    async run(name, act) {
      const key = keyOf(name);
      const by = randomUUID();
      await take(key, by);
      const leave = keep(key, by);
      try {
        return await act();
      } finally {
        leave();
        // Where that cannot be written, it ends by itself.
        await store.update<Turn>(key, (turn) => (turn?.by === by ? undefined : turn), options).catch(() => {});
      }
    },
    isTaken: async (name) => isHeld(await store.get<Turn>(keyOf(name))),
  };
}

const keyOf = (name: string) => `turn:${name}`;
