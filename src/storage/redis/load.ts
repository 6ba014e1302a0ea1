import type { StoredRecord } from "../../core/index.ts";
import { doubtText, finite, idText, integer, lineOf, NUL } from "./encode.ts";

type OfKind<K extends StoredRecord["kind"]> = Extract<StoredRecord, { kind: K }>;

const KEEP_MS = 72 * 3_600_000 + 60_000;
const COLUMNS = ["received", "done", "ignored", "discarded", "duplicates"] as const;

/** Records of a dump as the flat list of arguments that `LOAD` takes. */
export function encodeLoad(records: readonly StoredRecord[], now: number, doubtsToPass: number): string[] {
  const [data] = of(records, "data");
  const args = [finite(now), data?.instance ?? "", data === undefined ? "0" : integer(data.nextId - 1)];
  pushAll(args, of(records, "job"), (job) => {
    const isDelayed = job.runAt > now && job.attempts === 0;
    args.push(idText(job.id), lineOf(job), job.digest ?? "", job.lane, job.pool, finite(job.runAt));
    args.push(finite(job.heldUntil), isDelayed ? "1" : "0", job.attempts - job.failed >= 2 ? "1" : "0");
    args.push(textOf(job, job.runAt));
    pushDetails(args, job, []);
  });
  pushAll(args, of(records, "dead"), (dead) => {
    args.push(idText(dead.id), lineOf(dead), finite(dead.diedAt), textOf(dead, dead.storedAt));
    pushDetails(args, dead, ["d", finite(dead.diedAt)]);
  });
  const seen = of(records, "seen").map(({ digest, at }) => ({ digest, left: at + KEEP_MS - now }));
  pushAll(
    args,
    seen.filter(({ left }) => left > 0),
    ({ digest, left }) => args.push(digest, integer(Math.ceil(left))),
  );
  pushAll(args, of(records, "value"), ({ key, value, until }) => {
    args.push(key, value, until === undefined ? "" : finite(until));
  });
  const counts = of(records, "count").flatMap((count) =>
    COLUMNS.filter((column) => count[column] !== 0).map((column) => {
      const { day, adapter, plugin } = count;
      return [[day, adapter, plugin, column].join(NUL), integer(count[column])] as const;
    }),
  );
  pushAll(args, counts, (pair) => args.push(...pair));
  pushAll(args, of(records, "doubt").slice(doubtsToPass), (doubt) => args.push(doubtText(doubt)));
  return args;
}

function of<K extends StoredRecord["kind"]>(records: readonly StoredRecord[], kind: K): OfKind<K>[] {
  return records.filter((record): record is OfKind<K> => record.kind === kind);
}

function pushAll<T>(args: string[], list: readonly T[], push: (item: T) => unknown): void {
  args.push(String(list.length));
  for (const item of list) push(item);
}

function textOf(job: OfKind<"job" | "dead">, runAt: number): string {
  const { digest = "", lane, pool, handler, storedAt, payload } = job;
  return [lineOf(job), digest, lane, pool, handler, finite(storedAt), finite(runAt), payload].join(NUL);
}

function pushDetails(args: string[], job: OfKind<"job" | "dead">, more: readonly string[]): void {
  const fields = [...more, "a", integer(job.attempts), "f", integer(job.failed)];
  if (job.errors.length > 0) fields.push("e", JSON.stringify(job.errors));
  for (const [key, value] of job.steps) fields.push(`s${key}`, value);
  args.push(String(fields.length / 2), ...fields);
}
