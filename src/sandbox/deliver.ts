import { createRequire } from "node:module";
import type { Agent } from "undici";
import { type Log, silentLog } from "../core/index.ts";
import type { Faults } from "./faults.ts";
import { type Answer, createPost, type Failure, type Outcome } from "./post.ts";

/** Why an earlier try failed. */
export interface Retry {
  /** 1 for the first retry. */
  readonly number: number;
  readonly failure: Failure;
}

/** An event on its way to a bot. */
export interface Delivery {
  /** The platform's id of the event: every try and every redelivery has the same. */
  readonly eventId: string;
  readonly type: string;
  /** The message it is about. */
  readonly message: string | undefined;
  readonly conversation: string;
  readonly app: string;
  readonly url: string;
  /** Made anew for each try, so that signatures are fresh. */
  request(retry: Retry | undefined): { readonly headers: Readonly<Record<string, string>>; readonly body: string };
  /** The platform does not send it again when it fails. */
  readonly isOnce?: boolean;
  /** The bot's answer has come in time, with any status. An answer that a fault loses is not seen. */
  answered?(answer: Answer): void;
}

/** A platform's rules of delivery. */
export interface DeliveryRules {
  /** Delays before the retries, in ms. */
  readonly retryDelays: readonly number[];
  /** How long the bot may take to answer, in ms. */
  readonly timeout: number;
  /** The delay before the next try, in ms, where the failure has a say in it; undefined: there is none. @default the failed try's `delay` */
  delayAfter?(failed: FailedTry): number | undefined;
}

/** A try that was not acknowledged. */
export interface FailedTry {
  /** 1 for the first try. */
  readonly number: number;
  readonly failure: Failure;
  readonly status: number | undefined;
  readonly headers: Answer["headers"];
  /** The next of `retryDelays`; undefined when they are used up. */
  readonly delay: number | undefined;
}

export interface Attempt {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly status?: number;
  readonly error?: Failure;
}

export interface DeliveryRecord {
  readonly eventId: string;
  readonly type: string;
  readonly ts: string | undefined;
  readonly channel: string;
  readonly app: string;
  readonly attempts: readonly Attempt[];
  readonly acknowledged: boolean;
  /** More tries may follow, or one is under way. */
  readonly pending: boolean;
}

/** Posts events to bots as a platform does: in order, many at once, again when they are not acknowledged. */
export interface Deliverer {
  send(delivery: Delivery): void;
  /** Delivers a known event once more. @returns how many events fit */
  redeliver(fits: (delivery: Delivery) => boolean): number;
  records(): readonly DeliveryRecord[];
  /** Forgets all events; what is under way is broken off. */
  reset(): void;
  close(): Promise<void>;
}

export interface DelivererOptions {
  readonly rules: DeliveryRules;
  readonly faults: Faults;
  /** Called when a bot begins or ceases to be reachable. */
  readonly onReach?: (app: string, reachable: boolean) => void;
  readonly log?: Log;
}

interface Tracked {
  readonly delivery: Delivery;
  readonly attempts: Attempt[];
  acknowledged: boolean;
  /** Tries waiting, under way or to come. */
  open: number;
}

const CONCURRENCY = 64;
const KEPT = 10_000;
const LONGEST_HOLD = 5_000;

