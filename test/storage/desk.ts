import {
  type ClaimedJob,
  type Entry,
  type NewJob,
  type RecordedError,
  type Storage,
  silentLog,
  type Verdict,
  type WorkOptions,
} from "../../src/core/index.ts";
import { createFakeClock, type FakeClock } from "../../src/testing/clock.ts";
import type { StorageContract } from "./contract.ts";

export const START: number = Date.UTC(2026, 0, 31, 12);
export const HOUR = 3_600_000;

export const done: Verdict = { kind: "done", defer: [] };
export const doneWith = (...defer: Entry[]): Verdict => ({ kind: "done", defer });
export const failure = (message = "no", attempt = 1): RecordedError => ({ at: START, attempt, code: "E", message });
export const retryAt = (at: number, message?: string): Verdict => ({ kind: "retry", at, error: failure(message) });
export const dead = (message?: string): Verdict => ({ kind: "dead", error: failure(message) });

/** A job whose handler is its name, in a lane of its own unless one is given. */
export function job(name: string, more: Partial<NewJob> = {}): NewJob {
  return { lane: `lane of ${name}`, pool: "default", adapter: "a", plugin: "p", handler: name, payload: {}, ...more };
}

export const entry = (...jobs: NewJob[]): Entry => ({ jobs });
export const keyed = (key: string, ...jobs: NewJob[]): Entry => ({ key, jobs });

/** Polls: what is waited for has no event of its own. */
export async function eventually(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const giveUp = performance.now() + 10_000;
  while (!(await check())) {
    if (performance.now() > giveUp) throw new Error(`Never came true: ${what}.`);
    await turn();
  }
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A worker whose jobs end when the test says so. */
export interface Desk {
  /** Handlers in the order they began, with every attempt. */
  readonly begun: readonly string[];
  readonly running: ReadonlySet<string>;
  /** The most that ever ran at once. */
  readonly most: number;
  /** Resolves once the job of this handler runs. */
  take(name: string): Promise<ClaimedJob>;
  /** Ends the running job of this handler. */
  end(name: string, verdict?: Verdict): void;
  /** From now on jobs end by themselves. */
  finish(verdict?: (job: ClaimedJob) => Verdict | Promise<Verdict>): void;
  setConcurrency(concurrency: number): void;
  stop(): void;
}

export function openDesk(storage: Storage, options: Partial<Pick<WorkOptions, "pools" | "concurrency">> = {}): Desk {
  const begun: string[] = [];
  const running = new Map<string, { readonly job: ClaimedJob; readonly end: (verdict: Verdict) => void }>();
  let finish: ((job: ClaimedJob) => Verdict | Promise<Verdict>) | undefined;
  let most = 0;
  const worker = storage.work({
    concurrency: 100,
    ...options,
    async run(claimed) {
      begun.push(claimed.handler);
      most = Math.max(most, running.size + 1);
      const verdict =
        finish?.(claimed) ??
        new Promise<Verdict>((end) => {
          running.set(claimed.handler, { job: claimed, end });
        });
      try {
        return await verdict;
      } finally {
        running.delete(claimed.handler);
      }
    },
  });
  return {
    begun,
    get running() {
      return new Set(running.keys());
    },
    get most() {
      return most;
    },
    async take(name) {
      await eventually(`${name} runs`, () => running.has(name));
      return running.get(name)!.job;
    },
    end(name, verdict = done) {
      const found = running.get(name);
      if (found === undefined) throw new Error(`${name} does not run.`);
      found.end(verdict);
    },
    finish(verdict = () => done) {
      finish = verdict;
      for (const { job, end } of [...running.values()]) void Promise.resolve(verdict(job)).then(end);
    },
    setConcurrency: worker.setConcurrency,
    stop: worker.stop,
  };
}

/** An open storage with a clock that stands still. */
export interface Stage extends AsyncDisposable {
  readonly storage: Storage;
  readonly clock: FakeClock;
  /** Closes the storage and opens the same data again. */
  reopen(): Promise<Storage>;
  advance(ms: number): Promise<void>;
  /** Resolves once everything that may run now has begun: a job in a lane of its own has come and gone. */
  quiet(desk: Desk): Promise<void>;
}

export async function openStage(contract: StorageContract): Promise<Stage> {
  const clock = createFakeClock(START);
  const subject = await contract.create({ clock, log: silentLog });
  let storage = subject.storage;
  return {
    get storage() {
      return storage;
    },
    async reopen() {
      storage = await subject.reopen!();
      return storage;
    },
    ...createTime(clock, () => storage),
    async [Symbol.asyncDispose]() {
      await storage.close().catch(() => {});
      await subject.dispose();
    },
  };
}

/** The part of a stage that has to do with time. */
export function createTime(clock: FakeClock, storage: () => Storage): Pick<Stage, "clock" | "advance" | "quiet"> {
  let probes = 0;
  return {
    clock,
    async advance(ms) {
      const until = clock.now() + ms;
      // What is due may have to be fetched from a server: a ping comes back after it.
      const settle = async () => {
        await turn();
        await storage().ping();
        await turn();
      };
      while (clock.step(until)) await settle();
      await settle();
    },
    async quiet(desk) {
      for (let i = 0; i < 2; i++) {
        const name = `probe ${++probes}`;
        await storage().add(entry(job(name)));
        await eventually("a probe runs", () => desk.begun.includes(name));
        if (desk.running.has(name)) desk.end(name);
        await eventually("the probe has ended", async () => {
          const left = await storage().jobs(100_000);
          return left.every(({ handler }) => handler !== name);
        });
      }
    },
  };
}

export async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Ledger lines summed up. */
export async function totals(storage: Storage) {
  const sum = { received: 0, done: 0, ignored: 0, dead: 0, discarded: 0, inFlight: 0, duplicates: 0 };
  for (const line of await storage.ledger()) {
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += line[key];
  }
  return sum;
}
