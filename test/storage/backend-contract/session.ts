import {
  type Add,
  type Backend,
  type Batch,
  type End,
  type JobSpec,
  type Outcome,
  UnreachableError,
} from "../../../src/storage/fleet/index.ts";

export const NOW: number = Date.UTC(2026, 0, 31, 12);
export const DAY = "2026-01-31";

/** A process's session: its batches are numbered by themselves, and its first one says hello. */
export interface Session {
  readonly id: string;
  readonly beats: number;
  apply(part?: Partial<Batch>): Promise<Outcome>;
  /** The last batch once more, as after a lost answer. */
  again(): Promise<Outcome>;
  /** Adds jobs, each an entry of its own without a digest. */
  add(...jobs: readonly JobSpec[]): Promise<Outcome>;
  /** Claims, and gives the handlers in the order in which they were claimed. */
  claim(claim: number, part?: Partial<Batch>): Promise<readonly string[]>;
}

export function createSession(backend: Backend, id: string): Session {
  let last: Batch | undefined;
  const session: Session = {
    id,
    get beats() {
      return last?.number ?? 0;
    },
    async apply(part = {}) {
      const before = last;
      const hello = last === undefined ? `{"of":"${id}"}` : undefined;
      last = { ...EMPTY, session: id, number: (last?.number ?? 0) + 1, hello, ...part };
      try {
        return await backend.apply(last);
      } catch (error) {
        // It was not applied: its number is still to come.
        if (!(error instanceof UnreachableError)) last = before;
        throw error;
      }
    },
    again: () => backend.apply(last!),
    add: (...jobs) => session.apply({ adds: jobs.map((job) => entry(job)) }),
    async claim(claim, part = {}) {
      return (await session.apply({ claim, ...part })).claimed.map(({ handler }) => handler);
    },
  };
  return session;
}

const EMPTY: Omit<Batch, "session" | "number" | "hello"> = {
  now: NOW,
  pools: null,
  reap: [],
  steps: [],
  ends: [],
  adds: [],
  direct: 0,
  values: [],
  dead: [],
  counts: [],
  doubts: [],
  budgets: [],
  claim: 0,
  suspect: false,
  leave: false,
};

/** An entry of these jobs, without a digest. */
export const entry = (...jobs: readonly JobSpec[]): Add => ({ digest: null, jobs });
export const keyed = (digest: string, ...jobs: readonly JobSpec[]): Add => ({ digest, jobs });

/** A job whose handler tells its id, in a lane of its own unless one is given. */
export function job(id: number, more: Partial<JobSpec> = {}): JobSpec {
  const names = { pool: "default", adapter: "a", plugin: "p", handler: `job ${id}` };
  return { id, lane: `lane of ${id}`, ...names, payload: `{"n":${id}}`, storedAt: NOW, runAt: NOW, ...more };
}

const laneOf = (of: JobSpec | number) => (typeof of === "number" ? job(of).lane : of.lane);
const idOf = (of: JobSpec | number) => (typeof of === "number" ? of : of.id);

export const done = (of: JobSpec | number, ...defer: readonly Add[]): End => ({
  ...{ kind: "done", job: idOf(of), lane: laneOf(of), defer },
});
export const retry = (of: JobSpec | number, at = 0, errors = '["no"]'): End => ({
  ...{ kind: "retry", job: idOf(of), lane: laneOf(of), at, errors },
});
export const release = (of: JobSpec | number, at = 0): End => ({
  ...{ kind: "release", job: idOf(of), lane: laneOf(of), at },
});
export const dead = (of: JobSpec | number, ...defer: readonly Add[]): End => ({
  ...{ kind: "dead", job: idOf(of), lane: laneOf(of), errors: '["dead"]', defer },
});

/** A fresh set of data with a session; more sessions by name. */
export interface BackendStage extends AsyncDisposable {
  readonly backend: Backend;
  readonly session: Session;
  open(id: string): Session;
  another(wake?: () => void): Promise<Backend>;
}

export async function openBackend(contract: {
  create(wake?: () => void): Promise<{
    readonly backend: Backend;
    another(wake?: () => void): Promise<Backend>;
    dispose(): Promise<void>;
  }>;
}): Promise<BackendStage> {
  const { backend, another, dispose } = await contract.create();
  return {
    backend,
    session: createSession(backend, "one"),
    open: (id) => createSession(backend, id),
    another,
    [Symbol.asyncDispose]: dispose,
  };
}

/** What waits and runs, as handler and state. */
export async function states(backend: Backend): Promise<Record<string, string>> {
  return Object.fromEntries((await backend.jobs(1000)).map(({ handler, state }) => [handler, state]));
}
