import { setTimeout as pause } from "node:timers/promises";
import {
  type Clock,
  type DeadLetters,
  type Doubt,
  type Entry,
  errorMessage,
  type Fleet,
  HobnobError,
  type KeyValues,
  type Log,
  type NodeInfo,
  type Verdict,
  type Worker,
  type WorkOptions,
} from "../../core/index.ts";
import { toText } from "../shared/text.ts";
import type { Backend, Batch, End, JobRecord } from "./backend.ts";
import { type Batcher, closedError, createBatcher } from "./batcher.ts";
import { createCounts } from "./counts.ts";
import { createDeadLetters } from "./dead.ts";
import { createTransfer, type Transfer } from "./dump.ts";
import { draftOf, firstAttempt, type Holder, jsonOf, type RunningJob, runningJob, withError } from "./jobs.ts";
import { createLease } from "./lease.ts";
import { createNodes } from "./nodes.ts";
import { createRuns } from "./runs.ts";
import { createValues } from "./values.ts";
import { createViews, type Views } from "./views.ts";

export interface EngineOptions {
  readonly backend: Backend;
  readonly name: string;
  /** Milliseconds. */
  readonly lease: number;
  readonly maxWaiting: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: NodeInfo | undefined;
}

export interface Engine extends Views {
  readonly dead: DeadLetters;
  readonly values: KeyValues;
  readonly fleet: Fleet;
  readonly transfer: Transfer;
  add(entry: Entry): Promise<boolean>;
  work(options: WorkOptions): Worker;
  saveStep(job: RunningJob, key: string, value: unknown): Promise<void>;
  saveDoubt(doubt: Doubt): Promise<void>;
  countIgnored(adapter: string): void;
  pending(): number;
  ping(): Promise<void>;
  close(): Promise<void>;
}

// Two beats may be late before anybody takes the jobs.
const BEATS_A_LEASE = 5;
const SWEEP_EVERY_MS = 60_000;
const NEXT_PART_MS = 50;
// How long a stopping process waits for a storage that is out of reach.
const PATIENCE_MS = 5_000;

