import type { StoredRecord } from "../../core/index.ts";
import { fullKey, shorten } from "./long-key.ts";

type OfKind<K extends StoredRecord["kind"]> = Extract<StoredRecord, { kind: K }>;

const DAY_MS = 86_400_000;

/**
 * Takes over a list of a dump: one statement, so all of it or nothing. What is there already is passed over. A job enters its
 * lane unless it is delayed, and a lane that is new is ready, or held.
 */
export const LOAD = `
WITH data AS (
  UPDATE meta SET value = CASE key WHEN 'instance' THEN $2 ELSE greatest(value::bigint, $3::bigint)::text END
  WHERE key IN ('instance', 'next_id') AND $2 <> ''
), base AS MATERIALIZED (SELECT nextval('tick') << 20 AS tick
), given AS MATERIALIZED (
  SELECT row_number() OVER () AS ord, j.* FROM json_to_recordset($4::json) AS j(
    id bigint, lane text, pool text, adapter text, plugin text, handler text, payload text, digest bigint,
    "storedAt" bigint, "runAt" bigint, "heldUntil" bigint, attempts integer, failed integer, errors text, long text
  )
), stored AS (
  INSERT INTO job (id, seq, run_at, stored_at, seen, failed, lane, pool, adapter, plugin, handler, payload, errors, long_lane)
  SELECT id, CASE WHEN attempts > 0 OR "runAt" <= $1 THEN tick + ord END, "runAt", "storedAt", digest, failed, lane, pool,
    adapter, plugin, handler, payload, errors, long
  FROM given, base ON CONFLICT DO NOTHING RETURNING id, seq
), pools AS (
  INSERT INTO pool (name) SELECT DISTINCT pool FROM given ON CONFLICT DO NOTHING
), lanes AS (
  INSERT INTO lane (key, pool, head, attempts, suspect, turn, held_until)
  SELECT DISTINCT ON (lane) lane, pool, id, attempts, attempts - failed >= 2,
    CASE WHEN "heldUntil" > $1 THEN NULL ELSE seq END, CASE WHEN "heldUntil" > $1 THEN "heldUntil" END
  FROM given JOIN stored USING (id) WHERE stored.seq IS NOT NULL ORDER BY lane, stored.seq
  ON CONFLICT DO NOTHING
), dead_given AS MATERIALIZED (
  SELECT * FROM json_to_recordset($5::json) AS d(
    id bigint, lane text, pool text, adapter text, plugin text, handler text, payload text, digest bigint,
    "storedAt" bigint, "diedAt" bigint, attempts integer, failed integer, errors text, long text
  )
), buried AS (
  INSERT INTO dead (id, stored_at, died_at, seen, attempts, failed, lane, pool, adapter, plugin, handler, payload, errors, long_lane)
  SELECT id, "storedAt", "diedAt", digest, attempts, failed, lane, pool, adapter, plugin, handler, payload, errors, long
  FROM dead_given ON CONFLICT DO NOTHING
), steps AS (
  INSERT INTO step (job, key, value, long_key)
  SELECT job, key, value, long FROM json_to_recordset($6::json) AS s(job bigint, key text, value text, long text) ON CONFLICT DO NOTHING
), known AS (
  INSERT INTO seen (hash, at) SELECT digest, at FROM json_to_recordset($7::json) AS s(digest bigint, at bigint)
  ON CONFLICT DO NOTHING
), vals AS (
  INSERT INTO value (key, value, until, long_key)
  SELECT key, value, until, long FROM json_to_recordset($8::json) AS v(key text, value text, until bigint, long text) ON CONFLICT DO NOTHING
), counts AS (
  INSERT INTO ledger (day, adapter, plugin, session, received, done, ignored, discarded, duplicates)
  SELECT day, adapter, plugin, '', received, done, ignored, discarded, duplicates FROM json_to_recordset($9::json) AS c(
    day integer, adapter text, plugin text, received bigint, done bigint, ignored bigint, discarded bigint, duplicates bigint
  ) ON CONFLICT DO NOTHING
), doubts AS (
  INSERT INTO doubt (at, job, adapter, plugin, step, outcome)
  SELECT at, job, adapter, plugin, step, outcome FROM json_to_recordset($10::json) AS d(
    at bigint, job text, adapter text, plugin text, step text, outcome text
  )
)
UPDATE session SET waiting = waiting + (SELECT count(*) FROM stored) WHERE id = ''`;

/** The statement's values. */
export function loadValues(records: readonly StoredRecord[], now: number, doubtsToPass: number): unknown[] {
  const of = <K extends StoredRecord["kind"]>(kind: K) =>
    records.filter((record): record is OfKind<K> => record.kind === kind);
  const [data] = of("data");
  const withErrors = ({ steps: _, errors, ...job }: OfKind<"job" | "dead">) => ({
    ...job,
    lane: shorten(job.lane),
    long: fullKey(job.lane),
    errors: JSON.stringify(errors),
  });
  const lists: readonly (readonly object[])[] = [
    of("job").map(withErrors),
    of("dead").map(withErrors),
    [...of("job"), ...of("dead")].flatMap(({ id, steps }) =>
      steps.map(([key, value]) => ({ job: id, ...shortKey(key), value })),
    ),
    of("seen").map(({ digest, at }) => ({ digest, at: Math.floor(at) })),
    of("value").map((value) => ({ ...value, ...shortKey(value.key) })),
    of("count").map(({ day, ...count }) => ({ ...count, day: Date.parse(day) / DAY_MS })),
    of("doubt").slice(doubtsToPass),
  ];
  return [Math.floor(now), data?.instance ?? "", data?.nextId ?? 0, ...lists.map((list) => JSON.stringify(list))];
}

const shortKey = (key: string) => ({ key: shorten(key), long: fullKey(key) });
