-- The row of a key is found by the operator of the key's own type, in whichever schema that is.
\ir story.psql
SELECT * FROM no_plan();

SELECT 'owner_' || pg_backend_pid() AS owner \gset
CREATE ROLE :owner;
CREATE SCHEMA kinds;
CREATE EXTENSION ltree SCHEMA kinds;
CREATE EXTENSION citext SCHEMA kinds;
CREATE TYPE kinds.mood AS ENUM ('sad', 'glad');
CREATE DOMAIN kinds.code AS varchar(5);
GRANT USAGE ON SCHEMA kinds TO :owner;

CREATE FUNCTION pg_temp.through(name text, type text, key text, other text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	n int[];
BEGIN
	EXECUTE format('CREATE TABLE %I (id %s PRIMARY KEY, v text); ALTER TABLE %1$I OWNER TO %3$I', name, type, 'owner_' || pg_backend_pid());
	PERFORM sync_configure(name, '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0", "fields": {"v": {}}}');
	PERFORM sync_attach(name::regclass, 'app', name);
	PERFORM sync_diff('crm', name, jsonb_build_array(jsonb_build_object('record_key', key, 'v', 'a'), jsonb_build_object('record_key', other, 'v', 'b')));
	n := ARRAY[sync_apply('app')];
	PERFORM sync_diff('crm', name, jsonb_build_object('record_key', key, 'v', 'c'));
	n := n || sync_apply('app');
	PERFORM sync_delete('crm', name, ARRAY[other]);
	n := n || sync_apply('app');
	EXECUTE format('SELECT concat_ws('' '', %L, string_agg(concat_ws('' '', id, v), '', '')) FROM %I', n, name) INTO name;
	RETURN name;
END $$;
SELECT is(pg_temp.through('k_ltree', 'kinds.ltree', 'a.b', 'c'), '{2,1,1} a.b c', 'a type with operators of its own');
SELECT is(pg_temp.through('k_citext', 'kinds.citext', 'Ab', 'c'), '{2,1,1} Ab c', 'one that is text, too');
SELECT is(pg_temp.through('k_mood', 'kinds.mood', 'sad', 'glad'), '{2,1,1} sad c', 'an enum');
SELECT is(pg_temp.through('k_code', 'kinds.code', 'x', 'y'), '{2,1,1} x c', 'a domain');
SELECT is(pg_temp.through('k_uuid', 'uuid', '11111111-1111-1111-1111-111111111111', '21111111-1111-1111-1111-111111111111'), '{2,1,1} 11111111-1111-1111-1111-111111111111 c', 'a type of the system');
SELECT sync_diff('crm', 'k_citext', '{"record_key": "AB", "v": "d"}');
SELECT is(sync_apply('app'), 0, 'a row that the type takes for the same');
SELECT is((SELECT record_key || ' ' || last_error FROM sync_outbox), 'AB duplicate key value violates unique constraint "k_citext_pkey"', 'is another record');

DROP OWNED BY :owner CASCADE;
DROP ROLE :owner;
SELECT * FROM finish();
