-- Whoever attaches a table has its code run where the table is written to: as itself, not as the
-- superuser who calls sync_apply, or who writes the table next door.
\ir story.psql
SELECT * FROM no_plan();

SELECT 'thief_' || pg_backend_pid() AS thief, 'worker_' || pg_backend_pid() AS worker, current_user AS me, current_setting('search_path') AS path \gset
CREATE ROLE :thief;
CREATE ROLE :worker;
SELECT sync_grant(:'thief', 'ingest'), sync_grant(:'worker', 'worker');
CREATE SCHEMA theirs AUTHORIZATION :thief;
CREATE SCHEMA path;
SELECT sync_configure('contact', '{"systems": {"crm": {}, "slow": {"key": "id"}, "fast": {"key": "id", "apply": "immediate"}, "app": {"key": "id"}}, "fields": {"name": {}}, "window": "0"}');

SET ROLE :thief;
CREATE TABLE theirs.slow (id text PRIMARY KEY, name text);
CREATE TABLE theirs.fast (LIKE theirs.slow INCLUDING ALL);
CREATE TABLE theirs.log (who text, path text, relation text);
GRANT USAGE ON SCHEMA theirs TO :worker;
GRANT INSERT ON theirs.log TO PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON theirs.slow TO :worker;
CREATE FUNCTION theirs.bait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO theirs.log VALUES (current_user, current_setting('search_path'), tg_table_name);
	CASE new.name
		WHEN 'path' THEN PERFORM set_config('search_path', 'theirs', false);
		WHEN 'temp' THEN CREATE TEMP TABLE sync_lag (lies text);
		WHEN 'role' THEN EXECUTE format('SET ROLE %I', session_user);
		ELSE NULL;
	END CASE;
	RETURN new;
END $$;
CREATE TRIGGER bait BEFORE INSERT ON theirs.slow FOR EACH ROW EXECUTE FUNCTION theirs.bait();
CREATE TRIGGER bait BEFORE INSERT ON theirs.fast FOR EACH ROW EXECUTE FUNCTION theirs.bait();
SELECT sync_attach('theirs.slow', 'slow', 'contact');
SELECT sync_attach('theirs.fast', 'fast', 'contact');
RESET ROLE;

-- A superuser who calls sync_apply
SELECT count(*) FROM sync_diff('crm', 'contact', '[{"record_key": "1", "name": "plain"}, {"record_key": "2", "name": "path"}]');
SELECT is(sync_apply('slow'), 2, 'a superuser applies');
SELECT set_eq('SELECT DISTINCT who, path, relation FROM theirs.log', format($$ VALUES (%L, 'pg_catalog, pg_temp', 'slow') $$, :'thief'),
	'the owner''s code runs as the owner');
SELECT is(current_user || ' ' || current_setting('search_path'), :'me' || ' ' || :'path', 'and leaves nothing behind');
SELECT count(*) FROM sync_diff('crm', 'contact', '[{"record_key": "3", "name": "temp"}, {"record_key": "4", "name": "role"}]');
SELECT is(sync_apply('slow'), 0, 'what would outlast the statement');
SELECT is((SELECT array_agg(last_error ORDER BY record_key) FROM sync_outbox WHERE target_system = 'slow'),
	'{"cannot create temporary table within security-restricted operation","cannot set parameter \"role\" within security-definer function"}', 'is refused, and said');

-- A superuser who writes the table next door
CREATE TABLE people (id text PRIMARY KEY, name text);
SELECT sync_attach('people', 'app', 'contact');
TRUNCATE theirs.log;
INSERT INTO people VALUES ('5', 'plain'), ('6', 'path');
SELECT is((SELECT count(*) FROM theirs.fast WHERE id IN ('5', '6')), 2::bigint, 'is applied at once');
SELECT set_eq('SELECT DISTINCT who FROM theirs.log', ARRAY[:'thief'], 'by the owner''s rights');
SELECT is(current_user || ' ' || current_setting('search_path'), :'me' || ' ' || :'path', 'which end with it');

-- A worker that may write the table, and is not its owner, does so as anybody would
TRUNCATE theirs.log;
SET ROLE :worker;
SET search_path = path, public;
SELECT sync_apply('slow') AS applied \gset
RESET search_path;
RESET ROLE;
SELECT is(:applied, 2, 'a worker applies');
SELECT set_eq($$ SELECT DISTINCT who, path FROM theirs.log $$, format($$ VALUES (%L, 'path, public') $$, :'worker'), 'with rights and search path of its own');

DROP OWNED BY :thief, :worker CASCADE;
DROP ROLE :thief, :worker;
SELECT * FROM finish();
