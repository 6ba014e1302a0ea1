import type {
  DeadLetters,
  Entry,
  JobInfo,
  KeyValues,
  StorageHost,
  Verdict,
  Worker,
  WorkOptions,
} from "../../core/index.ts";
import { digestOf } from "../shared/text.ts";
import { type Backups, createBackups } from "./backup.ts";
import { createDeadLetters } from "./dead.ts";
import { createTransfer, type Transfer } from "./dump.ts";
import { createJobRows, firstAttempt, type Inserted, jobInfo, type LaneEntry, type RunningJob } from "./jobs.ts";
import { createLanes, type Lanes } from "./lanes.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { limitSize, queueFull } from "./limit.ts";
import { openMeta } from "./meta.ts";
import { createComplaint, type OpenFile, storageError } from "./open.ts";
import { createSeen, type Seen } from "./seen.ts";
import { createSweeper } from "./sweeper.ts";
import { createValues } from "./values.ts";
import { createWriter, type Writer } from "./writer.ts";

export interface EngineOptions extends StorageHost {
  readonly file: string;
  readonly opened: OpenFile;
  readonly maxWaiting: number;
  readonly maxBytes: number | undefined;
}

export interface Engine {
  readonly instance: string;
  readonly transfer: Transfer;
  readonly dead: DeadLetters;
  readonly values: KeyValues;
  readonly backups: Backups;
  add(entry: Entry): Promise<boolean>;
  work(options: WorkOptions): Worker;
  saveStep(job: RunningJob, key: string, value: unknown): Promise<void>;
  write(act: (ledger: Ledger) => void): Promise<void>;
  ping(): Promise<void>;
  countIgnored(adapter: string): void;
  jobs(limit: number): readonly JobInfo[];
  pending(): number;
  lines(): ReturnType<Ledger["lines"]>;
  doubts(limit: number): ReturnType<Ledger["doubts"]>;
  close(): void;
}

// An event that waits longer than this for its end gets its dedupe record renewed then.
const TOUCH_AFTER_MS = 3_600_000;
const LATER_MS = 1_000;
// A backlog beyond it is read from the file: memory must not grow with what waits.
const MOST_FRESH = 4_000;

