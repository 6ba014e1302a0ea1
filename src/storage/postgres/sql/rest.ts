/** What a batch does beside jobs; these lists are short, and each write sees what the one before it did. */
export const REST = `
CREATE FUNCTION write_steps(p_steps json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO step (job, key, value, long_key)
  SELECT DISTINCT ON (job, key) (s->>'job')::bigint AS job, s->>'key' AS key, s->>'value', s->>'long'
  FROM json_array_elements(p_steps) WITH ORDINALITY AS a(s, ord)
  WHERE EXISTS (SELECT FROM job WHERE id = (s->>'job')::bigint) OR EXISTS (SELECT FROM dead WHERE id = (s->>'job')::bigint)
  ORDER BY job, key, ord DESC
  ON CONFLICT (job, key) DO UPDATE SET value = excluded.value;
END $$;

-- A flag per write, as text of 0 and 1; so below.
CREATE FUNCTION write_values(p_values json) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  w record;
  flags text := '';
BEGIN
  PERFORM FROM value WHERE key IN (SELECT v->>'key' FROM json_array_elements(p_values) AS v) ORDER BY key FOR UPDATE;
  FOR w IN
    SELECT v->>'key' AS key, v->>'value' AS value, v->>'expected' AS expected, (v->>'until')::bigint AS until, v->>'long' AS long,
      v->'expected' IS NULL AS is_blind
    FROM json_array_elements(p_values) WITH ORDINALITY AS a(v, ord) ORDER BY ord
  LOOP
    IF w.value IS NULL THEN
      DELETE FROM value WHERE key = w.key AND (w.is_blind OR value = w.expected);
    ELSIF w.is_blind THEN
      INSERT INTO value (key, value, until, long_key) VALUES (w.key, w.value, w.until, w.long)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, until = excluded.until;
    ELSIF w.expected IS NULL THEN
      INSERT INTO value (key, value, until, long_key) VALUES (w.key, w.value, w.until, w.long) ON CONFLICT DO NOTHING;
    ELSE
      UPDATE value SET value = w.value, until = w.until WHERE key = w.key AND value = w.expected;
    END IF;
    flags := flags || FOUND::integer;
  END LOOP;
  RETURN flags;
END $$;

CREATE FUNCTION write_dead(
  p_session text, p_now bigint, p_turn bigint, p_writes json, OUT flags text, OUT ready integer, OUT revived integer
) LANGUAGE plpgsql AS $$
DECLARE
  w record;
  d dead%ROWTYPE;
  v_ready integer;
BEGIN
  flags := '';
  ready := 0;
  revived := 0;
  FOR w IN
    SELECT (v->>'id')::bigint AS id, v->>'kind' AS kind, v->>'payload' AS payload, ord
    FROM json_array_elements(p_writes) WITH ORDINALITY AS a(v, ord) ORDER BY ord
  LOOP
    IF w.kind = 'edit' THEN
      UPDATE dead SET payload = w.payload WHERE id = w.id;
    ELSE
      DELETE FROM dead WHERE id = w.id RETURNING * INTO d;
    END IF;
    flags := flags || FOUND::integer;
    CONTINUE WHEN NOT FOUND OR w.kind = 'edit';
    IF w.kind = 'discard' THEN
      DELETE FROM step WHERE job = d.id;
      INSERT INTO ledger (day, adapter, plugin, session, discarded) VALUES (d.stored_at / 86400000, d.adapter, d.plugin, p_session, 1)
      ON CONFLICT (day, adapter, plugin, session) DO UPDATE SET discarded = ledger.discarded + 1;
    ELSE
      SELECT o.ready INTO v_ready FROM open_lanes(
        ARRAY[d.lane], ARRAY[d.id], ARRAY[d.pool], ARRAY[d.failed - d.attempts], ARRAY[false], ARRAY[p_turn + w.ord], '', 0
      ) AS o;
      INSERT INTO job (id, seq, run_at, stored_at, seen, failed, lane, pool, adapter, plugin, handler, payload, long_lane)
      VALUES (d.id, nextval('tick') << 20, p_now, d.stored_at, d.seen, d.failed - d.attempts, d.lane, d.pool, d.adapter, d.plugin, d.handler, d.payload, d.long_lane);
      ready := ready + v_ready;
      revived := revived + 1;
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION write_counts(p_session text, p_counts json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ledger (day, adapter, plugin, session, received, ignored)
  SELECT day, adapter, plugin, p_session, sum(by) FILTER (WHERE "column" = 'received'), sum(by) FILTER (WHERE "column" = 'ignored')
  FROM (
    SELECT day, adapter, plugin, "column", by FROM json_to_recordset(p_counts) AS c(day integer, adapter text, plugin text, "column" text, by bigint)
    UNION ALL SELECT DISTINCT day, adapter, plugin, u.name, 0
      FROM json_to_recordset(p_counts) AS c(day integer, adapter text, plugin text), (VALUES ('received'), ('ignored')) AS u(name)
  ) AS c
  GROUP BY day, adapter, plugin
  ON CONFLICT (day, adapter, plugin, session)
  DO UPDATE SET received = ledger.received + excluded.received, ignored = ledger.ignored + excluded.ignored;
END $$;

CREATE FUNCTION write_doubts(p_doubts json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO doubt (at, job, adapter, plugin, step, outcome)
  SELECT (d->>'at')::bigint, d->>'job', d->>'adapter', d->>'plugin', d->>'step', d->>'outcome'
  FROM json_array_elements(p_doubts) WITH ORDINALITY AS a(d, ord) ORDER BY ord;
END $$;

-- Token buckets as one number: when the bucket will be full again, in ms of this server's clock. A pause empties nothing,
-- but nothing runs before its end, and then a burst at most.
CREATE FUNCTION take_budgets(p_budgets json) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  w record;
  b budget%ROWTYPE;
  v_now double precision;
  v_from double precision;
  waits bigint[] := '{}';
BEGIN
  INSERT INTO budget (key, full_at, paused_until)
  SELECT DISTINCT a.v->>'key', 0, 0 FROM json_array_elements(p_budgets) AS a(v) ORDER BY 1
  ON CONFLICT (key) DO UPDATE SET key = budget.key;
  v_now := extract(epoch FROM clock_timestamp()) * 1000;
  FOR w IN
    SELECT v->>'key' AS key, (v->>'interval')::double precision AS gap, (v->>'burst')::double precision AS burst, (v->>'pause')::double precision AS pause
    FROM json_array_elements(p_budgets) WITH ORDINALITY AS a(v, ord) ORDER BY ord
  LOOP
    SELECT * INTO b FROM budget WHERE key = w.key;
    b.paused_until := greatest(b.paused_until, CASE WHEN w.pause > 0 THEN v_now + w.pause END);
    v_from := greatest(b.full_at, b.paused_until, v_now);
    IF w.gap > 0 THEN b.full_at := v_from + w.gap; END IF;
    UPDATE budget SET full_at = b.full_at, paused_until = b.paused_until WHERE key = w.key;
    waits := waits || ceil(greatest(0, b.paused_until - v_now, CASE WHEN w.gap > 0 THEN v_from + w.gap - w.burst * w.gap - v_now END))::bigint;
  END LOOP;
  RETURN waits;
END $$;
`;
