import type { Clock } from "../../core/index.ts";
import { createHeap, Fifo } from "./queue.ts";

/** Which job may run next: FIFO inside a lane, fair between lanes, held back by time and by how many run. In memory. */
export interface Lanes {
  /** Takes the lane and a free place for a job about to be stored, if both are there: it may run from the write that stores it. */
  reserve(lane: string, pool: string): boolean;
  /** Gives a reservation back. */
  unreserve(lane: string): void;
  /** The reserved job is stored. */
  begin(lane: string, id: number): void;
  /** A stored job takes its place: in its lane, or until `runAt` outside of it. With `retryAt` it holds its lane until then. */
  append(job: LaneJob, retryAt?: number): void;
  /** The running head has ended. */
  end(lane: string): void;
  /** The running head stays head, and waits until `at`. */
  retry(lane: string, at: number): void;
  open(options: { readonly pools: readonly string[] | undefined; readonly concurrency: number }): void;
  setConcurrency(concurrency: number): void;
  close(): void;
  state(id: number, lane: string): "waiting" | "running" | "delayed" | "retrying";
  readonly running: number;
}

export interface LaneJob {
  readonly id: number;
  readonly lane: string;
  readonly pool: string;
  readonly runAt: number;
  /** Ran several times without a verdict: it may be what kills the process, so it runs alone among its like. */
  readonly suspect?: boolean;
}

interface Lane {
  readonly key: string;
  /** The job that runs, or runs next. */
  head: number | undefined;
  /** Those behind it; most lanes never have any. */
  rest: Fifo<number> | undefined;
  busy: boolean;
  /** In the ready queue, or waiting for a suspect to end. */
  queued: boolean;
  retryAt: number;
}

const DEFAULT_POOL = "default";
// Less is what two looks at two clocks differ by, and how these drift apart.
const JUMP_MS = 20;

