import type { Doubt } from "../../core/index.ts";
import type { Add, Batch, BudgetWrite, End, JobSpec, Outcome, StepWrite, ValueWrite } from "../fleet/index.ts";
import { parseJob } from "./record.ts";

/** What parts the fields of a value. No text that comes in holds it. */
export const NUL = "\0";

/** Ids as Redis has them: their order as text is their order. */
export const idText = (id: number): string => integer(id).padStart(16, "0");

/** A batch as the flat list of arguments that the script takes one by one. */
export function encodeBatch(batch: Batch): string[] {
  const args: string[] = [batch.session, integer(batch.number), finite(batch.now)];
  args.push(batch.hello === undefined ? "" : `=${batch.hello}`, batch.adds.length > 0 ? "1" : "0");
  if (batch.pools === null) args.push("-1");
  else args.push(String(batch.pools.length), ...batch.pools);
  args.push(String(batch.reap.length));
  for (const { id, beats } of batch.reap) args.push(id, integer(beats));
  const steps = lasting(batch);
  args.push(String(steps.length));
  for (const { job, key, value } of steps) args.push(idText(job), key, value);
  args.push(String(batch.ends.length));
  for (const end of batch.ends) args.push(idText(end.job));
  for (const end of batch.ends) pushEnd(args, end);
  args.push(String(batch.adds.length), integer(batch.direct));
  for (const add of batch.adds) pushAdd(args, add);
  args.push(String(batch.values.length));
  for (const write of batch.values) pushValue(args, write);
  args.push(String(batch.dead.length));
  for (const write of batch.dead) args.push(write.kind, idText(write.id), write.kind === "edit" ? write.payload : "");
  args.push(String(batch.counts.length));
  for (const { day, adapter, plugin, column, by } of batch.counts) {
    args.push(`${day}${NUL}${adapter}${NUL}${plugin}`, column, integer(by));
  }
  args.push(String(batch.doubts.length));
  for (const doubt of batch.doubts) args.push(doubtText(doubt));
  args.push(String(batch.budgets.length));
  for (const budget of batch.budgets) pushBudget(args, budget);
  args.push(integer(batch.claim), batch.suspect ? "1" : "0", batch.leave ? "1" : "0");
  return args;
}

/** The steps of a job that this very batch ends need not be written. */
function lasting({ steps, ends }: Batch): readonly StepWrite[] {
  if (steps.length === 0) return steps;
  const done = new Set(ends.filter(({ kind }) => kind === "done").map(({ job }) => job));
  return steps.filter(({ job }) => !done.has(job));
}

function pushEnd(args: string[], end: End) {
  args.push(end.kind);
  if (end.kind === "release") return void args.push(finite(end.at));
  if (end.kind === "retry") return void args.push(finite(end.at), end.errors);
  if (end.kind === "dead") args.push(end.errors);
  args.push(String(end.defer.length));
  for (const add of end.defer) pushAdd(args, add);
}

function pushAdd(args: string[], { digest, jobs }: Add) {
  args.push(digest ?? "", String(jobs.length));
  for (const job of jobs) {
    const runAt = finite(job.runAt);
    const rest = [job.pool, job.handler, finite(job.storedAt), runAt, job.payload].join(NUL);
    args.push(idText(job.id), job.lane, job.pool, lineOf(job), runAt, rest);
  }
}

function pushValue(args: string[], { key, expected, value, until }: ValueWrite) {
  args.push(key, expected === undefined ? "*" : expected === null ? "" : `=${expected}`);
  args.push(until === null ? "" : finite(until), value === null ? "" : `=${value}`);
}

function pushBudget(args: string[], { key, interval, burst, pause }: BudgetWrite) {
  args.push(key, finite(interval), finite(burst), finite(pause));
}

/** A doubt as it stands in its list. */
export const doubtText = ({ at, job, adapter, plugin, step, outcome }: Doubt) =>
  JSON.stringify([at, job, adapter, plugin, step, outcome]);

const DAY_MS = 86_400_000;
let dayNumber = Number.NaN;
let day = "";

/** The line of the ledger a job is counted in. */
export function lineOf({ storedAt, adapter, plugin }: Pick<JobSpec, "storedAt" | "adapter" | "plugin">): string {
  const number = Math.floor(storedAt / DAY_MS);
  if (number !== dayNumber) {
    day = new Date(storedAt).toISOString().slice(0, 10);
    dayNumber = number;
  }
  return `${day}${NUL}${adapter}${NUL}${plugin}`;
}

/** Checked here, since a script must not fail in its middle. @throws RangeError */
export function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number that Redis can count.`);
  return String(value);
}

/** A time as a script takes it. @throws RangeError */
export function finite(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no time that Redis can hold.`);
  return String(value);
}

/** What the script answers: alive, the compact outcome, then id, job and details of each claimed job. */
export type Answer = readonly [alive: number, outcome: string, ...claimed: readonly (string | readonly string[])[]];

const GONE: Outcome = {
  ...{ alive: false, added: [], direct: [], values: [], dead: [], budgets: [], claimed: [], nextAt: 0, pending: 0 },
};

export function decodeOutcome([alive, text, ...records]: Answer): Outcome {
  if (alive === 0) return GONE;
  const [added = "", direct = "", , values = "", dead = "", budgets = "", nextAt, pending] = text.split(";");
  const claimed = [];
  for (let at = 0; at < records.length; at += 3) {
    claimed.push(parseJob(records[at] as string, records[at + 1] as string, records[at + 2] as readonly string[], 1));
  }
  return {
    alive: true,
    ...{ added: flags(added), direct: numbers(direct), values: flags(values), dead: flags(dead) },
    ...{ budgets: numbers(budgets), claimed, nextAt: Number(nextAt), pending: Number(pending) },
  };
}

const flags = (text: string) => Array.from(text, (flag) => flag === "1");
const numbers = (text: string) => (text === "" ? [] : text.split(",").map(Number));
