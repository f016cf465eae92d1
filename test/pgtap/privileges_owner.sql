-- The book belongs to a role that is no superuser: all works, and with its rights only.
\ir story.psql
SELECT * FROM no_plan();

SELECT 'keeper_' || pg_backend_pid() AS keeper, 'app_' || pg_backend_pid() AS app \gset
CREATE ROLE :keeper;
CREATE ROLE :app;
GRANT CREATE ON SCHEMA public TO :keeper;
SELECT format('ALTER %s %s OWNER TO %I', kind, object, :'keeper') FROM sync_privileges WHERE privilege IS NULL OR privilege = 'admin'
ORDER BY kind <> 'TABLE' \gexec
SELECT is_empty(format($$ SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE p.proname LIKE 'sync\_%%' AND p.proowner <> %L::regrole
	UNION ALL SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relname LIKE 'sync\_%%' AND c.relowner <> %1$L::regrole $$, :'keeper'),
	'all of it is the keeper''s');

SET ROLE :keeper;
SELECT sync_configure('contact', '{"systems": ["crm", "desk"], "fields": {"name": {}}, "window": "0"}');
SELECT lives_ok(format('SELECT sync_grant(%L, %L)', :'app', privilege), privilege || ' is the owner''s to give') FROM unnest('{ingest,worker}'::text[]) AS privilege;
RESET ROLE;
SET ROLE :app;
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "1", "name": "A"}')), 'accepted', 'what arrives is taken in');
SELECT is((SELECT sum(sync_ack(lease)) FROM sync_poll('desk')), 1::bigint, 'and carried on');
RESET ROLE;
SELECT is((SELECT string_agg(event, ',' ORDER BY id) FROM sync_event), 'arrived', 'the book says so');

-- A trigger on a table of the book is the owner's, under a search path that nobody else can lead astray
CREATE TABLE seen (who text, path text);
ALTER TABLE seen OWNER TO :keeper;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.seen VALUES (current_user, current_setting('search_path'));
	RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON sync_outbox FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER note AFTER INSERT ON sync_reject FOR EACH ROW EXECUTE FUNCTION note();
CREATE SCHEMA path AUTHORIZATION :app;
SET ROLE :app;
SET search_path = path, public;
SELECT sync_diff('crm', 'contact', '[{"record_key": "2", "name": "B"}, {"record_key": 3, "name": []}]');
SELECT count(*) FROM sync_poll('desk');
RESET search_path;
RESET ROLE;
SELECT set_eq('SELECT DISTINCT who, path FROM seen', format($$ VALUES (%L, 'pg_catalog, pg_temp') $$, :'keeper'), 'its code runs so');
SELECT cmp_ok((SELECT count(*) FROM seen), '>=', 3::bigint, 'for what is claimed and for what is rejected, too');

-- Another owner is noticed at once
SELECT format('ALTER %s %s OWNER TO %I', kind, object, current_user) FROM sync_privileges WHERE privilege IS NULL OR privilege = 'admin'
ORDER BY kind <> 'TABLE' \gexec
TRUNCATE seen;
SET ROLE :app;
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "4", "name": "D"}')), 'accepted', 'the book goes to somebody else');
RESET ROLE;
SELECT set_eq('SELECT DISTINCT who FROM seen', ARRAY[current_user::text], 'and is written with the new owner''s rights');

DROP TABLE seen CASCADE;
DROP OWNED BY :keeper, :app CASCADE;
DROP ROLE :keeper, :app;
SELECT * FROM finish();
