/** How jobs end and how they come in. The lanes are locked before; ids of lanes' places (`turn`, `seq`) are drawn after. */
export const JOBS = `
CREATE FUNCTION end_jobs(
  p_session text, p_now bigint, p_turn bigint, e_job bigint[], e_lane text[], e_kind text[], e_at bigint[], e_errors text[],
  OUT ready integer, OUT ended integer, OUT next_at bigint
) LANGUAGE plpgsql AS $$
DECLARE
  v_done bigint[] := ARRAY(SELECT job FROM unnest(e_job, e_kind) AS e(job, kind) WHERE kind = 'done');
  v_back integer := 0;
BEGIN
  ready := 0;
  ended := cardinality(v_done);
  WITH gone AS (
    DELETE FROM job WHERE id = ANY (v_done) RETURNING stored_at, adapter, plugin, seen
  ), renewed AS (
    UPDATE seen SET at = p_now FROM gone WHERE seen.hash = gone.seen AND gone.stored_at < p_now - 3600000 AND seen.at < p_now
  )
  INSERT INTO ledger (day, adapter, plugin, session, done)
  SELECT stored_at / 86400000, adapter, plugin, p_session, count(*) FROM gone GROUP BY 1, 2, 3
  ON CONFLICT (day, adapter, plugin, session) DO UPDATE SET done = ledger.done + excluded.done;
  DELETE FROM step WHERE job = ANY (v_done);

  IF cardinality(v_done) < cardinality(e_job) THEN
    WITH gone AS (
      DELETE FROM job USING unnest(e_job, e_lane, e_kind, e_errors) AS e(job, lane, kind, errors), lane
      WHERE e.kind = 'dead' AND job.id = e.job AND lane.key = e.lane
      RETURNING job.*, lane.attempts, e.errors AS said
    ), renewed AS (
      UPDATE seen SET at = p_now FROM gone WHERE seen.hash = gone.seen AND gone.stored_at < p_now - 3600000 AND seen.at < p_now
    )
    INSERT INTO dead (id, stored_at, died_at, seen, attempts, failed, lane, pool, adapter, plugin, handler, payload, errors, long_lane)
    SELECT id, stored_at, p_now, seen, attempts, failed + 1, lane, pool, adapter, plugin, handler, payload, said, long_lane FROM gone;
    GET DIAGNOSTICS v_back = ROW_COUNT;
    ended := ended + v_back;

    UPDATE job SET failed = failed + 1, errors = e.errors
    FROM unnest(e_job, e_kind, e_errors) AS e(job, kind, errors) WHERE e.kind = 'retry' AND job.id = e.job;
    UPDATE lane SET owner = NULL, attempts = b.attempts, suspect = b.attempts - b.failed >= 2,
      turn = CASE WHEN b.at > p_now THEN NULL ELSE p_turn + b.ord END, held_until = CASE WHEN b.at > p_now THEN b.at END
    FROM (
      SELECT e.lane, e.at, e.ord, j.failed, l.attempts - (e.kind = 'release')::integer AS attempts
      FROM unnest(e_job, e_lane, e_kind, e_at) WITH ORDINALITY AS e(job, lane, kind, at, ord)
      JOIN job AS j ON j.id = e.job JOIN lane AS l ON l.key = e.lane WHERE e.kind IN ('retry', 'release')
    ) AS b WHERE lane.key = b.lane;
    SELECT count(*) FILTER (WHERE at <= p_now), min(at) FILTER (WHERE at > p_now) INTO v_back, next_at
    FROM unnest(e_kind, e_at) AS e(kind, at) WHERE kind IN ('retry', 'release');
  END IF;

  WITH next AS MATERIALIZED (
    SELECT e.lane, e.ord, n.id, n.pool, n.failed
    FROM unnest(e_lane, e_kind) WITH ORDINALITY AS e(lane, kind, ord)
    LEFT JOIN LATERAL (
      SELECT j.id, j.pool, j.failed FROM job AS j WHERE j.lane = e.lane AND j.seq IS NOT NULL ORDER BY j.seq LIMIT 1
    ) AS n ON true
    WHERE e.kind IN ('done', 'dead')
  ), emptied AS (
    DELETE FROM lane USING next WHERE lane.key = next.lane AND next.id IS NULL
  )
  UPDATE lane SET head = next.id, pool = next.pool, attempts = 0, suspect = next.failed <= -2, owner = NULL, turn = p_turn + next.ord
  FROM next WHERE lane.key = next.lane AND next.id IS NOT NULL;
  GET DIAGNOSTICS ready = ROW_COUNT;
  ready := ready + v_back;
END $$;

-- p_fresh: per entry, whether it is no duplicate; j_entry begins at 1. Jobs of entries from p_first_add on may be claimed directly.
CREATE FUNCTION add_jobs(
  p_session text, p_now bigint, p_turn bigint, p_pools text[], p_direct integer, p_fresh boolean[], p_first_add integer,
  j_entry integer[], j_id bigint[], j_lane text[], j_pool text[], j_adapter text[], j_plugin text[], j_handler text[],
  j_payload text[], j_digest bigint[], j_stored bigint[], j_run bigint[],
  OUT ready integer, OUT added integer, OUT direct bigint[], OUT next_at bigint
) LANGUAGE plpgsql AS $$
DECLARE
  v_seq bigint;
BEGIN
  ready := 0;
  direct := '{}';
  INSERT INTO ledger (day, adapter, plugin, session, received, duplicates)
  SELECT stored / 86400000, adapter, plugin, p_session, count(*) FILTER (WHERE p_fresh[entry]), count(*) FILTER (WHERE NOT p_fresh[entry])
  FROM unnest(j_entry, j_stored, j_adapter, j_plugin) AS j(entry, stored, adapter, plugin) GROUP BY 1, 2, 3
  ON CONFLICT (day, adapter, plugin, session)
  DO UPDATE SET received = ledger.received + excluded.received, duplicates = ledger.duplicates + excluded.duplicates;

  INSERT INTO pool (name)
  SELECT DISTINCT name FROM unnest(j_entry, j_pool) AS j(entry, name)
  WHERE p_fresh[entry] AND NOT EXISTS (SELECT FROM pool WHERE pool.name = j.name) ORDER BY name
  ON CONFLICT DO NOTHING;

  SELECT o.ready, o.direct INTO ready, direct FROM (
    SELECT array_agg(lane ORDER BY ord) AS lanes, array_agg(id ORDER BY ord) AS ids, array_agg(pool ORDER BY ord) AS pools,
      array_agg(0) AS failed, array_agg(entry >= p_first_add AND (p_pools IS NULL OR pool = ANY (p_pools)) ORDER BY ord) AS may,
      array_agg(p_turn + ord ORDER BY ord) AS turns
    FROM unnest(j_entry, j_id, j_lane, j_pool, j_run) WITH ORDINALITY AS j(entry, id, lane, pool, run_at, ord)
    WHERE p_fresh[entry] AND run_at <= p_now
  ) AS a, open_lanes(a.lanes, a.ids, a.pools, a.failed, a.may, a.turns, p_session, p_direct) AS o WHERE a.ids IS NOT NULL;

  v_seq := nextval('tick') << 20;
  WITH stored AS (
    INSERT INTO job (id, seq, run_at, stored_at, seen, lane, pool, adapter, plugin, handler, payload)
    SELECT id, CASE WHEN run_at <= p_now THEN v_seq + ord END, run_at, stored, digest, lane, pool, adapter, plugin, handler, payload
    FROM unnest(j_entry, j_id, j_lane, j_pool, j_adapter, j_plugin, j_handler, j_payload, j_digest, j_stored, j_run)
      WITH ORDINALITY AS j(entry, id, lane, pool, adapter, plugin, handler, payload, digest, stored, run_at, ord)
    WHERE p_fresh[entry]
    RETURNING run_at
  )
  SELECT count(*), min(run_at) FILTER (WHERE run_at > p_now) INTO added, next_at FROM stored;
  ready := coalesce(ready, 0);
  direct := coalesce(direct, '{}');
END $$;

-- Which entries are no duplicates: their digests are noted.
CREATE FUNCTION note_digests(p_now bigint, n_digest bigint[]) RETURNS boolean[] LANGUAGE plpgsql AS $$
DECLARE
  v_fresh bigint[];
  v_wanted integer;
BEGIN
  SELECT count(*) INTO v_wanted FROM unnest(n_digest) AS n(digest) WHERE digest IS NOT NULL;
  WITH noted AS (
    INSERT INTO seen (hash, at)
    SELECT DISTINCT digest, p_now FROM unnest(n_digest) AS n(digest) WHERE digest IS NOT NULL ORDER BY 1
    ON CONFLICT DO NOTHING RETURNING hash
  )
  SELECT coalesce(array_agg(hash), '{}') INTO v_fresh FROM noted;
  IF cardinality(v_fresh) = v_wanted THEN RETURN array_fill(true, ARRAY[cardinality(n_digest)]); END IF;
  -- Of several with one digest in this batch, the first is new.
  RETURN (
    SELECT array_agg(n.digest IS NULL OR (n.nth = 1 AND n.digest = ANY (v_fresh)) ORDER BY n.ord)
    FROM (
      SELECT digest, ord, row_number() OVER (PARTITION BY digest ORDER BY ord) AS nth FROM unnest(n_digest) WITH ORDINALITY AS d(digest, ord)
    ) AS n
  );
END $$;

-- Jobs that a session holds, or at least those of p_ids that it still does.
CREATE FUNCTION claimed_jobs(p_session text, p_ids bigint[]) RETURNS SETOF claimed LANGUAGE sql STABLE AS $$
  SELECT NULL::text, j.id, coalesce(j.long_lane, j.lane), j.pool, j.adapter, j.plugin, j.handler, j.payload, j.stored_at, j.run_at, j.seen::text,
    l.attempts, j.failed, j.errors,
    (SELECT json_agg(json_build_array(coalesce(s.long_key, s.key), s.value))::text FROM step AS s WHERE s.job = j.id)
  FROM unnest(p_ids) WITH ORDINALITY AS c(id, ord) JOIN job AS j ON j.id = c.id JOIN lane AS l ON l.key = j.lane
  WHERE l.owner = p_session AND l.head = j.id ORDER BY c.ord
$$;
`;
