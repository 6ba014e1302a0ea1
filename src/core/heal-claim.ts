import type { Clock } from "./clock.ts";
import type { Storage } from "./storage.ts";

/** May this process read back what an adapter missed? */
export type HealingClaim =
  /** It may, and says so again while it does. */
  | { readonly kind: "mine"; renew(): Promise<void>; finish(isWhole: boolean): Promise<void> }
  /** Another has begun after this one asked, and has read all of it. */
  | { readonly kind: "done"; readonly finish?: undefined }
  /** Another is at it. */
  | { readonly kind: "wait"; readonly ms: number; readonly finish?: undefined };

interface Written {
  /** When it was begun, and until when nobody else should; ms since 1970. */
  readonly from: number;
  readonly until: number;
  readonly isDone: boolean;
}

const LEASE_MS = 60_000;

/**
 * Keeps the processes of a fleet that start together from all reading the same. One that has the storage to itself always
 * may. `asked`: since when nobody can have looked, ms since 1970.
 */
export async function claimHealing(
  { values, fleet }: Storage,
  { adapter, asked, clock }: { readonly adapter: string; readonly asked: number; readonly clock: Clock },
): Promise<HealingClaim> {
  const nothing = async () => {};
  if (fleet === undefined) return { kind: "mine", renew: nothing, finish: nothing };
  const key = `heal:${adapter}`;
  const from = clock.now();
  let until = from + LEASE_MS;
  const write = (isDone: boolean) => JSON.stringify({ from, until, isDone } satisfies Written);
  let claim: HealingClaim | undefined;

  await values.update(
    key,
    (current) => {
      const last = current === undefined ? undefined : (JSON.parse(current) as Written);
      claim = undefined;
      if (last?.isDone && last.from >= asked) claim = { kind: "done" };
      else if (last !== undefined && last.until > from) claim = { kind: "wait", ms: last.until - from };
      return claim === undefined ? write(false) : current;
    },
    until + LEASE_MS,
  );
  if (claim !== undefined) return claim;
  return {
    kind: "mine",
    async renew() {
      if (until - clock.now() > LEASE_MS / 2) return;
      until = clock.now() + LEASE_MS;
      await values.set(key, write(false), until + LEASE_MS);
    },
    async finish(isWhole) {
      until = clock.now();
      await values.set(key, write(isWhole), until + LEASE_MS);
    },
  };
}
