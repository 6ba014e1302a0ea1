import { randomBytes } from "node:crypto";

/**
 * A process's hold on its jobs. Others may take them over when they have seen no beat for `length` ms on their own clock;
 * so the hold is sure for that long after the last batch that went through was sent. No two machines' clocks are compared.
 */
export interface Lease {
  /** The session's id. */
  readonly id: string;
  /** The number of the last batch that was applied. */
  readonly applied: number;
  /** Nobody else can have the jobs now. */
  readonly isHeld: boolean;
  /** A batch of the session was sent at `sent`, and was applied. */
  renew(sent: Moment): void;
  /** The session is gone: begins another, which holds nothing yet. */
  replace(): void;
}

/** A point in time that neither a set clock nor a suspended machine moves backwards. */
export interface Moment {
  readonly steady: number;
  readonly wall: number;
}

export const now = (): Moment => ({ steady: performance.now(), wall: Date.now() });

// What runs between the look at the clock and the first byte on the wire.
const MARGIN = 0.1;

export function createLease(length: number): Lease {
  const sure = length * (1 - MARGIN);
  let id = newId();
  let applied = 0;
  let renewed: Moment | undefined;
  return {
    get id() {
      return id;
    },
    get applied() {
      return applied;
    },
    get isHeld() {
      if (renewed === undefined) return false;
      const { steady, wall } = now();
      // The steady clock stands still while a machine is suspended; the other one may be set at any time.
      return steady - renewed.steady < sure && wall - renewed.wall < sure;
    },
    renew(sent) {
      applied += 1;
      renewed = sent;
    },
    replace() {
      id = newId();
      applied = 0;
      renewed = undefined;
    },
  };
}

const newId = () => randomBytes(9).toString("base64url");
