import type { Adapter } from "./adapter.ts";
import { placeOf, threadOf } from "./address.ts";
import type { Clock } from "./clock.ts";
import { RateLimitError } from "./errors.ts";
import type { Life } from "./life.ts";
import type { Conversation } from "./message.ts";

/** Everything that leaves for a platform goes through here: in order within a conversation, no faster than allowed. */
export interface Outbox {
  /**
   * Makes a call when its turn has come. A rate limit pauses the destination, or its account, and makes the call again.
   * @throws RateLimitError when the platform wants a pause longer than a minute
   */
  post<T>(adapter: Adapter, to: Conversation, options: PostOptions<T>): Promise<T>;
}

export interface PostOptions<T> {
  /** The call. It is made again after a rate limit. */
  call(): Promise<T>;
  /** Its end ends the waiting. */
  readonly life: Life;
  /** The call has to wait; the returned function says that the waiting is over. */
  waiting(): () => void;
  /** The call counts against the destination's pace. */
  readonly paced: boolean;
}

/** Ends at a time, ms since 1970. */
interface Pause {
  pausedUntil: number;
}

interface Destination extends Pause {
  tokens: number;
  filledAt: number;
  /** Shared by all destinations of one account. */
  readonly account: Pause;
}

/** The last post on its way to a conversation. */
interface Tail {
  readonly life: Life;
  readonly result: Promise<unknown>;
}

// A longer pause is not worth a place in memory: the job goes back to its lane until then.
const LONGEST_PAUSE_MS = 60_000;
// "Retry-After: 0" must not become a loop without a breath.
const SHORTEST_PAUSE_MS = 250;
const MOST_DESTINATIONS = 10_000;

export function createOutbox(clock: Clock): Outbox {
  const destinations = new Map<string, Destination>();
  const tails = new Map<string, Tail>();

  const accounts = new Map<string, Pause>();

  function accountOf({ adapter, account = "" }: Conversation): Pause {
    const key = `${adapter}/${account}`;
    let pause = accounts.get(key);
    if (pause === undefined) {
      if (accounts.size > MOST_DESTINATIONS) accounts.clear();
      pause = { pausedUntil: 0 };
      accounts.set(key, pause);
    }
    return pause;
  }

  function destinationOf(adapter: Adapter, to: Conversation): Destination {
    const key = placeOf(to);
    let destination = destinations.get(key);
    if (destination === undefined) {
      if (destinations.size > MOST_DESTINATIONS) destinations.clear();
      const account = accountOf(to);
      destination = { tokens: adapter.limits.pace?.burst ?? 0, filledAt: clock.now(), pausedUntil: 0, account };
      destinations.set(key, destination);
    }
    return destination;
  }

  // Takes a token, or says how long to wait for the next.
  function delayOf({ limits: { pace } }: Adapter, destination: Destination, paced: boolean): number {
    const now = clock.now();
    const pausedUntil = Math.max(destination.pausedUntil, destination.account.pausedUntil);
    if (pausedUntil > now) return pausedUntil - now;
    if (pace === undefined || !paced) return 0;
    destination.tokens = Math.min(
      pace.burst,
      destination.tokens + ((now - destination.filledAt) / 1000) * pace.perSecond,
    );
    destination.filledAt = now;
    if (destination.tokens >= 1) {
      destination.tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - destination.tokens) / pace.perSecond) * 1000);
  }

  /** The long way: behind another post, or when the destination wants a pause. */
  async function postLater<T>(
    adapter: Adapter,
    destination: Destination,
    options: PostOptions<T>,
    previous: Tail | undefined,
  ): Promise<T> {
    const { life, waiting, paced } = options;
    // Behind a post of its own run it does not wait for its turn: the time of that call is the run's own time.
    let waited = previous === undefined || previous.life === life ? undefined : waiting.call(options);
    try {
      if (previous !== undefined) await endOf(previous);
      for (;;) {
        for (
          let delay = delayOf(adapter, destination, paced);
          delay > 0;
          delay = delayOf(adapter, destination, paced)
        ) {
          if (delay > LONGEST_PAUSE_MS) {
            throw new RateLimitError(`\`${adapter.name}\` wants a pause here.`, { retryAfter: delay });
          }
          waited ??= waiting.call(options);
          await sleep(clock, delay, life);
        }
        waited?.();
        waited = undefined;
        if (life.reason !== undefined) throw life.reason;
        try {
          return await options.call();
        } catch (error) {
          pauseAfter(error, destination);
        }
      }
    } finally {
      waited?.();
    }
  }

  /** Pauses the destination for a rate limit; throws every other error, and a pause that is too long to wait for. */
  function pauseAfter(error: unknown, destination: Destination) {
    if (!(error instanceof RateLimitError)) throw error;
    const pause = Math.max(SHORTEST_PAUSE_MS, error.retryAfter);
    const paused = error.scope === "account" ? destination.account : destination;
    paused.pausedUntil = Math.max(paused.pausedUntil, clock.now() + pause);
    if (pause > LONGEST_PAUSE_MS) throw error;
  }

  return {
    post<T>(adapter: Adapter, to: Conversation, options: PostOptions<T>): Promise<T> {
      const lane = threadOf(to);
      const destination = destinationOf(adapter, to);
      const previous = tails.get(lane);
      const { life, paced } = options;
      const isFree = previous === undefined && life.reason === undefined && delayOf(adapter, destination, paced) === 0;
      const result = isFree
        ? options.call().catch((error: unknown) => {
            pauseAfter(error, destination);
            return postLater(adapter, destination, options, undefined);
          })
        : postLater(adapter, destination, options, previous);
      const tail: Tail = { life, result };
      tails.set(lane, tail);
      const leave = () => {
        if (tails.get(lane) === tail) tails.delete(lane);
      };
      result.then(leave, leave);
      life.onEnd(leave);
      return result;
    },
  };
}

/** A call that never ends gives the way free when its run ends. */
function endOf({ life, result }: Tail): Promise<void> {
  return new Promise((resolve) => {
    result.then(
      () => resolve(),
      () => resolve(),
    );
    life.onEnd(() => resolve());
  });
}

function sleep(clock: Clock, ms: number, life: Life): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, resolve);
    life.onEnd((reason) => {
      cancel();
      reject(reason);
    });
  });
}
