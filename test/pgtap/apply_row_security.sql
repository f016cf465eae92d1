-- Row security holds for what sync_apply writes: a row that it hides is not taken for one that is gone.
\ir story.psql
SELECT * FROM no_plan();

SELECT 'owner_' || pg_backend_pid() AS owner, 'worker_' || pg_backend_pid() AS worker \gset
CREATE ROLE :owner;
CREATE ROLE :worker;
CREATE TABLE t (k text PRIMARY KEY, tenant int, label text);
CREATE TABLE m (k text PRIMARY KEY, tenant int, label text);
ALTER TABLE t OWNER TO :owner;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON t USING (tenant = current_setting('test.tenant')::int);
SELECT sync_configure('row', '{"systems": {"t": {"key": "k"}, "m": {"key": "k"}}, "window": "0", "fields": {"tenant": {"type": "number"}, "label": {}}}');
SELECT sync_attach('t', 't', 'row'), sync_attach('m', 'm', 'row');
SET test.tenant = 1;
INSERT INTO m VALUES ('a', 1, 'A'), ('b', 2, 'B'), ('c', 2, 'C'), ('d', 2, 'D');
SELECT is(sync_apply('t'), 4, 'the owner of the table is bound by no policy');

CREATE FUNCTION pg_temp.waiting() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, action, regexp_replace(last_error, '"(owner|worker)_\d+"', '"\1"')), '; ' ORDER BY record_key) FROM sync_outbox
$$;
DELETE FROM m WHERE k IN ('a', 'b');
UPDATE m SET label = 'CC' WHERE k = 'c';
DELETE FROM t WHERE k = 'd';
DELETE FROM m WHERE k = 'd';
ALTER TABLE t FORCE ROW LEVEL SECURITY;
SELECT is(sync_apply('t'), 1, 'where the owner is one row goes');
SELECT is((SELECT string_agg(concat_ws(' ', k, label), ', ' ORDER BY k) FROM t), 'b B, c C', 'the others stay');
SELECT is(pg_temp.waiting(), 'b delete row security of "t" lets no delete of the row of key "b" by role "owner" through; c update row security of "t" lets no update of the row of key "c" by role "owner" through',
	'and are told of, each with the reason');
SELECT is((SELECT count(*) FROM sync_outbox), 2::bigint, 'what is gone already is no reason');
SET test.tenant = 2;
SELECT count(sync_redrive(id)) FROM sync_outbox;
SELECT is(sync_apply('t'), 2, 'for whom the policy shows them they go');
SELECT is((SELECT string_agg(concat_ws(' ', k, label), ', ' ORDER BY k) FROM t), 'c CC', 'for good');

-- A worker that is bound by a policy
GRANT SELECT, INSERT, UPDATE, DELETE ON t TO :worker;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO :worker;
SET test.tenant = 1;
DELETE FROM m WHERE k = 'c';
SET ROLE :worker;
SELECT is(sync_apply('t'), 0, 'so for a worker');
RESET ROLE;
SELECT is(pg_temp.waiting(), 'c delete row security of "t" lets no delete of the row of key "c" by role "worker" through', 'that the policy binds');
SELECT count(sync_redrive(id)) FROM sync_outbox;
ALTER TABLE t NO FORCE ROW LEVEL SECURITY;
SELECT is(sync_apply('t'), 1, 'and not for others');

-- At once
SELECT sync_configure('row', '{"systems": {"t": {"key": "k", "apply": "immediate"}, "m": {"key": "k"}}, "window": "0", "fields": {"tenant": {"type": "number"}, "label": {}}}');
INSERT INTO m VALUES ('e', 2, 'E');
ALTER TABLE t FORCE ROW LEVEL SECURITY;
DELETE FROM m;
SELECT is(pg_temp.waiting(), 'e delete row security of "t" lets no delete of the row of key "e" by role "owner" through', 'at once it is the owner''s rights that count');

SET client_min_messages = error;
DROP OWNED BY :owner, :worker CASCADE;
DROP ROLE :owner, :worker;
SELECT * FROM finish();