export function createDeliverer({ rules, faults, onReach, log = silentLog }: DelivererOptions): Deliverer {
  const Connections = loadAgent();
  const agent = new Connections({ connections: CONCURRENCY, connect: { timeout: rules.timeout } });
  const post = createPost(agent, rules.timeout);
  const reach = new Map<string, boolean>();
  const timers = new Set<NodeJS.Timeout>();
  let life = new AbortController();
  let tracked = new Map<string, Tracked>();
  let queue: (() => Promise<void>)[] = [];
  let held: Tracked | undefined;
  let active = 0;
  let pumping = false;

  function later(ms: number, fn: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      fn();
    }, ms);
    timers.add(timer);
  }

  // The next request is begun once the one before is being written, so that a slow connect cannot turn the order round.
  async function pump(): Promise<void> {
    if (pumping) return;
    pumping = true;
    while (queue.length > 0 && active < CONCURRENCY) await queue.shift()!();
    pumping = false;
  }

  function enqueue(
    item: Tracked,
    options: { readonly retry?: Retry; readonly loseAnswer?: boolean; readonly andThen?: () => void } = {},
  ): void {
    const { signal } = life;
    item.open += 1;
    queue.push(() => {
      active += 1;
      const at = Date.now();
      const { started, ended } = post({
        url: item.delivery.url,
        ...item.delivery.request(options.retry),
        signal,
      });
      void ended.then((outcome) => {
        active -= 1;
        if (!signal.aborted) {
          if (outcome.answer && !options.loseAnswer) item.delivery.answered?.(outcome.answer);
          settle(item, at, options.loseAnswer ? { failure: "timeout" } : outcome, options.retry);
          noteReach(item.delivery.app, outcome);
          options.andThen?.();
        }
        void pump();
      });
      return started;
    });
    void pump();
  }

  function settle(item: Tracked, at: number, outcome: Outcome, retry: Retry | undefined): void {
    item.open -= 1;
    const { status, failure } = outcome;
    item.attempts.push({
      at,
      ...(status === undefined ? {} : { status }),
      ...(failure === undefined || failure === "status" ? {} : { error: failure }),
    });
    if (failure === undefined) item.acknowledged = true;
    if (failure === undefined || item.acknowledged || item.delivery.isOnce) return;
    const number = (retry?.number ?? 0) + 1;
    const planned = rules.retryDelays[number - 1];
    const headers = outcome.answer?.headers ?? {};
    const delay = rules.delayAfter ? rules.delayAfter({ number, failure, status, headers, delay: planned }) : planned;
    const { eventId, app } = item.delivery;
    log.debug({ event: eventId, app, status, failure, retryIn: delay }, "The sandbox's event was not acknowledged.");
    if (delay === undefined) return;
    item.open += 1;
    later(delay, () => {
      item.open -= 1;
      enqueue(item, { retry: { number, failure } });
    });
  }

  function noteReach(app: string, { failure }: Outcome): void {
    const reachable = failure !== "connection";
    if ((reach.get(app) ?? true) !== reachable) onReach?.(app, reachable);
    reach.set(app, reachable);
  }

  function release(item: Tracked): void {
    if (held !== item) return;
    held = undefined;
    item.open -= 1;
    enqueue(item);
  }

  function track(delivery: Delivery): Tracked {
    const item: Tracked = { delivery, attempts: [], acknowledged: false, open: 0 };
    tracked.set(delivery.eventId, item);
    if (tracked.size > KEPT) {
      for (const [eventId, { open }] of tracked) {
        if (open === 0) {
          tracked.delete(eventId);
          break;
        }
      }
    }
    return item;
  }

  return {
    send(delivery) {
      const item = track(delivery);
      const waiting = held;
      const fault = faults.takeEvent(waiting ? "reorder" : undefined);
      if (fault === "reorder") {
        held = item;
        item.open += 1;
        later(LONGEST_HOLD, () => release(item));
        return;
      }
      if (fault === "timeout") {
        item.open += 1;
        settle(item, Date.now(), { failure: "timeout" }, undefined);
        return;
      }
      enqueue(item, {
        loseAnswer: fault === "lost-answer",
        ...(waiting ? { andThen: () => release(waiting) } : {}),
      });
      if (fault === "duplicate") enqueue(item);
    },
    redeliver(fits) {
      const items = [...tracked.values()].filter(({ delivery }) => fits(delivery));
      for (const item of items) enqueue(item);
      return items.length;
    },
    records: () =>
      Array.from(tracked.values(), ({ delivery, attempts, acknowledged, open }) => ({
        eventId: delivery.eventId,
        type: delivery.type,
        ts: delivery.message,
        channel: delivery.conversation,
        app: delivery.app,
        attempts: [...attempts],
        acknowledged,
        pending: open > 0,
      })),
    reset() {
      life.abort();
      life = new AbortController();
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      tracked = new Map();
      queue = [];
      held = undefined;
    },
    async close() {
      this.reset();
      await agent.destroy();
    },
  };
}

// The agent alone: undici's door also loads a fetch, WebSockets and a cache.
function loadAgent(): typeof Agent {
  return createRequire(import.meta.url)("undici/lib/dispatcher/agent.js");
}
