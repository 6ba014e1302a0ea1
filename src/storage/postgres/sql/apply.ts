/**
 * A batch: one statement, so one transaction, one commit and one way to the server and back. `__schema__` is the channel
 * that other processes listen on. No row comes back for a session that is not alive.
 */
export const APPLY = `
CREATE FUNCTION apply(
  p_session text, p_number bigint, p_now bigint, p_hello text, p_pools text[], p_from text,
  e_job bigint[], e_lane text[], e_kind text[], e_at bigint[], e_errors text[],
  n_digest bigint[], n_end integer[],
  j_entry integer[], j_id bigint[], j_lane text[], j_pool text[], j_adapter text[], j_plugin text[], j_handler text[],
  j_payload text[], j_digest bigint[], j_stored bigint[], j_run bigint[],
  p_direct integer, p_claim integer, p_suspect boolean, p_leave boolean, p_more json
) RETURNS SETOF claimed LANGUAGE plpgsql AS $$
DECLARE
  s session%ROWTYPE;
  r record;
  v_gone text[] := '{}';
  v_strong text[] := '{}';
  v_due bigint[];
  v_due_lanes text[];
  v_held text[];
  v_weak text[] := '{}';
  v_fresh boolean[] := '{}';
  v_direct bigint[] := '{}';
  v_claimed bigint[] := '{}';
  v_turn bigint;
  -- Lanes this batch made ready, jobs it added, the earliest time it brought.
  v_ready integer := 0;
  v_added integer := 0;
  v_nearer bigint;
  v_values text := '';
  v_dead text := '';
  v_budgets bigint[] := '{}';
  v_next bigint;
  v_result text;
BEGIN
  -- Heartbeat, fence, and a lock against the same batch in a connection that broke and still runs it.
  SELECT * INTO s FROM session WHERE id = p_session FOR UPDATE;
  IF s.id IS NULL AND p_hello IS NOT NULL THEN
    INSERT INTO session (id, info, beats, batch) VALUES (p_session, p_hello, 0, p_number - 1) ON CONFLICT DO NOTHING;
    SELECT * INTO s FROM session WHERE id = p_session FOR UPDATE;
  END IF;
  IF s.batch = p_number AND s.result IS NOT NULL THEN
    RETURN NEXT ROW (s.result, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::claimed;
    RETURN QUERY SELECT * FROM claimed_jobs(p_session, ARRAY(SELECT json_array_elements_text(s.result::json->'claimed')::bigint));
    RETURN;
  END IF;
  IF s.id IS NULL OR s.ended OR s.batch <> p_number - 1 THEN RETURN; END IF;

  IF p_more->'reap' IS NOT NULL THEN
    -- One that is locked applies a batch just now.
    v_gone := ARRAY(
      SELECT x.id FROM session AS x JOIN json_to_recordset(p_more->'reap') AS g(id text, beats bigint) ON x.id = g.id AND x.beats = g.beats
      WHERE NOT x.ended AND x.id <> p_session ORDER BY x.id FOR UPDATE OF x SKIP LOCKED
    );
    UPDATE session SET ended = true, ended_at = p_now WHERE id = ANY (v_gone);
  END IF;
  IF p_more->'steps' IS NOT NULL THEN PERFORM write_steps(p_more->'steps'); END IF;

  -- Ends of jobs that this session does not hold are no ends, and what they defer is not stored.
  IF cardinality(e_job) > 0 AND cardinality(e_job) > (
    SELECT count(*) FROM unnest(e_job, e_lane) AS e(job, lane) JOIN lane AS l ON l.key = e.lane WHERE l.head = e.job AND l.owner = p_session
  ) THEN
    SELECT array_agg(e.ord) AS ords, coalesce(array_agg(e.job ORDER BY e.ord), '{}') AS jobs, coalesce(array_agg(e.lane ORDER BY e.ord), '{}') AS lanes,
      coalesce(array_agg(e.kind ORDER BY e.ord), '{}') AS kinds, coalesce(array_agg(e.at ORDER BY e.ord), '{}') AS ats,
      coalesce(array_agg(e.errors ORDER BY e.ord), '{}') AS errors
    INTO r FROM unnest(e_job, e_lane, e_kind, e_at, e_errors) WITH ORDINALITY AS e(job, lane, kind, at, errors, ord)
    JOIN lane AS l ON l.key = e.lane WHERE l.head = e.job AND l.owner = p_session;
    e_job := r.jobs; e_lane := r.lanes; e_kind := r.kinds; e_at := r.ats; e_errors := r.errors;
    v_fresh := ARRAY(SELECT n = 0 OR n = ANY (coalesce(r.ords, '{}')) FROM unnest(n_end) WITH ORDINALITY AS x(n, ord) ORDER BY ord);
    SELECT coalesce(array_agg(digest ORDER BY ord), '{}') AS digests, coalesce(array_agg(n ORDER BY ord), '{}') AS ends,
      array_agg(ord) AS ords INTO r
    FROM unnest(n_digest, n_end) WITH ORDINALITY AS x(digest, n, ord) WHERE v_fresh[ord];
    n_digest := r.digests; n_end := r.ends;
    SELECT coalesce(array_agg(array_position(r.ords, entry::bigint) ORDER BY ord), '{}') AS entries, coalesce(array_agg(id ORDER BY ord), '{}') AS ids,
      coalesce(array_agg(lane ORDER BY ord), '{}') AS lanes, coalesce(array_agg(pool ORDER BY ord), '{}') AS pools,
      coalesce(array_agg(adapter ORDER BY ord), '{}') AS adapters, coalesce(array_agg(plugin ORDER BY ord), '{}') AS plugins,
      coalesce(array_agg(handler ORDER BY ord), '{}') AS handlers, coalesce(array_agg(payload ORDER BY ord), '{}') AS payloads,
      coalesce(array_agg(digest ORDER BY ord), '{}') AS digests, coalesce(array_agg(stored ORDER BY ord), '{}') AS stored,
      coalesce(array_agg(run_at ORDER BY ord), '{}') AS runs INTO r
    FROM unnest(j_entry, j_id, j_lane, j_pool, j_adapter, j_plugin, j_handler, j_payload, j_digest, j_stored, j_run)
      WITH ORDINALITY AS j(entry, id, lane, pool, adapter, plugin, handler, payload, digest, stored, run_at, ord) WHERE v_fresh[entry];
    j_entry := r.entries; j_id := r.ids; j_lane := r.lanes; j_pool := r.pools; j_adapter := r.adapters; j_plugin := r.plugins;
    j_handler := r.handlers; j_payload := r.payloads; j_digest := r.digests; j_stored := r.stored; j_run := r.runs;
  END IF;

  v_fresh := '{}';
  IF cardinality(n_digest) > 0 THEN
    v_fresh := note_digests(p_now, n_digest);
    v_weak := ARRAY(SELECT lane FROM unnest(j_entry, j_lane, j_run) AS j(entry, lane, run_at) WHERE v_fresh[entry] AND run_at <= p_now);
  END IF;
  IF p_leave OR cardinality(v_gone) > 0 THEN
    v_strong := ARRAY(SELECT key FROM lane WHERE owner = ANY (CASE WHEN p_leave THEN v_gone || p_session ELSE v_gone END));
  END IF;
  IF p_more->'dead' IS NOT NULL THEN
    v_weak := v_weak || ARRAY(
      SELECT d.lane FROM json_to_recordset(p_more->'dead') AS w(id bigint, kind text) JOIN dead AS d ON d.id = w.id WHERE w.kind = 'retry'
    );
  END IF;
  SELECT coalesce(array_agg(d.id ORDER BY d.run_at, d.id), '{}'), coalesce(array_agg(d.lane), '{}') INTO v_due, v_due_lanes FROM (
    SELECT id, lane, run_at FROM job WHERE seq IS NULL AND run_at <= p_now ORDER BY run_at, id LIMIT 500 FOR UPDATE SKIP LOCKED
  ) AS d;
  v_held := ARRAY(SELECT key FROM lane WHERE held_until <= p_now ORDER BY held_until LIMIT 500);
  v_strong := e_lane || v_strong || v_held;
  v_weak := v_weak || v_due_lanes;
  IF cardinality(v_strong) > 0 OR cardinality(v_weak) > 0 THEN PERFORM lock_lanes(v_strong, v_weak); END IF;

  -- Places among the ready, drawn once the lanes are locked: 2^20 of them, shared out to the parts below.
  v_turn := nextval('tick') << 20;
  IF cardinality(v_gone) > 0 THEN v_ready := take_back(v_gone, v_turn); END IF;
  IF cardinality(e_job) > 0 THEN
    SELECT * INTO r FROM end_jobs(p_session, p_now, v_turn + 100000, e_job, e_lane, e_kind, e_at, e_errors);
    v_ready := v_ready + r.ready;
    v_added := v_added - r.ended;
    v_nearer := r.next_at;
  END IF;
  IF cardinality(j_id) > 0 THEN
    SELECT * INTO r FROM add_jobs(
      p_session, p_now, v_turn + 200000, p_pools, p_direct, v_fresh, (SELECT count(*)::integer + 1 FROM unnest(n_end) AS x(n) WHERE n > 0),
      j_entry, j_id, j_lane, j_pool, j_adapter, j_plugin, j_handler, j_payload, j_digest, j_stored, j_run
    );
    v_ready := v_ready + r.ready;
    v_added := v_added + r.added;
    v_direct := r.direct;
    v_nearer := least(v_nearer, r.next_at);
    IF p_more->'lanes' IS NOT NULL THEN
      UPDATE job SET long_lane = l.lane FROM json_to_recordset(p_more->'lanes') AS l(id bigint, lane text) WHERE job.id = l.id;
    END IF;
  END IF;
  IF p_more IS NOT NULL THEN
    IF p_more->'values' IS NOT NULL THEN v_values := write_values(p_more->'values'); END IF;
    IF p_more->'dead' IS NOT NULL THEN
      SELECT * INTO r FROM write_dead(p_session, p_now, v_turn + 500000, p_more->'dead');
      v_dead := r.flags;
      v_ready := v_ready + r.ready;
      v_added := v_added + r.revived;
    END IF;
    IF p_more->'counts' IS NOT NULL THEN PERFORM write_counts(p_session, p_more->'counts'); END IF;
    IF p_more->'doubts' IS NOT NULL THEN PERFORM write_doubts(p_more->'doubts'); END IF;
    IF p_more->'budgets' IS NOT NULL THEN v_budgets := take_budgets(p_more->'budgets'); END IF;
  END IF;

  IF cardinality(v_due) > 0 OR cardinality(v_held) > 0 THEN
    v_ready := v_ready + let_in(v_due, v_held, p_now, v_turn + 600000);
  END IF;
  IF p_claim > 0 THEN
    SELECT * INTO r FROM claim_lanes(p_session, p_pools, p_claim, p_suspect, v_turn);
    v_claimed := r.heads;
    v_ready := v_ready - r.own + r.spare;
  END IF;
  IF p_leave THEN v_ready := v_ready + take_back(ARRAY[p_session], v_turn + 700000); END IF;

  v_next := least(
    (SELECT run_at FROM job WHERE seq IS NULL ORDER BY run_at LIMIT 1),
    (SELECT held_until FROM lane WHERE held_until IS NOT NULL ORDER BY held_until LIMIT 1)
  );
  v_result := json_build_object(
    'added', coalesce((SELECT string_agg(f::integer::text, '' ORDER BY ord) FROM unnest(v_fresh, n_end) WITH ORDINALITY AS x(f, n, ord) WHERE n = 0), ''),
    'direct', v_direct, 'values', v_values, 'dead', v_dead, 'budgets', v_budgets, 'claimed', v_claimed,
    'nextAt', coalesce(v_next, 0), 'pending', (SELECT sum(waiting) FROM session) + v_added
  )::text;
  UPDATE session SET beats = beats + 1, batch = p_number, result = v_result, waiting = waiting + v_added,
    info = coalesce(p_hello, info), ended = p_leave, ended_at = CASE WHEN p_leave THEN p_now ELSE 0 END
  WHERE id = p_session;
  IF v_ready > 0 OR v_nearer <= v_next THEN PERFORM pg_notify('__schema__', p_from); END IF;

  RETURN NEXT ROW (v_result, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::claimed;
  IF cardinality(v_claimed) > 0 THEN RETURN QUERY SELECT * FROM claimed_jobs(p_session, v_claimed); END IF;
END $$;
`;
