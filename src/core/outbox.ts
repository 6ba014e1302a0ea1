import type { Adapter } from "./adapter.ts";
import { placeOf, threadOf } from "./address.ts";
import type { Clock } from "./clock.ts";
import { RateLimitError } from "./errors.ts";
import { type Life, sleep } from "./life.ts";
import type { Conversation } from "./message.ts";
import { createSharedPace } from "./shared-pace.ts";
import type { Fleet } from "./storage.ts";

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

/** Ends at a time of the steady clock. */
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

/** @param fleet with it, posts keep one pace in all of its processes */
export function createOutbox(clock: Clock, fleet?: Fleet): Outbox {
  const shared = fleet && createSharedPace(fleet, clock);
  const destinations = new Map<string, Destination>();
  const tails = new Map<string, Tail>();

  const accounts = new Map<string, Pause>();

  function accountOf({ adapter, account = "" }: Conversation): Pause {
    const key = `${adapter}/${account}`;
    let pause = accounts.get(key);
    if (pause === undefined) {
      dropOldest(accounts);
      pause = { pausedUntil: 0 };
      accounts.set(key, pause);
    }
    return pause;
  }

  function destinationOf(adapter: Adapter, to: Conversation): Destination {
    const key = placeOf(to);
    let destination = destinations.get(key);
    if (destination === undefined) {
      dropOldest(destinations);
      const account = accountOf(to);
      destination = { tokens: adapter.limits.pace?.burst ?? 0, filledAt: clock.steady(), pausedUntil: 0, account };
      destinations.set(key, destination);
    }
    return destination;
  }

  // Takes a token, or says how long to wait for the next.
  function delayOf({ limits: { pace } }: Adapter, destination: Destination, paced: boolean): number {
    const now = clock.steady();
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

  /** Waits for the end of all pauses, and for a token. `wait` is told before. @throws RateLimitError */
  async function turnOf(
    adapter: Adapter,
    to: Conversation,
    destination: Destination,
    { life, paced, wait }: { readonly life: Life; readonly paced: boolean; wait(): void },
  ): Promise<void> {
    let pace: "shared" | "own" | undefined = !paced ? undefined : shared === undefined ? "own" : "shared";
    for (;;) {
      let delay = delayOf(adapter, destination, pace === "own");
      if (delay === 0 && pace !== "shared") return;
      wait();
      if (delay === 0) {
        const left = await shared!.take(adapter, to, { life, longest: LONGEST_PAUSE_MS });
        // A storage that is out of reach is no reason to be silent: each process then keeps the pace by itself.
        pace = left === undefined ? "own" : undefined;
        delay = left ?? 0;
      }
      if (delay > LONGEST_PAUSE_MS) {
        throw new RateLimitError(`\`${adapter.name}\` wants a pause here.`, { retryAfter: delay });
      }
      if (delay > 0) await sleep(clock, delay, life);
    }
  }

  /** The long way: behind another post, or when the destination wants a pause. */
  async function postLater<T>(
    adapter: Adapter,
    to: Conversation,
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
        await turnOf(adapter, to, destination, {
          life,
          paced,
          wait() {
            waited ??= waiting.call(options);
          },
        });
        waited?.();
        waited = undefined;
        if (life.reason !== undefined) throw life.reason;
        try {
          return await options.call();
        } catch (error) {
          pauseAfter(error, to, destination);
        }
      }
    } finally {
      waited?.();
    }
  }

  /** Pauses the destination for a rate limit; throws every other error, and a pause that is too long to wait for. */
  function pauseAfter(error: unknown, to: Conversation, destination: Destination) {
    if (!(error instanceof RateLimitError)) throw error;
    const pause = Math.max(SHORTEST_PAUSE_MS, error.retryAfter);
    const paused = error.scope === "account" ? destination.account : destination;
    paused.pausedUntil = Math.max(paused.pausedUntil, clock.steady() + pause);
    shared?.pause(to, error.scope, pause);
    if (pause > LONGEST_PAUSE_MS) throw error;
  }

  return {
    post<T>(adapter: Adapter, to: Conversation, options: PostOptions<T>): Promise<T> {
      const lane = threadOf(to);
      const destination = destinationOf(adapter, to);
      const previous = tails.get(lane);
      const { life, paced } = options;
      const isAlone = previous === undefined && life.reason === undefined && (shared === undefined || !paced);
      const isFree = isAlone && delayOf(adapter, destination, paced) === 0;
      const result = isFree
        ? begin(options).catch((error: unknown) => {
            pauseAfter(error, to, destination);
            return postLater(adapter, to, destination, options, undefined);
          })
        : postLater(adapter, to, destination, options, previous);
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

function dropOldest<K>(map: Map<K, unknown>): void {
  if (map.size >= MOST_DESTINATIONS) map.delete(map.keys().next().value!);
}

// An adapter's method may throw before it has a promise.
function begin<T>(options: PostOptions<T>): Promise<T> {
  try {
    return options.call();
  } catch (error) {
    return Promise.reject(error);
  }
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
