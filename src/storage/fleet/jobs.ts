import { type ClaimedJob, HobnobError, type JobNames, type NewJob, type RecordedError } from "../../core/index.ts";
import { digestOf, fromText, toText } from "../shared/text.ts";
import type { Add, JobRecord, JobSpec } from "./backend.ts";

/** A claimed job and what this process remembers of it while it runs. */
export interface RunningJob extends ClaimedJob {
  readonly row: number;
  /** The session that claimed it. */
  readonly session: string;
  /** It has its verdict. */
  hasEnded: boolean;
}

/** An entry on its way into a batch. */
export interface Draft {
  readonly ids: number;
  readonly size: number;
  write(id: () => number, at: number): Add;
}

// Of a job that fails for days, the last errors tell enough.
const MOST_ERRORS = 20;

/** @throws HobnobError, TypeError for a payload that JSON cannot hold */
export function draftOf(key: string | undefined, jobs: readonly NewJob[]): Draft {
  const payloads = jobs.map(({ payload }) => jsonOf(payload));
  const digest = key === undefined ? null : String(digestOf(key));
  return {
    ids: jobs.length,
    size: payloads.reduce((sum, { length }) => sum + length + 500, 0),
    write: (id, at) => ({
      digest,
      jobs: jobs.map((job, index) => ({
        id: id(),
        lane: toText(job.lane),
        pool: toText(job.pool),
        adapter: toText(job.adapter),
        plugin: toText(job.plugin),
        handler: toText(job.handler),
        payload: payloads[index]!,
        storedAt: at,
        runAt: Math.max(at, job.runAt ?? 0),
      })),
    }),
  };
}

/** @throws HobnobError, TypeError when it is not JSON */
export function jsonOf(value: unknown): string {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) throw new HobnobError("STORAGE_VALUE", "A payload, a step or a value must be JSON.");
  return json;
}

/** What a record says, in the words of the core. */
export function namesOf({ lane, pool, adapter, plugin, handler }: JobNames): JobNames {
  return {
    lane: fromText(lane),
    pool: fromText(pool),
    adapter: fromText(adapter),
    plugin: fromText(plugin),
    handler: fromText(handler),
  };
}

export const errorsOf = (record: { readonly errors: string }): RecordedError[] =>
  JSON.parse(record.errors) as RecordedError[];

export function withError({ errors }: ClaimedJob, error: RecordedError): string {
  return JSON.stringify([...errors, error].slice(-MOST_ERRORS));
}

/** What a lease knows of a running job. */
export interface Holder {
  isHeld(job: RunningJob): boolean;
  regain(job: RunningJob): Promise<boolean>;
}

const NO_STEPS: ReadonlyMap<string, unknown> = new Map();

/** @throws SyntaxError for a row that is no JSON any more */
export function runningJob(record: JobRecord, session: string, holder: Holder): RunningJob {
  const { steps } = record;
  return claimedJob(record, session, holder, {
    attempt: record.attempts,
    inDoubt: record.attempts - 1 - record.failed > 0,
    errors: errorsOf(record),
    steps:
      steps.length === 0
        ? NO_STEPS
        : new Map(steps.map(([key, value]) => [fromText(key), JSON.parse(value) as unknown])),
  });
}

/** The record of a job that was stored a moment ago, and claimed by the same write. */
export function firstAttempt(spec: JobSpec, session: string, holder: Holder): RunningJob {
  return claimedJob(spec, session, holder, { attempt: 1, inDoubt: false, errors: [], steps: NO_STEPS });
}

function claimedJob(
  spec: JobSpec,
  session: string,
  holder: Holder,
  state: Pick<ClaimedJob, "attempt" | "inDoubt" | "errors" | "steps">,
): RunningJob {
  return {
    ...namesOf(spec),
    payload: JSON.parse(spec.payload) as unknown,
    storedAt: spec.storedAt,
    ...state,
    id: String(spec.id),
    row: spec.id,
    session,
    hasEnded: false,
    isHeld() {
      return holder.isHeld(this);
    },
    regain() {
      return holder.regain(this);
    },
  };
}
