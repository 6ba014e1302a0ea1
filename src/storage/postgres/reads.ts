import type { Doubt, LedgerLine } from "../../core/index.ts";
import type { Backend, DeadRecord, ListedJob, SessionInfo } from "../fleet/index.ts";
import { beginning, shorten } from "./long-key.ts";

/** Runs one statement on a connection for reads. */
export type Query = <Row extends object>(sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** What is only looked at. */
export type Reads = Pick<Backend, "sessions" | "jobs" | "deadList" | "deadGet" | "ledger" | "doubts" | "get" | "keys">;

const DEAD = `SELECT id, coalesce(long_lane, lane) AS lane, pool, adapter, plugin, handler, payload, stored_at AS "storedAt", died_at AS "diedAt",
  seen::text AS digest, attempts, failed, errors FROM dead`;
const KEYS_PAGE = 500;

export function createReads(query: Query): Reads {
  return {
    sessions: () => query<SessionInfo>("SELECT id, beats, info FROM session WHERE NOT ended ORDER BY id"),
    jobs: (limit) =>
      query<ListedJob>(
        `SELECT j.id, coalesce(j.long_lane, j.lane) AS lane, j.pool, j.adapter, j.plugin, j.handler, j.stored_at AS "storedAt", j.run_at AS "runAt",
          j.seen::text AS digest, j.failed, j.errors, coalesce(l.attempts, 0) AS attempts, coalesce(l.held_until, 0) AS "heldUntil",
          CASE WHEN j.seq IS NULL THEN 'delayed' WHEN l.owner IS NOT NULL THEN 'running'
            WHEN l.held_until IS NOT NULL THEN 'retrying' ELSE 'waiting' END AS state
        FROM (
          SELECT id, seq, run_at, stored_at, seen, failed, lane, long_lane, pool, adapter, plugin, handler, errors
          FROM job ORDER BY run_at, id LIMIT $1
        ) AS j LEFT JOIN lane AS l ON l.key = j.lane AND l.head = j.id AND j.seq IS NOT NULL ORDER BY j.run_at, j.id`,
        [limit],
      ),
    deadList: (limit) => query<DeadRecord>(`${DEAD} ORDER BY died_at DESC, id DESC LIMIT $1`, [limit]),
    deadGet: async (id) => (await query<DeadRecord>(`${DEAD} WHERE id = $1`, [id]))[0],
    ledger: () =>
      query<LedgerLine>(
        `SELECT to_char(date '1970-01-01' + day, 'YYYY-MM-DD') AS day, adapter, plugin,
          sum(received)::bigint AS received, sum(done)::bigint AS done, sum(ignored)::bigint AS ignored, sum(dead)::bigint AS dead,
          sum(discarded)::bigint AS discarded, sum(flying)::bigint AS "inFlight", sum(duplicates)::bigint AS duplicates
        FROM (
          SELECT day, adapter, plugin, received, done, ignored, 0 AS dead, discarded, 0 AS flying, duplicates FROM ledger
          UNION ALL SELECT (stored_at / 86400000)::integer, adapter, plugin, 0, 0, 0, 0, 0, count(*), 0 FROM job GROUP BY 1, 2, 3
          UNION ALL SELECT (stored_at / 86400000)::integer, adapter, plugin, 0, 0, 0, count(*), 0, 0, 0 FROM dead GROUP BY 1, 2, 3
        ) AS counted GROUP BY day, adapter, plugin ORDER BY counted.day, adapter, plugin`,
      ),
    doubts: (limit) =>
      query<Doubt>("SELECT at, job, adapter, plugin, step, outcome FROM doubt ORDER BY id DESC LIMIT $1", [limit]),
    get: async (key) =>
      (await query<{ value: string }>("SELECT value FROM value WHERE key = $1", [shorten(key)]))[0]?.value,
    async *keys(prefix) {
      const start = beginning(prefix);
      let from = start;
      let comparison = ">=";
      for (;;) {
        const rows = await query<{ key: string; long: string | null }>(
          `SELECT key, long_key AS long FROM value WHERE key ${comparison} $1 ORDER BY key LIMIT ${KEYS_PAGE}`,
          [from],
        );
        for (const { key, long } of rows) {
          if (!key.startsWith(start)) return;
          const whole = long ?? key;
          if (whole.startsWith(prefix)) yield whole;
        }
        if (rows.length < KEYS_PAGE) return;
        from = rows[rows.length - 1]!.key;
        comparison = ">";
      }
    },
  };
}