export function createLanes(clock: Clock, claim: (id: number, lane: string) => void): Lanes {
  const lanes = new Map<string, Lane>();
  const ready = new Fifo<Lane>();
  const suspectLanes = new Fifo<Lane>();
  const delayed = createHeap<{ at: number; order: number; job: LaneJob | undefined; lane: string }>();
  // Most jobs are in the default pool and no suspects: only the others are kept here.
  const pools = new Map<number, string>();
  const suspects = new Set<number>();
  // None until a worker opens: a lane that were offered before would run in a worker that does not serve its pool.
  let served: readonly string[] | undefined = [];
  let concurrency = 0;
  let running = 0;
  let runningSuspect: number | undefined;
  let cancelTimer: (() => void) | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  let steadyAhead = clock.steady() - clock.now();

  /**
   * When that is on the steady clock: who is to wait for a second waits for a second, also when the machine's time is set
   * meanwhile. Unless it is, equal times stay equal.
   */
  function steadyAt(time: number): number {
    const ahead = clock.steady() - clock.now();
    if (Math.abs(ahead - steadyAhead) > JUMP_MS) steadyAhead = ahead;
    return time + steadyAhead;
  }

  function laneOf(key: string): Lane {
    let lane = lanes.get(key);
    if (lane === undefined) {
      lane = { key, head: undefined, rest: undefined, busy: false, queued: false, retryAt: 0 };
      lanes.set(key, lane);
    }
    return lane;
  }

  const isServed = (pool: string) => served === undefined || served.includes(pool);

  function offer(lane: Lane) {
    const id = lane.head;
    if (id === undefined) {
      if (!lane.busy) lanes.delete(lane.key);
      return;
    }
    if (lane.busy || lane.queued || lane.retryAt > 0 || !isServed(pools.get(id) ?? DEFAULT_POOL)) return;
    lane.queued = true;
    ready.push(lane);
    pump();
  }

  function pump() {
    while (running < concurrency) {
      const lane = (runningSuspect === undefined ? suspectLanes.shift() : undefined) ?? ready.shift();
      if (lane === undefined) return;
      const id = lane.head!;
      if (suspects.has(id)) {
        if (runningSuspect !== undefined) {
          suspectLanes.push(lane);
          continue;
        }
        runningSuspect = id;
      }
      lane.queued = false;
      lane.busy = true;
      running += 1;
      claim(id, lane.key);
    }
  }

  function wake() {
    timerAt = Number.POSITIVE_INFINITY;
    const now = clock.steady();
    for (let next = delayed.peek(); next !== undefined && next.at <= now; next = delayed.peek()) {
      delayed.pop();
      if (next.job !== undefined) enter(next.job);
      else {
        const lane = laneOf(next.lane);
        lane.retryAt = 0;
        offer(lane);
      }
    }
    setTimer();
  }

  function setTimer() {
    const next = delayed.peek();
    if (next === undefined || next.at >= timerAt) return;
    cancelTimer?.();
    timerAt = next.at;
    cancelTimer = clock.after(Math.max(0, Math.ceil(next.at - clock.steady())), wake);
  }

  function enter({ id, lane: key, pool, suspect }: LaneJob) {
    if (pool !== DEFAULT_POOL) pools.set(id, pool);
    if (suspect) suspects.add(id);
    const lane = laneOf(key);
    // Behind a job that is about to be stored there is nothing else to be seen yet.
    if (lane.head === undefined && !lane.busy) lane.head = id;
    else {
      lane.rest ??= new Fifo();
      lane.rest.push(id);
    }
    offer(lane);
  }

  function hold(lane: Lane, until: number) {
    if (until <= clock.now()) return;
    lane.retryAt = until;
    delayed.push({ at: steadyAt(until), order: 0, job: undefined, lane: lane.key });
    setTimer();
  }

  function leave(lane: Lane) {
    const id = lane.head!;
    lane.busy = false;
    running -= 1;
    if (runningSuspect === id) runningSuspect = undefined;
    return id;
  }

  return {
    reserve(key, pool) {
      if (running >= concurrency || lanes.has(key) || ready.size > 0 || !isServed(pool)) return false;
      laneOf(key).busy = true;
      running += 1;
      return true;
    },
    unreserve(key) {
      const lane = laneOf(key);
      lane.busy = false;
      lane.head = lane.rest?.shift();
      running -= 1;
      offer(lane);
      pump();
    },
    begin(key, id) {
      // Nothing can stand before it: the lane was empty when it was reserved, and later jobs are appended after.
      laneOf(key).head = id;
    },
    append(job, retryAt = 0) {
      if (retryAt > 0) hold(laneOf(job.lane), retryAt);
      if (job.runAt <= clock.now()) return enter(job);
      delayed.push({ at: steadyAt(job.runAt), order: job.id, job, lane: job.lane });
      setTimer();
    },
    end(key) {
      const lane = laneOf(key);
      const id = leave(lane);
      pools.delete(id);
      suspects.delete(id);
      lane.head = lane.rest?.shift();
      offer(lane);
      pump();
    },
    retry(key, at) {
      const lane = laneOf(key);
      leave(lane);
      hold(lane, at);
      offer(lane);
      pump();
    },
    open(options) {
      served = options.pools;
      concurrency = options.concurrency;
      for (const lane of [...lanes.values()]) offer(lane);
      pump();
    },
    setConcurrency(next) {
      if (concurrency === 0) return;
      concurrency = next;
      pump();
    },
    close() {
      concurrency = 0;
      cancelTimer?.();
    },
    state(id, key) {
      const lane = lanes.get(key);
      if (lane === undefined || (lane.head !== id && !lane.rest?.has(id))) return "delayed";
      if (lane.head !== id) return "waiting";
      return lane.busy ? "running" : lane.retryAt > 0 ? "retrying" : "waiting";
    },
    get running() {
      return running;
    },
  };
}
