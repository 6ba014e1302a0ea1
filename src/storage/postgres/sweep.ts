import type { Query } from "./reads.ts";

/** 72 hours after the end of its jobs, longer than any platform redelivers, and the hour in which an end does not renew it. */
const KEEP_MS = 73 * 3_600_000;
const CHUNK = 5_000;
const DAY_MS = 86_400_000;

/** Drops a part of what has had its time. Two processes that do it at once share the work. */
export async function sweep(query: Query, now: number): Promise<boolean> {
  const parts = [await sweepSeen(query, now), await sweepValues(query, now), await sweepSessions(query, now)];
  return parts.includes(true);
}

// Only when there is something old: the oldest job is found by reading all of them.
async function sweepSeen(query: Query, now: number): Promise<boolean> {
  const rows = await query<{ dropped: number }>(
    `WITH old AS MATERIALIZED (SELECT hash, at FROM seen WHERE at < $1 ORDER BY at LIMIT ${CHUNK}),
    oldest AS MATERIALIZED (SELECT coalesce(min(stored_at), $1 + ${KEEP_MS}) - ${KEEP_MS} AS at FROM job WHERE EXISTS (SELECT FROM old)),
    gone AS (DELETE FROM seen USING old, oldest WHERE seen.hash = old.hash AND seen.at < $1 AND seen.at < oldest.at RETURNING 1)
    SELECT count(*) AS dropped FROM gone`,
    [Math.floor(now) - KEEP_MS],
  );
  return rows[0]!.dropped === CHUNK;
}

async function sweepValues(query: Query, now: number): Promise<boolean> {
  const rows = await query<{ dropped: number }>(
    `WITH gone AS (
      DELETE FROM value WHERE key IN (SELECT key FROM value WHERE until < $1 ORDER BY until LIMIT ${CHUNK}) AND until < $1 RETURNING 1
    ) SELECT count(*) AS dropped FROM gone`,
    [Math.floor(now)],
  );
  await query(
    "DELETE FROM budget WHERE greatest(full_at, paused_until) < extract(epoch FROM clock_timestamp()) * 1000 - 3600000",
  );
  return rows[0]!.dropped === CHUNK;
}

// What sessions counted goes into the rows without a session; they themselves stay a day, for a caller that lost an answer.
async function sweepSessions(query: Query, now: number): Promise<boolean> {
  await query(
    `WITH gone AS (
      DELETE FROM ledger USING session WHERE session.id = ledger.session AND session.ended AND session.id <> '' RETURNING ledger.*
    )
    INSERT INTO ledger (day, adapter, plugin, session, received, done, ignored, discarded, duplicates)
    SELECT day, adapter, plugin, '', sum(received), sum(done), sum(ignored), sum(discarded), sum(duplicates) FROM gone
    GROUP BY day, adapter, plugin ORDER BY day, adapter, plugin
    ON CONFLICT (day, adapter, plugin, session) DO UPDATE SET received = ledger.received + excluded.received,
      done = ledger.done + excluded.done, ignored = ledger.ignored + excluded.ignored,
      discarded = ledger.discarded + excluded.discarded, duplicates = ledger.duplicates + excluded.duplicates`,
  );
  await query(
    `WITH gone AS (DELETE FROM session WHERE ended AND id <> '' AND ended_at < $1 RETURNING waiting)
    UPDATE session SET waiting = waiting + (SELECT coalesce(sum(waiting), 0) FROM gone) WHERE id = '' AND EXISTS (SELECT FROM gone)`,
    [Math.floor(now) - DAY_MS],
  );
  return false;
}
