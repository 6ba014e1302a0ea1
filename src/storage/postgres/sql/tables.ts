/**
 * The tables. Texts are compared by their bytes, so that every server sorts them alike and a prefix is a range.
 *
 * A lane has a row as long as it has entered jobs. It is ready (`turn`: its place among the ready), owned by a session
 * (`owner`), or held (`held_until`); always one of the three. `head` is the job that runs or will run next, and its
 * attempts are counted here: a job's own row, with its payload, is written once and deleted once.
 *
 * `session` is the heartbeat, the fence and the record of the last batch. `waiting` is its share of the jobs that wait
 * (added minus ended, so it may be negative); the row '' keeps the shares of sessions that are long gone. So do the
 * ledger's rows of session '': nodes never wait for each other's counts.
 *
 * `long_key` and `long_lane` have the whole of a key that is shortened where it is indexed.
 */
export const TABLES = `
CREATE TABLE session (
  id text COLLATE "C" PRIMARY KEY, info text NOT NULL, beats bigint NOT NULL, batch bigint NOT NULL, result text,
  ended boolean NOT NULL DEFAULT false, ended_at bigint NOT NULL DEFAULT 0, waiting bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
INSERT INTO session (id, info, beats, batch, ended, ended_at) VALUES ('', '{}', 0, 0, true, 9007199254740991);

CREATE TABLE pool (name text COLLATE "C" PRIMARY KEY);

CREATE TABLE lane (
  key text COLLATE "C" PRIMARY KEY, pool text COLLATE "C" NOT NULL, head bigint NOT NULL,
  attempts integer NOT NULL, suspect boolean NOT NULL, turn bigint, owner text COLLATE "C", held_until bigint
) WITH (
  fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX lane_ready ON lane (pool, turn) WHERE turn IS NOT NULL AND NOT suspect;
CREATE INDEX lane_suspect ON lane (turn) WHERE turn IS NOT NULL AND suspect;
CREATE INDEX lane_held ON lane (held_until) WHERE held_until IS NOT NULL;

CREATE TABLE job (
  id bigint PRIMARY KEY, seq bigint, run_at bigint NOT NULL, stored_at bigint NOT NULL, seen bigint,
  failed integer NOT NULL DEFAULT 0, lane text COLLATE "C" NOT NULL, pool text COLLATE "C" NOT NULL,
  adapter text COLLATE "C" NOT NULL, plugin text COLLATE "C" NOT NULL, handler text NOT NULL,
  payload text NOT NULL, errors text NOT NULL DEFAULT '[]', long_lane text
) WITH (
  autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 1
);
CREATE INDEX job_lane ON job (lane, seq) WHERE seq IS NOT NULL;
CREATE INDEX job_delayed ON job (run_at, id) WHERE seq IS NULL;

CREATE TABLE step (job bigint NOT NULL, key text COLLATE "C" NOT NULL, value text NOT NULL, long_key text, PRIMARY KEY (job, key));

CREATE TABLE seen (hash bigint PRIMARY KEY, at bigint NOT NULL);
CREATE INDEX seen_at ON seen (at);

CREATE TABLE dead (
  id bigint PRIMARY KEY, stored_at bigint NOT NULL, died_at bigint NOT NULL, seen bigint,
  attempts integer NOT NULL, failed integer NOT NULL, lane text COLLATE "C" NOT NULL, pool text COLLATE "C" NOT NULL,
  adapter text COLLATE "C" NOT NULL, plugin text COLLATE "C" NOT NULL, handler text NOT NULL,
  payload text NOT NULL, errors text NOT NULL, long_lane text
);
CREATE INDEX dead_newest ON dead (died_at, id);

CREATE TABLE ledger (
  day integer NOT NULL, adapter text COLLATE "C" NOT NULL, plugin text COLLATE "C" NOT NULL, session text COLLATE "C" NOT NULL,
  received bigint NOT NULL DEFAULT 0, done bigint NOT NULL DEFAULT 0, ignored bigint NOT NULL DEFAULT 0,
  discarded bigint NOT NULL DEFAULT 0, duplicates bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (day, adapter, plugin, session)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE doubt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at bigint NOT NULL, job text NOT NULL, adapter text NOT NULL,
  plugin text NOT NULL, step text NOT NULL, outcome text NOT NULL
);

CREATE TABLE value (key text COLLATE "C" PRIMARY KEY, value text NOT NULL, until bigint, long_key text);
CREATE INDEX value_until ON value (until) WHERE until IS NOT NULL;

CREATE TABLE budget (
  key text COLLATE "C" PRIMARY KEY, full_at double precision NOT NULL, paused_until double precision NOT NULL
) WITH (fillfactor = 50);

CREATE SEQUENCE tick;

CREATE TYPE claimed AS (
  outcome text, id bigint, lane text, pool text, adapter text, plugin text, handler text, payload text,
  "storedAt" bigint, "runAt" bigint, digest text, attempts integer, failed integer, errors text, steps text
);
`;
