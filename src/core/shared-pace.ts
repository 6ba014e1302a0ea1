import type { Adapter } from "./adapter.ts";
import { placeOf } from "./address.ts";
import type { Clock } from "./clock.ts";
import { type Life, sleep } from "./life.ts";
import type { Conversation } from "./message.ts";
import type { Budget, Fleet } from "./storage.ts";

/** The pace and the pauses that all processes of a fleet keep together. */
export interface SharedPace {
  /**
   * Waits for the next token of a destination, and for the end of its account's pause. Resolves with 0 when the post may
   * leave, with a longer wait than `longest` ms at once, and with undefined when the storage cannot say. Rejects when the
   * run ends first.
   */
  take(adapter: Adapter, to: Conversation, options: TakeOptions): Promise<number | undefined>;
  /** Tells the others of a pause that the platform wants. */
  pause(to: Conversation, scope: "conversation" | "account", ms: number): void;
}

interface TakeOptions {
  readonly life: Life;
  /** Milliseconds. */
  readonly longest: number;
}

const NO_TOKEN: Budget = { interval: 0, burst: 0 };

export function createSharedPace(fleet: Fleet, clock: Clock): SharedPace {
  // By destination, the last post that asks or waits: to ask is to reserve, and a post that gives up has wasted its token.
  const tails = new Map<string, Promise<void>>();

  async function ask({ limits: { pace } }: Adapter, to: Conversation): Promise<number | undefined> {
    const budget = pace === undefined ? NO_TOKEN : { interval: 1000 / pace.perSecond, burst: pace.burst };
    try {
      return Math.max(...(await Promise.all([fleet.take(placeKey(to), budget), fleet.take(accountKey(to), NO_TOKEN)])));
    } catch {
      return undefined;
    }
  }

  async function askAndWait(adapter: Adapter, to: Conversation, { life, longest }: TakeOptions) {
    const wait = await untilEnd(life, ask(adapter, to));
    if (wait === undefined || wait > longest) return wait;
    if (wait > 0) await sleep(clock, wait, life);
    return 0;
  }

  return {
    async take(adapter, to, options) {
      if (adapter.limits.pace === undefined) return askAndWait(adapter, to, options);
      const key = placeKey(to);
      const before = tails.get(key);
      const { promise: own, resolve: leave } = Promise.withResolvers<void>();
      tails.set(key, own);
      try {
        if (before !== undefined) await untilEnd(options.life, before);
        return await askAndWait(adapter, to, options);
      } finally {
        // Whoever leaves early does not let the next one pass those in front.
        if (before === undefined) leave();
        else void before.then(leave);
        if (tails.get(key) === own) void own.then(() => tails.get(key) === own && tails.delete(key));
      }
    },
    pause(to, scope, ms) {
      // It is kept here in any case.
      fleet.pause(scope === "account" ? accountKey(to) : placeKey(to), ms).catch(() => {});
    },
  };
}

const placeKey = (to: Conversation) => `place:${placeOf(to)}`;
const accountKey = ({ adapter, account = "" }: Conversation) => `account:${adapter}/${account}`;

function untilEnd<T>(life: Life, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    life.onEnd(reject);
    promise.then(resolve, reject);
  });
}