export function openEngine({ file, opened, maxWaiting, maxBytes, clock, log }: EngineOptions): Engine {
  const { db, wal, close: closeFile } = opened;
  const assertRoom = maxBytes === undefined ? () => {} : limitSize(db, file, maxBytes);
  let isOpen = true;
  let isClosing = false;
  let waiting = 0;
  // Jobs of entries whose commit is pending.
  let adding = 0;
  let worker: WorkOptions | undefined;
  let laterTimer: (() => void) | undefined;

  const isEngineOpen = () => isOpen;
  const mend = (error: unknown) => storageError(file, error, maxBytes);
  const meta = openMeta(db, clock.now());
  const rows = createJobRows(db, isEngineOpen);
  const seen: Seen = createSeen(db);
  const ledger: Ledger = createLedger(db);
  const writer: Writer = createWriter({
    db,
    wal,
    parts: [ledger, seen, rows, meta],
    onError: createComplaint(mend, clock, log),
  });
  const lanes: Lanes = createLanes(clock, claim);
  // Claimed by the write that stored them, and not yet running.
  let starting: RunningJob[] = [];
  // Stored a moment ago and soon to run: they need not be read again.
  const fresh = new Map<number, RunningJob>();

  function enter({ id, lane, pool, run_at, retry_at, attempts, failed }: LaneEntry) {
    waiting += 1;
    lanes.append({ id, lane, pool, runAt: attempts > 0 ? 0 : run_at, suspect: attempts - failed >= 2 }, retry_at);
  }
  for (const row of rows.waiting()) enter(row);

  // Returns false for a duplicate. What must be entered in memory after the commit, or taken back, goes to `inserted`.
  function insert(entry: Entry, now: number, inserted: Inserted[]): boolean {
    const digest = entry.key === undefined ? undefined : digestOf(entry.key);
    if (digest !== undefined && !seen.claim(digest, now)) {
      for (const { adapter, plugin } of entry.jobs) ledger.count(now, adapter, plugin, "duplicates");
      return false;
    }
    for (const job of entry.jobs) {
      const id = meta.nextId();
      const isDue = job.runAt === undefined || job.runAt <= now;
      const isReserved = isDue && worker !== undefined && lanes.reserve(job.lane, job.pool);
      const one: Inserted = { id, job, digest, storedAt: now, isDue, isReserved };
      inserted.push(one);
      rows.insert(one);
      ledger.count(now, job.adapter, job.plugin, "received");
    }
    return true;
  }

  function takeBack(inserted: Inserted[]) {
    for (const { job, isReserved } of inserted.splice(0)) if (isReserved) lanes.unreserve(job.lane);
  }

  function begin(inserted: Inserted) {
    const { id, job, isDue, isReserved } = inserted;
    waiting += 1;
    if (!isReserved) {
      if (isDue && fresh.size < MOST_FRESH) fresh.set(id, firstAttempt(inserted, isEngineOpen));
      return lanes.append({ id, lane: job.lane, pool: job.pool, runAt: isDue ? 0 : job.runAt! });
    }
    lanes.begin(job.lane, id);
    // The acknowledgement goes out before the handler begins.
    if (starting.length === 0) setImmediate(start);
    starting.push(firstAttempt(inserted, isEngineOpen));
  }

  function start() {
    const begun = starting;
    starting = [];
    for (const job of begun) run(job);
  }

  function claim(id: number) {
    let job: RunningJob | undefined;
    writer.push({
      run() {
        const known = fresh.get(id);
        if (isClosing) job = undefined;
        else if (known === undefined) job = rows.claim(id);
        else {
          rows.claimFirst(id);
          job = known;
        }
      },
      done() {
        fresh.delete(id);
        if (job === undefined) return;
        if (isClosing) starting.push(job);
        else run(job);
      },
    });
  }

  function run(job: RunningJob) {
    worker!.run(job).then((verdict) => end(job, verdict));
  }

  function end(job: RunningJob, verdict: Verdict) {
    // Too late to be written: the job is in doubt when the file is opened again.
    if (!isOpen) return;
    job.ended = true;
    // The next attempt must know what this one did: a step that finds no room holds the verdict up.
    if (verdict.kind !== "done" && job.isSaving) return job.onceSaved(() => end(job, verdict));
    job.isDone = verdict.kind === "done";
    const isOver = verdict.kind === "done" || verdict.kind === "dead";
    const inserted: Inserted[] = [];
    writer.push({
      run: () => {
        const now = clock.now();
        if (verdict.kind === "release") return rows.release(job, verdict.at ?? 0);
        if (verdict.kind === "retry") return rows.retry(job, verdict.at, verdict.error);
        if (job.digest !== undefined && now - job.storedAt > TOUCH_AFTER_MS) seen.touch(job.digest, now);
        if (verdict.kind === "dead") rows.dead(job, now, verdict.error);
        else {
          rows.done(job);
          ledger.count(job.storedAt, job.adapter, job.plugin, "done");
        }
        for (const entry of verdict.defer ?? []) insert(entry, now, inserted);
      },
      undo: () => takeBack(inserted),
      done() {
        // What it deferred first: nobody may think meanwhile that nothing is left to do.
        inserted.forEach(begin);
        if (isOver) waiting -= 1;
      },
    });
    // The next of the lane is claimed by the same commit that ends this one.
    if (isOver) lanes.end(job.lane);
    else lanes.retry(job.lane, verdict.at ?? 0);
  }

  const sweeper = createSweeper({ db, seen, writer, clock, oldest: rows.oldest });
  // Before a look at the file, so that it and the lanes in memory tell the same.
  function commit() {
    try {
      writer.flush();
    } catch {
      // Said to the log already; what could not be written is tried again.
    }
  }

  function write(act: (ledger: Ledger) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      writer.push({ run: () => act(ledger), done: resolve, failed: (error) => reject(mend(error)) });
    });
  }

  function settle() {
    if (ledger.isDirty) writer.push({ run() {}, done() {} });
    commit();
  }

  return {
    get instance() {
      return meta.instance;
    },
    transfer: createTransfer({ db, file, meta, seen, push: writer.push, settle, mend, entered: enter }),
    values: createValues(db, writer.push, mend),
    backups: createBackups(db, mend),
    dead: createDeadLetters({
      db,
      push: writer.push,
      ledger,
      now: clock.now,
      mend,
      revived(job) {
        waiting += 1;
        lanes.append(job);
      },
    }),
    add(entry) {
      if (waiting + adding + entry.jobs.length > maxWaiting) throw queueFull(file, waiting + adding, maxWaiting);
      adding += entry.jobs.length;
      return new Promise((resolve, reject) => {
        const inserted: Inserted[] = [];
        let isNew = false;
        writer.push({
          run() {
            assertRoom();
            isNew = insert(entry, clock.now(), inserted);
          },
          done() {
            adding -= entry.jobs.length;
            resolve(isNew);
            inserted.forEach(begin);
          },
          undo: () => takeBack(inserted),
          failed(error) {
            adding -= entry.jobs.length;
            reject(mend(error));
          },
        });
      });
    },
    work(options) {
      worker = options;
      lanes.open({ pools: options.pools, concurrency: options.concurrency });
      return { setConcurrency: lanes.setConcurrency, stop: lanes.close };
    },
    saveStep(job, key, value) {
      job.saving();
      return new Promise((resolve, reject) => {
        writer.push({
          run() {
            if (!job.isDone) rows.saveStep(job, key, value, reject);
          },
          done() {
            job.saved();
            resolve();
          },
        });
      });
    },
    write,
    ping: () =>
      write(() => {
        assertRoom();
        meta.ping(clock.now());
      }),
    countIgnored(adapter) {
      ledger.countLater(clock.now(), adapter, "", "received");
      ledger.countLater(clock.now(), adapter, "", "ignored");
      laterTimer ??= clock.after(LATER_MS, () => {
        laterTimer = undefined;
        if (isOpen && ledger.isDirty) writer.push({ run() {}, done() {} });
      });
    },
    jobs(limit) {
      commit();
      return rows.list(limit).map((row) => jobInfo(row, lanes.state(row.id, row.lane)));
    },
    pending: () => waiting,
    lines() {
      settle();
      return ledger.lines();
    },
    doubts: (limit) => ledger.doubts(limit),
    close() {
      isClosing = true;
      lanes.close();
      // What is committed may be about to begin.
      commit();
      try {
        writer.push({
          run() {
            for (const job of starting) rows.release(job, 0);
            meta.close();
          },
          done() {},
        });
        writer.flush();
      } catch (error) {
        const { code, message } = mend(error);
        log.error({ code }, `${message} What was pending is done again after the next start.`);
      } finally {
        isOpen = false;
        starting = [];
        // Only now: the last writes may have set timers.
        lanes.close();
        sweeper.stop();
        laterTimer?.();
        writer.stop();
        closeFile();
      }
    },
  };
}
