/**
 * What happens to lanes. The order of locks is what keeps two batches from waiting for each other for ever: all lanes that
 * a batch ends, appends to, frees or takes back are locked once, by `lock_lanes`, in the order of their keys.
 *
 * Who appends holds a lane with KEY SHARE: it may be claimed meanwhile, but not deleted. Who ends holds it with UPDATE.
 * A claim passes over what is locked, and so only over lanes that another claim takes.
 */
export const LANES = `
CREATE FUNCTION lock_lanes(p_strong text[], p_weak text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM count(s.key), count(w.key)
  FROM (
    SELECT key COLLATE "C" AS key, bool_or(strong) AS strong
    FROM (SELECT unnest(p_strong), true UNION ALL SELECT unnest(p_weak), false) AS a(key, strong)
    GROUP BY 1 ORDER BY 1
  ) AS k
  LEFT JOIN LATERAL (SELECT lane.key FROM lane WHERE lane.key = k.key AND k.strong FOR UPDATE) AS s ON true
  LEFT JOIN LATERAL (SELECT lane.key FROM lane WHERE lane.key = k.key AND NOT k.strong FOR KEY SHARE) AS w ON true;
END $$;

-- Jobs come into their lanes: a lane that is not there begins with the first of them, ready at its turn, or owned by
-- p_session for the first p_direct of those that may be claimed directly. The jobs' own rows are the caller's.
CREATE FUNCTION open_lanes(
  p_lanes text[], p_jobs bigint[], p_pools text[], p_failed integer[], p_may boolean[], p_turns bigint[],
  p_session text, p_direct integer, OUT ready integer, OUT direct bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
  v_ready integer;
  v_direct bigint[];
BEGIN
  ready := 0;
  direct := '{}';
  LOOP
    WITH opened AS (
      INSERT INTO lane (key, pool, head, attempts, suspect, owner, turn)
      SELECT key, pool, job, taken::integer, failed <= -2, CASE WHEN taken THEN p_session END, CASE WHEN NOT taken THEN turn END
      FROM (
        SELECT f.*, f.may AND count(*) FILTER (WHERE f.may) OVER (ORDER BY f.ord) <= p_direct - cardinality(direct) AS taken
        FROM (
          SELECT DISTINCT ON (key COLLATE "C") key, job, pool, failed, may, turn, ord
          FROM unnest(p_lanes, p_jobs, p_pools, p_failed, p_may, p_turns) WITH ORDINALITY AS j(key, job, pool, failed, may, turn, ord)
          WHERE NOT EXISTS (SELECT FROM lane WHERE lane.key = j.key)
          ORDER BY key COLLATE "C", ord
        ) AS f
      ) AS g
      ORDER BY key COLLATE "C"
      ON CONFLICT (key) DO NOTHING
      RETURNING head, owner
    )
    SELECT count(*) FILTER (WHERE owner IS NULL), coalesce(array_agg(head ORDER BY head) FILTER (WHERE owner IS NOT NULL), '{}')
    INTO v_ready, v_direct FROM opened;
    ready := ready + v_ready;
    direct := direct || v_direct;
    -- Another batch may have opened one of them since they were locked, and may end it again: then once more.
    PERFORM FROM (
      SELECT DISTINCT ON (key COLLATE "C") key, job
      FROM unnest(p_lanes, p_jobs) WITH ORDINALITY AS j(key, job, ord) ORDER BY key COLLATE "C", ord
    ) AS f
    LEFT JOIN LATERAL (SELECT lane.key FROM lane WHERE lane.key = f.key AND lane.head <> f.job FOR KEY SHARE) AS l ON true
    WHERE l.key IS NULL AND NOT EXISTS (SELECT FROM lane WHERE lane.key = f.key AND lane.head = f.job);
    EXIT WHEN NOT FOUND;
  END LOOP;
END $$;

-- Lanes of sessions that are gone: their heads keep the attempt that was begun.
CREATE FUNCTION take_back(p_owners text[], p_turn bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_ready integer;
BEGIN
  WITH back AS (
    SELECT l.key, j.failed, row_number() OVER (ORDER BY j.seq) AS place
    FROM lane AS l JOIN job AS j ON j.id = l.head WHERE l.owner = ANY (p_owners)
  )
  UPDATE lane SET owner = NULL, turn = p_turn + back.place, suspect = attempts - back.failed >= 2
  FROM back WHERE lane.key = back.key;
  GET DIAGNOSTICS v_ready = ROW_COUNT;
  RETURN v_ready;
END $$;

-- What waited for its time until p_now comes in: delayed jobs (whose rows are locked) and held lanes, the earliest first.
CREATE FUNCTION let_in(p_jobs bigint[], p_held text[], p_now bigint, p_turn bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  v_freed integer;
  v_ready integer := 0;
  v_seq bigint;
BEGIN
  WITH held AS (
    SELECT l.key, l.held_until FROM unnest(p_held) AS h(key) JOIN lane AS l ON l.key = h.key WHERE l.held_until <= p_now
  )
  UPDATE lane SET held_until = NULL, turn = p_turn + p.place FROM (
    SELECT held.key, row_number() OVER (ORDER BY held.held_until)
      + (SELECT count(*) FROM unnest(p_jobs) AS d(id) JOIN job AS j ON j.id = d.id WHERE j.run_at <= held.held_until) AS place
    FROM held
  ) AS p WHERE lane.key = p.key;
  GET DIAGNOSTICS v_freed = ROW_COUNT;
  IF cardinality(p_jobs) > 0 THEN
    SELECT o.ready INTO v_ready FROM (
      SELECT array_agg(j.lane ORDER BY d.ord) AS lanes, array_agg(j.id ORDER BY d.ord) AS ids, array_agg(j.pool ORDER BY d.ord) AS pools,
        array_agg(j.failed ORDER BY d.ord) AS failed, array_agg(false) AS may, array_agg(p_turn + d.ord ORDER BY d.ord) AS turns
      FROM unnest(p_jobs) WITH ORDINALITY AS d(id, ord) JOIN job AS j ON j.id = d.id
    ) AS a, open_lanes(a.lanes, a.ids, a.pools, a.failed, a.may, a.turns, '', 0) AS o;
    v_seq := nextval('tick') << 20;
    UPDATE job SET seq = v_seq + d.ord FROM unnest(p_jobs) WITH ORDINALITY AS d(id, ord) WHERE job.id = d.id;
  END IF;
  RETURN v_freed + v_ready;
END $$;

-- own: how many of them became ready at p_turn or later; spare: were locked and are ready still.
CREATE FUNCTION claim_lanes(
  p_session text, p_pools text[], p_want integer, p_suspect boolean, p_turn bigint,
  OUT heads bigint[], OUT own integer, OUT spare integer
) LANGUAGE plpgsql AS $$
DECLARE
  v_pools text[] := coalesce(p_pools, ARRAY(SELECT name FROM pool));
  v_want integer := p_want;
  v_head bigint;
  v_turn bigint;
BEGIN
  IF p_suspect AND v_want > 0 THEN
    WITH picked AS MATERIALIZED (
      SELECT key, turn FROM lane WHERE suspect AND turn IS NOT NULL AND (p_pools IS NULL OR pool = ANY (p_pools))
      ORDER BY turn LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE lane SET owner = p_session, turn = NULL, attempts = attempts + 1
    FROM picked WHERE lane.key = picked.key RETURNING lane.head, picked.turn INTO v_head, v_turn;
    IF FOUND THEN v_want := v_want - 1; END IF;
  END IF;
  WITH picked AS MATERIALIZED (
    SELECT l.key, l.turn FROM (SELECT DISTINCT unnest(v_pools)) AS p(name)
    CROSS JOIN LATERAL (
      SELECT key, turn FROM lane WHERE lane.pool = p.name AND turn IS NOT NULL AND NOT suspect
      ORDER BY turn LIMIT v_want FOR NO KEY UPDATE SKIP LOCKED
    ) AS l
  ), taken AS (
    UPDATE lane SET owner = p_session, turn = NULL, attempts = attempts + 1
    FROM (SELECT key, turn FROM picked ORDER BY turn LIMIT v_want) AS k WHERE lane.key = k.key RETURNING lane.head, k.turn
  )
  SELECT coalesce(array_agg(head ORDER BY turn), '{}'), count(*) FILTER (WHERE turn >= p_turn), (SELECT count(*) FROM picked) - count(*)
  INTO heads, own, spare FROM taken;
  IF v_head IS NOT NULL THEN
    heads := v_head || heads;
    own := own + (v_turn >= p_turn)::integer;
  END IF;
END $$;
`;
