-- A policy that is right is accepted, kept in versions, and means the same under any setting.
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.configured(config jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_configure('tried', config);
	RETURN 'yes';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END
$$;

-- A policy of two systems and one field with these keys.
CREATE FUNCTION pg_temp.with_field(keys jsonb, name text DEFAULT 'phone') RETURNS jsonb
LANGUAGE sql AS $$
	SELECT jsonb_build_object('systems', '["crm", "support"]'::jsonb,
							  'fields', jsonb_build_object(name, keys))
$$;

CREATE FUNCTION pg_temp.with_system(keys jsonb, name text DEFAULT 'crm') RETURNS jsonb
LANGUAGE sql AS $$
	SELECT jsonb_build_object('systems', jsonb_build_object(name, keys), 'fields', '{"phone": {}}'::jsonb)
$$;

CREATE FUNCTION pg_temp.with_key(key text, value jsonb) RETURNS jsonb
LANGUAGE sql AS $$
	SELECT pg_temp.with_field('{}') || jsonb_build_object(key, value)
$$;

CREATE FUNCTION pg_temp.sentence(entity text, pattern text) RETURNS text
LANGUAGE sql AS $$
	SELECT btrim(substring(sync_policy(entity) FROM '[^\n]*' || pattern || '[^\n]*'))
$$;

-- Versions
SELECT is(sync_configure('note', '{"systems": ["crm"], "fields": {"title": {}}}'), 1, 'versions count from 1');
SELECT is(sync_configure('note', '{"fields": {"title": {}}, "systems": ["crm"]}'), 1,
		  'the same policy again is no new version');
SELECT is(sync_configure('note', '{"systems": ["crm"], "fields": {"text": {}}}'), 2, 'another policy is the next version');
SELECT is(sync_configure('note', '{"systems": ["crm"], "fields": {"title": {}}}'), 3,
		  'a policy that was in force before the newest is a version of its own');
SELECT is(sync_configure('memo', '{"systems": ["crm"], "fields": {"title": {}}}'), 1, 'each entity counts for itself');
SELECT is(sync_config('note'), '{"systems": ["crm"], "fields": {"title": {}}}', 'the newest version is the default');
SELECT is(sync_config('note', 2), '{"systems": ["crm"], "fields": {"text": {}}}', 'older versions are kept');
SELECT is((SELECT array_agg(version ORDER BY version) FROM sync_entity WHERE entity = 'note'), '{1,2,3}',
		  'the table holds every version');
SELECT is((SELECT DISTINCT created_by FROM sync_entity), session_user::text, 'who configured is noted');
SELECT matches(sync_policy('note'), '^Policy of note, version 3\n', 'the newest version is in force');
SAVEPOINT before;
SELECT is(sync_configure('note', '{"systems": ["crm"], "fields": {"body": {}}}'), 4, 'a version in a savepoint');
SELECT matches(sync_policy('note'), '^Policy of note, version 4\n', 'is in force at once');
ROLLBACK TO before;
SELECT matches(sync_policy('note'), '^Policy of note, version 3\n', 'until the savepoint is rolled back');
SELECT is(sync_configure('note', '{"systems": ["crm"], "fields": {"lost": {}}}'), 4, 'its number is given again');
SELECT matches(sync_policy('note'), '\nlost\n', 'and means what is stored, not what was rolled back');

-- Each key, at the edges of what it may be
SELECT is(pg_temp.configured(config), 'yes', config::text)
FROM (VALUES
	(pg_temp.with_system('{}', 'a')),
	(pg_temp.with_system('{}', 'Aa0_.')),
	(pg_temp.with_system('{}', repeat('x', 63))),
	(pg_temp.with_system('{"key": "external_id", "id": "meta.id", "version": "meta.version[0]"}')),
	(pg_temp.with_system('{"version": "v", "strict_versions": true}')),
	(pg_temp.with_system('{"writable": false, "strict_versions": false}')),
	(pg_temp.with_system('{"unseen": "wait"}')),
	(pg_temp.with_system('{"unseen": "send"}')),
	(pg_temp.with_system('{"echo_window": "0"}')),
	(pg_temp.with_system('{"echo_window": "PT10M"}')),
	(pg_temp.with_system('{"timezone": "America/New_York"}')),
	(pg_temp.with_system('{"timezone": "-15:59"}')),
	(pg_temp.with_system('{"timezone": "Etc/GMT+12"}')),
	(pg_temp.with_field('{"type": "text", "normalize": ["trim", "lower", "squeeze", "nfc"]}')),
	(pg_temp.with_field('{"normalize": ["upper", "digits"]}')),
	(pg_temp.with_field('{"type": "set", "normalize": ["email", "phone"]}')),
	(pg_temp.with_field('{"normalize": []}')),
	(pg_temp.with_field('{"type": "number", "normalize": []}')),
	(pg_temp.with_field('{"type": "boolean"}')),
	(pg_temp.with_field('{"type": "timestamp"}')),
	(pg_temp.with_field('{"type": "date"}')),
	(pg_temp.with_field('{"type": "json"}')),
	(pg_temp.with_field('{"required": true, "sensitive": true}')),
	(pg_temp.with_field('{"required": false, "sensitive": false}')),
	(pg_temp.with_field('{"owner": "support"}')),
	(pg_temp.with_field('{"owner": "support", "authority": "exclusive"}')),
	(pg_temp.with_field('{"owner": "support", "authority": "tiebreak"}')),
	(pg_temp.with_field('{"nulls": "keep"}')),
	(pg_temp.with_field('{"nulls": "clear"}')),
	(pg_temp.with_field('{"path": {"crm": "a", "support": "b.c"}}')),
	(pg_temp.with_field('{"path": {"support": "b.c"}}')),
	(pg_temp.with_field('{"type": "set", "path": "labels[*].name"}')),
	(pg_temp.with_field('{"type": "set", "path": "labels[*]"}')),
	(pg_temp.with_field('{"path": "\"a.b\".c[0][12].\"d\\\"e\\\\f\""}')),
	(pg_temp.with_field('{"path": "with space.ключ.$x-y"}')),
	(pg_temp.with_field('{"values": {"crm": {"gold": "g", "free": 0}, "support": {}}}')),
	(pg_temp.with_field('{"type": "boolean", "values": {"crm": {"true": "on", "false": "off"}}}')),
	(pg_temp.with_field('{"type": "number", "values": {"crm": {"1": "low", "2.5": "high"}}}')),
	(pg_temp.with_field('{"type": "set", "values": {"crm": {"red": "r"}}}')),
	(pg_temp.with_field('{}', 'a.b "c" \ [0] é')),
	(pg_temp.with_field('{}', repeat('x', 255))),
	(pg_temp.with_key('window', '"0 seconds"')),
	(pg_temp.with_key('window', '0')),
	(pg_temp.with_key('window', '"36500 days"')),
	(pg_temp.with_key('window', '"1.5 minutes"')),
	(pg_temp.with_key('window_scope', '"field"')),
	(pg_temp.with_key('deletes', '"propagate"')),
	(pg_temp.with_key('match_on', '[]')),
	(pg_temp.with_key('max_attempts', '1')),
	(pg_temp.with_key('max_attempts', '1000.0')),
	(pg_temp.with_key('max_change', '0')),
	(pg_temp.with_key('max_change', '1')),
	(pg_temp.with_key('max_flips', '1')),
	('{"systems": {"ro": {"writable": false}}, "fields": {"a": {"path": "x"}, "b": {"path": "x.y"}}}'),
	('{"systems": {"ro": {"writable": false, "key": "k.id", "id": "x.id"}}, "fields": {"k": {"type": "json"}, "a": {"type": "set", "path": "x[*].a"}, "b": {"type": "set", "path": "x[*].b"}, "c": {"path": "x[0].c"}}}'),
	('{"systems": {"crm": {"key": "ids[0]", "id": "ids[1]"}}, "fields": {"a": {"path": "ids[0]"}, "b": {"path": "ids[2].b"}, "c": {"path": "ids[2].c"}}}'),
	((SELECT jsonb_build_object('systems', jsonb_agg('s' || n), 'fields', '{"f": {}}'::jsonb) FROM generate_series(1, 60) n)),
	((SELECT jsonb_build_object('systems', '["s"]'::jsonb, 'fields', jsonb_object_agg('f' || n, '{}'::jsonb)) FROM generate_series(1, 1000) n))
) AS accepted (config);

-- What an older version of the extension took is read as it is
INSERT INTO sync_entity (entity, version, config) VALUES ('older', 1, '{"systems": {"crm": {"key": "k"}}, "fields": {"v": {"path": "k.v"}, "w": {"path": "k[0]"}}}'),
	('ancient', 1, pg_temp.with_system('{"timezone": "XYZ-2"}'));
SELECT matches(sync_policy('older'), '^Policy of older, version 1\n', 'a stored policy is not checked again');
SELECT matches(sync_policy('ancient'), 'is taken as XYZ-2', 'nor its time zone');
SELECT is(pg_temp.configured(sync_config('older')), 'policy of "tried": the config writes the record key and field "v" of system "crm" to one place: "k.v"', 'a new one is');

-- A field's own name is one key, whatever stands in it
DO $do$ BEGIN PERFORM sync_configure('tried', pg_temp.with_field('{}', 'a.b')); END $do$;
SELECT is(pg_temp.sentence('tried', 'It stands at'), 'It stands at "a.b" in every system.', 'a dot in the name of a field is no step');

-- Fields are in the order in which RFC 8785 sorts keys: UTF-16 code units
DO $do$ BEGIN PERFORM sync_configure('tried', jsonb_build_object('systems', '["s"]'::jsonb, 'fields',
	jsonb_build_object(U&'\FB33', '{}'::jsonb, U&'\+01F600', '{}'::jsonb, 'b', '{}'::jsonb, 'aa', '{}'::jsonb))); END $do$;
SELECT is((SELECT string_agg(line, ',' ORDER BY n) FROM regexp_split_to_table(sync_policy('tried'), '\n') WITH ORDINALITY AS l (line, n)
		   WHERE line IN ('b', 'aa', U&'\FB33', U&'\+01F600')),
		  'aa,b,' || U&'\+01F600' || ',' || U&'\FB33', 'fields are ordered by UTF-16 code units');

-- Settings of the session
CREATE FUNCTION pg_temp.told() RETURNS text LANGUAGE sql AS $$
	SELECT sync_policy('told')
$$;
DO $do$ BEGIN PERFORM sync_configure('told', pg_temp.with_system('{"echo_window": "1 day 2:03", "timezone": "Asia/Tokyo"}')); END $do$;
CREATE TEMP TABLE plain AS SELECT pg_temp.told() AS told;
SET LOCAL intervalstyle = sql_standard;
SET LOCAL datestyle = 'German';
SET LOCAL timezone = 'Asia/Kathmandu';
SET LOCAL row_security = off;
SELECT is(sync_configure('again', sync_config('told')), 1, 'a policy is accepted under hostile settings');
SELECT is(replace(sync_policy('again'), 'again', 'told'), told, 'and means the same') FROM plain;

-- An operator, a function and a table of the same names, first in the search_path
CREATE SCHEMA hostile;
CREATE TABLE hostile.sync_entity (entity text, version integer, config jsonb);
CREATE FUNCTION hostile.never(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, FUNCTION = hostile.never);
CREATE FUNCTION hostile.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT 'epoch'::timestamptz$$;
SET LOCAL search_path = hostile, pg_catalog, public, pg_temp;
CREATE TEMP TABLE under_hostile_path AS
SELECT public.sync_configure('told', '{"systems": ["x"], "fields": {"y": {}}}') AS version;
CREATE TEMP TABLE read_there AS
SELECT public.sync_config('told') AS config, public.sync_policy('told') AS told;
SET LOCAL search_path = public;
SELECT is(version, 2, 'search_path changes nothing when a policy is written') FROM under_hostile_path;
SELECT is(config, '{"systems": ["x"], "fields": {"y": {}}}', 'nor when it is read') FROM read_there;
SELECT matches(told, '^Policy of told, version 2\n', 'nor when it is parsed') FROM read_there;
SELECT is((SELECT count(*) FROM hostile.sync_entity), 0::bigint, 'the other table got nothing');
SELECT is((SELECT min(created_at) FROM sync_entity), now(), 'nor was the other now() asked');

SELECT * FROM finish();
ROLLBACK;