export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { backend, name, maxWaiting, clock, log, node } = options;
  const lease = createLease(options.lease);
  const nodes = createNodes(options.lease, () => lease.id);
  let waiting = 0;
  // Jobs of entries whose batch has not come back.
  let adding = 0;
  let isOpen = true;

  const holder: Holder = {
    isHeld: (job) => isOpen && !job.hasEnded && job.session === lease.id && lease.isHeld,
    async regain(job) {
      // Kept, however long the storage is out of reach.
      await new Promise<void>((resolve) => batcher.push({ part: "barrier", done: resolve }));
      return holder.isHeld(job);
    },
  };
  const batcher: Batcher = createBatcher({
    backend,
    lease,
    info: JSON.stringify(node ?? {}),
    name,
    log,
    clock: clock.now,
    demand: () => ({ ...runs.demand, reap: nodes.dead }),
    applied(outcome, batch) {
      waiting = outcome.pending;
      nodes.reaped(batch.reap);
      beginDirect(outcome.direct, batch.adds);
      for (const record of outcome.claimed) begin(record);
      runs.looked(batch.claim, outcome.claimed.length, outcome.nextAt);
    },
    lost() {
      log.warn(
        {},
        `Other processes took this one for dead and have its jobs: it was silent for more than ${options.lease} ms.`,
      );
      runs.forget();
    },
  });
  const runs = createRuns({
    clock,
    poke: batcher.poke,
    run(job, run) {
      run(job)
        .then((verdict) => end(job, verdict))
        .catch((error: unknown) => end(job, { kind: "dead", error: damageOf(job, error) }));
    },
  });
  const counts = createCounts(clock, batcher.push);

  function beginDirect(ids: readonly number[], adds: Batch["adds"]) {
    if (ids.length === 0) return;
    const specs = new Map(adds.flatMap(({ jobs }) => jobs.map((spec) => [spec.id, spec])));
    for (const id of ids) runs.begin(firstAttempt(specs.get(id)!, lease.id, holder), false);
  }

  function begin(record: JobRecord) {
    try {
      runs.begin(runningJob(record, lease.id, holder), record.attempts - 1 - record.failed >= 2);
    } catch (error) {
      // A row that somebody changed by hand. It must not come round for ever.
      const job = runningJob({ ...record, payload: "null", errors: "[]", steps: [] }, lease.id, holder);
      const damage = damageOf(job, error);
      log.error(
        { job: job.id, code: damage.code },
        `A stored job cannot be read and became a dead letter: ${damage.message}`,
      );
      end(job, { kind: "dead", error: damage });
    }
  }

  const damageOf = ({ attempt }: RunningJob, error: unknown) => ({
    ...{ at: clock.now(), attempt, code: "STORAGE_ROW", message: errorMessage(error) },
  });

  function end(job: RunningJob, verdict: Verdict) {
    if (job.hasEnded) return;
    const write = endOf(job, verdict);
    job.hasEnded = true;
    runs.end(job, verdict.kind === "release" && verdict.isForOthers ? verdict.at : undefined);
    batcher.push({ part: "ends", session: job.session, ...write });
  }

  /** Resolves once all that was asked for before is applied. */
  function settled(): Promise<void> {
    return new Promise((resolve, reject) => batcher.push({ part: "barrier", done: resolve, failed: reject }));
  }

  // Answers what cannot be known now at once, so that a load balancer hears it.
  async function ping() {
    if (batcher.down !== undefined) throw batcher.down;
    await settled();
  }

  let isLooking = false;
  async function beat() {
    if (isLooking) return;
    isLooking = true;
    try {
      // A notification may be lost without a word: nothing waits longer than a beat for it.
      runs.wake();
      await settled();
      nodes.saw(await backend.sessions());
      batcher.poke();
    } catch {
      // The batcher has said it; the next beat tries again.
    } finally {
      isLooking = false;
    }
  }

  let cancelSweep = () => {};
  function sweepLater(ms: number) {
    cancelSweep = clock.after(ms, () => {
      backend.sweep(clock.now()).then(
        (isMore) => isOpen && sweepLater(isMore ? NEXT_PART_MS : SWEEP_EVERY_MS),
        () => isOpen && sweepLater(SWEEP_EVERY_MS),
      );
    });
  }

  const instance = await backend.open(runs.wake);
  await settled().catch(async (error: unknown) => {
    await backend.close();
    throw error;
  });
  await beat();
  const beats = setInterval(beat, options.lease / BEATS_A_LEASE);
  sweepLater(SWEEP_EVERY_MS * (1 + Math.random()));
  const assertOpen = () => {
    if (!isOpen) throw closedError(name);
  };

  return {
    ...createViews({ backend, counts, settled }),
    transfer: createTransfer({ backend, name, instance, ask: batcher.ask, settled, counts, now: clock.now }),
    dead: createDeadLetters(backend, batcher.ask, settled, runs.wake),
    values: createValues(backend, batcher.ask, assertOpen),
    fleet: {
      get isSure() {
        return lease.isHeld;
      },
      nodes: () => nodes.list,
      watch: nodes.watch,
      take(key, { interval, burst }) {
        const write = { key: toText(key), interval, burst, pause: 0 };
        return batcher.ask({ part: "budgets", write: () => write });
      },
      async pause(key, ms) {
        const write = { key: toText(key), interval: 0, burst: 0, pause: ms };
        await batcher.ask({ part: "budgets", write: () => write });
      },
    },
    add({ key, jobs }) {
      if (waiting + adding + jobs.length > maxWaiting) {
        throw new HobnobError(
          "QUEUE_FULL",
          `${waiting + adding} jobs wait in ${name}, and \`maxWaiting\` is ${maxWaiting}. New events are refused until some are done.`,
        );
      }
      const draft = draftOf(key, jobs);
      adding += jobs.length;
      return batcher.ask({ part: "adds", ...draft }).finally(() => {
        adding -= jobs.length;
      });
    },
    work(work) {
      runs.open(work);
      return { setConcurrency: runs.setConcurrency, stop: runs.stop };
    },
    saveStep(job, key, value) {
      const write = { job: job.row, key: toText(key), value: jsonOf(value ?? null) };
      return new Promise((resolve, reject) => {
        if (!isOpen) return reject(closedError(name));
        const { session } = job;
        batcher.push({ part: "steps", session, size: write.value.length, write: () => write, done: () => resolve() });
      });
    },
    saveDoubt(doubt) {
      const { adapter, plugin, step } = doubt;
      const write = { ...doubt, adapter: toText(adapter), plugin: toText(plugin), step: toText(step) };
      return new Promise((resolve) => batcher.push({ part: "doubts", write: () => write, done: () => resolve() }));
    },
    countIgnored: counts.ignored,
    pending: () => waiting,
    ping,
    async close() {
      runs.close();
      clearInterval(beats);
      counts.flush();
      // Whatever was claimed by the batch that is under way has not begun either.
      await Promise.race([settled().catch(() => {}), pause(PATIENCE_MS, undefined, { ref: false })]);
      for (const job of runs.takeBack()) end(job, { kind: "release" });
      await batcher.close(PATIENCE_MS);
      isOpen = false;
      cancelSweep();
      counts.stop();
      await backend.close();
    },
  };
}

/** A verdict as a batch carries it. */
function endOf(job: RunningJob, verdict: Verdict) {
  const what = { job: job.row, lane: toText(job.lane) };
  if (verdict.kind === "release") return plain({ ...what, kind: "release", at: verdict.at ?? 0 });
  if (verdict.kind === "retry") {
    return plain({ ...what, kind: "retry", at: verdict.at, errors: withError(job, verdict.error) });
  }
  const drafts = (verdict.defer ?? []).map(({ key, jobs }) => draftOf(key, jobs));
  const write = (id: () => number, at: number): End => {
    const defer = drafts.map((draft) => draft.write(id, at));
    return verdict.kind === "done"
      ? { ...what, kind: "done", defer }
      : { ...what, kind: "dead", errors: withError(job, verdict.error), defer };
  };
  const sum = (of: "ids" | "size") => drafts.reduce((total, draft) => total + draft[of], 0);
  return { write, ids: sum("ids"), size: sum("size") };
}

const plain = (end: End) => ({ write: () => end });
