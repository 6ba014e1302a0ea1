import { Agent } from "undici";
import type { Deliverer, Delivery } from "../../src/sandbox/deliver.ts";
import { createPost, type Failure } from "../../src/sandbox/post.ts";
import type { Random } from "../random.ts";
import type { Judge } from "./judge.ts";
import type { Weather } from "./weather.ts";

/** Where webhooks are answered. */
export interface Target {
  readonly name: string;
  readonly origin: string;
}

/** How a platform tries again. */
export interface Patience {
  /** Tries after the first. */
  readonly retries: number;
  readonly delay: number;
}

/** Carries events from the simulators to the bots, in turns, and again where a bot did not acknowledge. */
export interface Courier {
  readonly deliveries: number;
  /** The bots' answers by status; a lost one by what went wrong. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** The delivering half of a platform's simulator. */
  deliverer(patience: Patience): Deliverer;
  /** What is sent while `say` runs is the event of this message. */
  carry(id: string, say: () => void): void;
  /** Events on their way or to be tried again. */
  open(): number;
  close(): Promise<void>;
}

const CONNECTIONS = 64;
const TIMEOUT_MS = 3000;
const LONGEST_RETRY_MS = 700;
// The bot's own posts come back to it as events. Hobnob drops each of them; some are enough to see that.
const ECHO_SHARE = 8;
const REMEMBERED = 300;

export function createCourier(options: {
  readonly targets: () => readonly Target[];
  readonly weather: Weather;
  readonly judge: Judge;
  readonly random: Random;
}): Courier {
  const { targets, weather, judge, random } = options;
  const agent = new Agent({ connections: CONNECTIONS, connect: { timeout: TIMEOUT_MS } });
  const post = createPost(agent, TIMEOUT_MS);
  const life = new AbortController();
  const timers = new Set<NodeJS.Timeout>();
  const queue: (() => void)[] = [];
  const outcomes = new Map<string, number>();
  // Some events of earlier rounds, whose dedupe records must still hold.
  const old: { readonly delivery: Delivery; readonly id: string }[] = [];
  const acknowledged = new WeakSet<Delivery>();
  let current: string | undefined;
  let active = 0;
  let open = 0;
  let deliveries = 0;
  let turn = 0;

  function later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  }

  function pump(): void {
    while (active < CONNECTIONS && queue.length > 0) queue.shift()!();
  }

  /** One delivery. Resolves with true when it was acknowledged, as the platform sees it. */
  function once(delivery: Delivery, id: string | undefined, failed: Failure | undefined, tries: number) {
    return new Promise<{ readonly isAcknowledged: boolean; readonly failure: Failure | undefined }>((resolve) => {
      open += 1;
      queue.push(() => {
        const all = targets();
        const target = all[turn++ % all.length]!;
        const url = target.origin + new URL(delivery.url).pathname;
        active += 1;
        deliveries += 1;
        if (id !== undefined) judge.tries(id, target.name);
        const retry = failed === undefined ? undefined : { number: tries, failure: failed };
        const { ended } = post({ url, ...delivery.request(retry), signal: life.signal });
        void ended.then(({ status, failure, answer }) => {
          active -= 1;
          open -= 1;
          const isLost = id !== undefined && failure === undefined && weather.strikes("lost acknowledgement");
          const outcome = isLost ? "lost" : String(status ?? failure);
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          if (answer !== undefined && !isLost && !life.signal.aborted) delivery.answered?.(answer);
          const isAcknowledged = failure === undefined && !isLost;
          if (isAcknowledged) acknowledged.add(delivery);
          if (id !== undefined) judge.tried(id, target.name, outcome, isAcknowledged);
          resolve({ isAcknowledged, failure: isLost ? "timeout" : failure });
          pump();
        });
      });
      pump();
    });
  }

  async function deliver(delivery: Delivery, id: string, { retries, delay }: Patience): Promise<void> {
    open += 1;
    let failed: Failure | undefined;
    for (let tries = 0; tries <= retries && !life.signal.aborted; tries++) {
      if (tries > 0) {
        const wait = Math.min(LONGEST_RETRY_MS, delay * 1.5 ** (tries - 1));
        await new Promise<void>((resolve) => later(wait, resolve));
      }
      const { isAcknowledged, failure } = await once(delivery, id, failed, tries);
      failed = failure;
      if (isAcknowledged) break;
    }
    open -= 1;
    judge.delivered(id);
  }

  function disturb(delivery: Delivery, id: string): void {
    if (weather.strikes("duplicate")) void once(delivery, id, undefined, 0);
    if (!weather.strikes("late duplicate")) return;
    const known = old.length > 0 && random.below(2) === 0 ? random.pick(old) : { delivery, id };
    later(500 + random.below(3000), () => {
      // One that never got through would be new, and perhaps after its round is over.
      if (acknowledged.has(known.delivery)) void once(known.delivery, known.id, "timeout", 1);
    });
    if (old.length < REMEMBERED) old.push({ delivery, id });
    else old[random.below(REMEMBERED)] = { delivery, id };
  }

  return {
    get deliveries() {
      return deliveries;
    },
    outcomes,
    deliverer: (patience) => ({
      send(delivery) {
        if (current === undefined) {
          if (random.below(ECHO_SHARE) === 0) void once(delivery, undefined, undefined, 0);
          return;
        }
        const id = current;
        if (weather.strikes("reordered")) {
          open += 1;
          later(20 + random.below(400), () => {
            open -= 1;
            void deliver(delivery, id, patience);
          });
        } else void deliver(delivery, id, patience);
        disturb(delivery, id);
      },
      redeliver: () => 0,
      records: () => [],
      reset() {},
      async close() {},
    }),
    carry(id, say) {
      current = id;
      say();
      current = undefined;
    },
    open: () => open,
    async close() {
      life.abort();
      for (const timer of timers) clearTimeout(timer);
      await agent.destroy();
    },
  };
}
