-- Nothing that somebody puts into the caller's search_path or into pg_temp is ever used,
-- and the schema that the extension lives in may have any name.
BEGIN;
SELECT * FROM no_plan();
\ir played.psql

-- Objects named like what the extension uses: they fail when they are called, or hold nothing.
\o /dev/null
CREATE SCHEMA attacker;
CREATE FUNCTION pg_temp.attack(kind text, VARIADIC names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY names LOOP
		EXECUTE format(CASE kind
			WHEN 'function' THEN 'CREATE FUNCTION attacker.%1$s RETURNS boolean LANGUAGE plpgsql AS ''BEGIN RAISE $m$a function of the attacker was called$m$; END'''
			WHEN 'operator' THEN 'CREATE OPERATOR attacker.%1$s'
			WHEN 'relation' THEN 'CREATE TABLE attacker.%1$I (lies text); CREATE TEMP TABLE %1$I (lies text)'
			WHEN 'sequence' THEN 'CREATE SEQUENCE attacker.%1$I START 1000; CREATE TEMP SEQUENCE %1$I START 1000'
			WHEN 'type' THEN 'CREATE DOMAIN attacker.%1$I AS pg_catalog.%1$I CHECK (false); CREATE DOMAIN pg_temp.%1$I AS pg_catalog.%1$I CHECK (false)'
		END, name);
	END LOOP;
END
$$;
CREATE TEMP VIEW operand AS SELECT unnest(ARRAY['text', 'bigint', 'integer', 'boolean', 'jsonb', 'xid8', 'tid', 'timestamptz', 'oid', 'name', 'bytea']) AS type;
SELECT pg_temp.attack('function', VARIADIC array_agg(format('lie(%1$s, %1$s)', type))) FROM operand;
SELECT pg_temp.attack('operator', VARIADIC array_agg(format('%2$s (LEFTARG = %1$s, RIGHTARG = %1$s, FUNCTION = attacker.lie)', type, operator)))
FROM operand, unnest(ARRAY['=', '<>', '<', '>', '<=', '>=', '+', '-', '||']) AS operator;
SELECT pg_temp.attack('function', 'unnest(anyarray)', 'count()', 'now()', 'nextval(regclass)', 'array_agg(anyelement)', 'min(text)', 'max(text)',
					  'jsonb_typeof(jsonb)', 'text(xid8)', 'pg_notify(text, text)');
SELECT pg_temp.attack('function', VARIADIC array_agg(format('%I(%s)', proname, pg_get_function_identity_arguments(oid))))
FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'sync\_%' AND prorettype <> 'trigger'::regtype
	AND proargmodes IS NULL;
SELECT pg_temp.attack(CASE relkind WHEN 'S' THEN 'sequence' ELSE 'relation' END, relname)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname LIKE 'sync\_%' AND relkind IN ('r', 'v', 'c', 'S');
-- letters before digits, where the real one has digits before letters
CREATE COLLATION attacker."C" (provider = icu, locale = 'en-u-kr-latn-digit');
CREATE COLLATION attacker."default" (provider = icu, locale = 'en-u-kr-latn-digit');
SELECT pg_temp.attack('type', 'text', 'int8', 'int4', 'bytea', 'xid8', 'tid', 'jsonb', 'timestamptz', 'interval', 'bool', 'regclass');
\o

CREATE FUNCTION pg_temp.under(path pg_catalog.text) RETURNS pg_catalog.text[] LANGUAGE sql AS $$
	SELECT pg_temp.played(ARRAY['search_path=' OPERATOR(pg_catalog.||) path]::pg_catalog.text[])
$$;
SET LOCAL search_path = pg_catalog, public, pg_temp;
SELECT throws_ok($$SET LOCAL search_path = attacker, pg_catalog; SELECT 'a'::pg_catalog.text = 'a'::pg_catalog.text$$,
				 'P0001', 'a function of the attacker was called', 'the attacker is in the way of who does not take care');
SELECT pg_temp.is_same(pg_temp.under('attacker, pg_catalog, public'), 'search_path of an attacker');
SELECT pg_temp.is_same(pg_temp.under('attacker, pg_temp, pg_catalog'), 'search_path of an attacker, pg_temp before pg_catalog');
SELECT pg_temp.is_same(pg_temp.under('pg_temp'), 'search_path of temporary objects');
SELECT pg_temp.is_same(pg_temp.under(''), 'search_path of nothing');

-- Another schema, twice in one session, and public again
CREATE FUNCTION pg_temp.moved(home name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DROP EXTENSION sync_ledger;
	EXECUTE format('CREATE EXTENSION sync_ledger SCHEMA %I', home);
END
$$;
CREATE SCHEMA "My %s Sync";
SELECT lives_ok($$SELECT pg_temp.moved('My %s Sync')$$, 'an odd name of a schema is no hindrance');
SELECT pg_temp.is_same(pg_temp.played('{}', 'My %s Sync'), 'and the story is the same there');
SELECT lives_ok($$SELECT pg_temp.moved('public')$$, 'the way back is open');
SELECT pg_temp.is_same(pg_temp.played('{}'), 'and where the extension was before');
SELECT lives_ok($$SELECT pg_temp.moved('My %s Sync')$$, 'and the way there once more');
SELECT pg_temp.is_same(pg_temp.played(ARRAY['search_path=attacker, pg_catalog'], 'My %s Sync'), 'and on the second visit, attacked');

SELECT * FROM finish();
ROLLBACK;
