-- Whoever has every privilege of the extension, may create what it likes wherever it may, and
-- is up to no good, gets no code run with the rights of anybody but itself.
\ir story.psql
SELECT * FROM no_plan();

SELECT 'attacker_' || pg_backend_pid() AS attacker, 'victim_' || pg_backend_pid() AS victim \gset
CREATE ROLE :attacker;
CREATE ROLE :victim;
SELECT sync_grant(:'attacker', 'admin');
CREATE SCHEMA evil AUTHORIZATION :attacker;
CREATE SCHEMA theirs AUTHORIZATION :victim;
GRANT USAGE ON SCHEMA theirs TO :attacker;
GRANT CREATE ON SCHEMA public TO :attacker;
CREATE TABLE evil.log (who text, what text);
GRANT INSERT ON evil.log TO PUBLIC;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
SELECT sync_configure('contact', '{"systems": {"crm": {}, "desk": {"rate": "1000/minute"}, "app": {"key": "id"}, "shop": {"key": "id", "apply": "immediate"}}, "window": "0",
	"match_on": ["name"], "fields": {"name": {}, "n": {"type": "number"}, "tags": {"type": "set", "merge": "set"}}}');
CREATE TABLE theirs.shop (id text PRIMARY KEY, name text, n numeric, tags text[]);
ALTER TABLE theirs.shop OWNER TO :victim;
SELECT sync_attach('theirs.shop', 'shop', 'contact');

-- Everything that pg_catalog has, once more, and in front of it
SET ROLE :attacker;
SET check_function_bodies = off;
CREATE TABLE evil.people (id text PRIMARY KEY, name text, n numeric, tags text[]);
SELECT sync_attach('evil.people', 'app', 'contact');
CREATE FUNCTION pg_temp.create_all(statements text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	statement text;
	n bigint := 0;
BEGIN
	FOREACH statement IN ARRAY statements LOOP
		BEGIN
			EXECUTE statement;
			n := n + 1;
		EXCEPTION WHEN feature_not_supported OR insufficient_privilege OR invalid_function_definition OR invalid_object_definition OR duplicate_function OR wrong_object_type THEN
			NULL;
		END;
	END LOOP;
	RETURN n;
END
$$;
CREATE TEMP VIEW body AS SELECT $$ LANGUAGE plpgsql AS 'BEGIN RAISE ''evil code runs as %'', current_user; END' $$ AS text;
SELECT cmp_ok(pg_temp.create_all(array_agg(DISTINCT format('CREATE FUNCTION evil.%I(%s) RETURNS %s %s', p.proname,
	pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid), b.text))), '>', 2000::bigint, 'functions are planted')
FROM pg_proc AS p, body AS b
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind IN ('f', 'a') AND NOT EXISTS (SELECT FROM pg_aggregate AS a WHERE a.aggfnoid = p.oid AND a.aggkind <> 'n') AND NOT p.proargtypes::oid[] && '{internal,cstring}'::regtype[]::oid[]
	AND p.proargmodes IS NULL;
SELECT cmp_ok(pg_temp.create_all(array_agg(format('CREATE FUNCTION evil.operator_%s(%s) RETURNS %s %s', o.oid,
	concat_ws(', ', nullif(o.oprleft, 0)::regtype, o.oprright::regtype), o.oprresult::regtype, b.text))), '>', 700::bigint, 'functions of operators are')
FROM pg_operator AS o, body AS b WHERE o.oprnamespace = 'pg_catalog'::regnamespace;
SELECT cmp_ok(pg_temp.create_all(array_agg(format('CREATE OPERATOR evil.%s (%sRIGHTARG = %s, FUNCTION = evil.operator_%s)', o.oprname,
	'LEFTARG = ' || nullif(o.oprleft, 0)::regtype || ', ', o.oprright::regtype, o.oid))), '>', 700::bigint, 'and operators')
FROM pg_operator AS o WHERE o.oprnamespace = 'pg_catalog'::regnamespace;
SELECT cmp_ok(pg_temp.create_all(array_agg(format('CREATE FUNCTION evil.%I(%s) RETURNS %s %s', p.proname,
	pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid), b.text))), '>', 20::bigint, 'functions named like those of the extension')
FROM pg_proc AS p, body AS b
WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'sync\_%' AND p.proargmodes IS NULL AND p.prorettype <> 'trigger'::regtype;
SELECT cmp_ok(pg_temp.create_all(array_agg(format('CREATE TABLE evil.%1$I (lies text); CREATE TEMP TABLE %1$I (lies text)', c.relname))), '>', 20::bigint,
	'tables named like those of the extension')
FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relname LIKE 'sync\_%' AND c.relkind IN ('r', 'v');
CREATE COLLATION evil."C" (provider = icu, locale = 'en-u-kr-latn-digit');
SELECT cmp_ok(pg_temp.create_all(array_agg(format('CREATE DOMAIN evil.%1$I AS pg_catalog.%1$I CHECK (false)', t))), '=', 12::bigint, 'and types')
FROM unnest('{text,int8,int4,bytea,xid8,tid,jsonb,timestamptz,interval,bool,regclass,regproc}'::text[]) AS t;
RESET ROLE;

-- Runs a statement of the attacker's, with all of that in the way.
CREATE FUNCTION pg_temp.attack(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_catalog.set_config('role', pg_catalog.current_setting('story.attacker'), true);
	PERFORM pg_catalog.set_config('search_path', 'evil, pg_temp, pg_catalog, public', true);
	EXECUTE statement;
	PERFORM pg_catalog.set_config('search_path', 'public', true);
	PERFORM pg_catalog.set_config('role', 'none', true);
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END
$$;
SET story.attacker = :'attacker';
CALL pg_temp.at('12:00');

SELECT is(pg_temp.attack('SELECT 1 = 1'), 'evil code runs as ' || :'attacker', 'the trap is set for operators');
SELECT is(pg_temp.attack($$ SELECT upper('a') $$), 'evil code runs as ' || :'attacker', 'for functions');
SELECT is(pg_temp.attack($$ SELECT lies FROM sync_lag $$), 'done', 'and for tables');

SELECT is(pg_temp.attack(statement), 'done', statement) FROM (VALUES
	($$ SELECT pg_catalog.count(*) FROM public.sync_diff('crm', 'contact', '[{"record_key": "1", "name": "A", "n": 1, "tags": ["a"]}, {"record_key": "2", "name": "B"}, {"record_key": "3", "name": []}]') $$),
	($$ SELECT pg_catalog.count(*) FROM public.sync_diff('crm', 'contact', '{"name": "A"}'::pg_catalog.jsonb, dry_run => true) $$),
	($$ SELECT pg_catalog.count(*) FROM public.sync_diff('desk', 'contact', '[{"record_key": "1", "name": "X", "tags": []}, {"record_key": "4", "name": "D"}]', baseline => true) $$),
	($$ INSERT INTO evil.people VALUES ('1', 'A', 2, '{a,b}'), ('5', 'E', 5, '{}') $$),
	($$ UPDATE evil.people SET name = 'F' $$),
	($$ DELETE FROM evil.people $$),
	($$ SELECT pg_catalog.count(*) FROM public.sync_diff_from('app', 'contact', 'evil.people', complete => true, approve => 5) $$),
	($$ SELECT pg_catalog.count(*) FROM public.sync_diff('crm', 'contact', '[{"record_key": "1", "name": "Y"}]', complete => true, approve => 2) $$),
	($$ SELECT public.sync_resolve(c.id, value => '"Z"', "by" => 'me') FROM public.sync_conflict_poll() AS c WHERE c.field OPERATOR(pg_catalog.=) 'name' $$),
	($$ SELECT public.sync_ack(p.id, p.lease, 'native', '{"name": "z"}') FROM public.sync_poll('desk', 1) AS p $$),
	($$ SELECT public.sync_nack(p.id, p.lease, 'no', permanent => true) FROM public.sync_poll('desk', 1) AS p $$),
	($$ SELECT public.sync_redrive(d.id) FROM public.sync_dead_letters AS d $$),
	($$ SELECT public.sync_touch('contact', '{1}') $$),
	($$ SELECT public.sync_forget('contact', '{1}') $$),
	($$ SELECT public.sync_extend(p.lease, '1 minute') FROM public.sync_poll('crm', 1) AS p $$),
	($$ SELECT public.sync_ack(p.lease) FROM public.sync_poll('desk') AS p $$),
	($$ SELECT public.sync_discard(o.id, 'no') FROM public.sync_outbox AS o WHERE o.status OPERATOR(pg_catalog.=) 'pending' $$),
	($$ SELECT public.sync_conflict_ack(c.id) FROM public.sync_conflict AS c $$),
	($$ SELECT pg_catalog.count(*) FROM public.sync_delete('crm', 'contact', '{1}') $$),
	($$ SELECT public.sync_apply('app') $$),
	($$ SELECT public.sync_pause('desk'), public.sync_pause_reason('desk'), public.sync_resume() $$),
	($$ SELECT public.sync_maintain() $$),
	($$ SELECT public.sync_configure('contact', '{"systems": {"crm": {}, "desk": {}, "app": {"key": "id"}, "shop": {"key": "id", "apply": "immediate"}}, "window": "0", "match_on": ["n"], "fields": {"name": {}, "n": {"type": "number"}, "tags": {"type": "set", "merge": "set"}}}') $$),
	($$ SELECT public.sync_policy('contact'), public.sync_config('contact') $$),
	($$ SELECT * FROM public.sync_trace('contact', '1'), public.sync_blame('contact', '1'), public.sync_audit('contact') $$),
	($$ SELECT * FROM public.sync_health, public.sync_lag, public.sync_activity, public.sync_savings, public.sync_divergence, public.sync_near_misses $$),
	($$ SELECT * FROM public.sync_open_conflicts, public.sync_conflict_summary, public.sync_dead_letters, public.sync_outbox_event, public.sync_attached $$),
	($$ SELECT * FROM public.sync_record, public.sync_shadow, public.sync_ledger, public.sync_change, public.sync_privileges $$),
	($$ SELECT public.sync_detach('evil.people') $$),
	($$ SELECT public.sync_attach('evil.people', 'app', 'contact') $$),
	($$ INSERT INTO evil.people VALUES ('7', 'G', 7, '{g}') $$)
) AS t(statement);
SELECT is((SELECT string_agg(name, ',' ORDER BY name) FROM theirs.shop), 'B,G', 'a table that is written at once has got what was not discarded');
SELECT is_empty($$ SELECT detail FROM public.sync_event WHERE detail LIKE '%evil%' $$, 'and its owner has run nothing of the attacker''s');

-- Code that comes with what is read, written or passed runs as who brings it.
SET ROLE :attacker;
CREATE FUNCTION evil.note(what text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO evil.log VALUES (current_user, what);
	RETURN true;
END $$;
CREATE DOMAIN evil.noted AS pg_catalog.text CHECK (evil.note('domain'));
CREATE TYPE evil.code AS ENUM ('7', '8');
CREATE FUNCTION evil.to_json(evil.code) RETURNS json LANGUAGE sql AS $$ SELECT evil.note('cast to json'); SELECT '7'::json $$;
CREATE CAST (evil.code AS json) WITH FUNCTION evil.to_json(evil.code);
CREATE FUNCTION evil.to_text(evil.code) RETURNS text LANGUAGE sql AS $$ SELECT evil.note('cast to text'); SELECT 'crm'::pg_catalog.text $$;
CREATE CAST (evil.code AS pg_catalog.text) WITH FUNCTION evil.to_text(evil.code) AS IMPLICIT;
CREATE TABLE evil.rows (id text, name evil.noted, n evil.code);
INSERT INTO evil.rows VALUES ('10', 'J', '7');
CREATE VIEW evil.trap AS SELECT r.* FROM evil.rows AS r WHERE evil.note('view');
ALTER TABLE evil.rows ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY noted ON evil.rows USING (evil.note('policy'));
CREATE TABLE evil.sources (id text PRIMARY KEY, name evil.noted, n evil.code, tags text[]);
CREATE FUNCTION evil.note_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM evil.note('trigger'); RETURN new; END $$;
CREATE TRIGGER note BEFORE INSERT ON evil.sources FOR EACH ROW EXECUTE FUNCTION evil.note_row();
SELECT sync_detach('evil.people');
SELECT sync_attach('evil.sources', 'app', 'contact');
RESET ROLE;
TRUNCATE evil.log;
SELECT is(pg_temp.attack($$ SELECT * FROM public.sync_diff_from('app', 'contact', 'evil.trap') $$), 'done', 'a view is read');
SELECT is(pg_temp.attack($$ INSERT INTO evil.sources VALUES ('11', 'K', '8') $$), 'done', 'a table is written');
SELECT is(pg_temp.attack($$ SELECT * FROM public.sync_diff('7'::evil.code, 'contact', '{"record_key": "12"}') $$), 'done', 'a value of an odd type is passed');
SELECT is(pg_temp.attack($$ SELECT * FROM public.sync_diff('crm', 'contact', '{"record_key": "13", "name": "odd one", "n": 7}'); SELECT public.sync_apply('app') $$), 'done', 'a table is applied to');
SELECT set_eq('SELECT what FROM evil.log', '{cast to json,cast to text,domain,policy,trigger,view}'::text[], 'all of it has run');
SELECT set_eq('SELECT who FROM evil.log', ARRAY[:'attacker'], 'and as nobody but the attacker');
SELECT isnt_empty($$ SELECT FROM public.sync_record WHERE record_key IN ('10', '11', '12') $$, 'and the book has what was said');

-- What DDL fires runs as who attaches
CREATE FUNCTION note_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO evil.log VALUES (current_user, 'event trigger'); END $$;
CREATE EVENT TRIGGER note_ddl ON ddl_command_end EXECUTE FUNCTION note_ddl();
TRUNCATE evil.log;
SELECT is(pg_temp.attack($$ SELECT public.sync_detach('evil.sources'), public.sync_attach('evil.sources', 'app', 'contact') $$), 'done', 'a table is attached');
DROP EVENT TRIGGER note_ddl;
SELECT set_eq('SELECT who, what FROM evil.log', format($$ VALUES (%L, 'event trigger') $$, :'attacker'), 'under the eyes of an event trigger');

-- What the attacker may not read or change it does not read or change here
CREATE TABLE theirs.secret (id text, name text, n numeric);
INSERT INTO theirs.secret VALUES ('20', 'S', 1);
CREATE VIEW theirs.shared AS SELECT * FROM theirs.secret;
CREATE VIEW theirs.careful WITH (security_invoker) AS SELECT * FROM theirs.secret;
GRANT SELECT ON theirs.shared, theirs.careful TO :attacker;
SELECT is(pg_temp.attack($$ SELECT * FROM public.sync_diff_from('crm', 'contact', 'theirs.secret') $$), 'permission denied for table secret', 'no table of others');
SELECT is(pg_temp.attack($$ SELECT * FROM public.sync_diff_from('app', 'contact', 'theirs.shop') $$), 'permission denied for table shop', 'an attached one neither');
SELECT is(pg_temp.attack($$ SELECT * FROM public.sync_diff_from('app', 'contact', 'theirs.careful') $$), 'permission denied for table secret', 'no view that asks who looks');
SELECT is(pg_temp.attack($$ SELECT * FROM public.sync_diff_from('app', 'contact', 'theirs.shared', dry_run => true) $$), 'done', 'but one that was granted');
GRANT SELECT (id, name) ON theirs.secret TO :attacker;
SELECT is(pg_temp.attack($$ SELECT * FROM public.sync_diff_from('app', 'contact', 'theirs.secret') $$), 'permission denied for table secret', 'no column of others');
ALTER TABLE theirs.secret DROP COLUMN n CASCADE;
SELECT is(pg_temp.attack($$ SELECT * FROM public.sync_diff_from('app', 'contact', 'theirs.secret', dry_run => true) $$), 'done', 'but those that were granted');
SELECT is(pg_temp.attack($$ SELECT public.sync_detach('theirs.shop') $$), 'permission denied for table shop', 'it detaches no table of others');
SELECT is(pg_temp.attack($$ SELECT public.sync_attach('theirs.secret', 'app', 'contact') $$), 'permission denied for table secret', 'and attaches none');

-- Bytes that it has made up are not read as a state
SELECT is(pg_temp.attack(format($$ SELECT public.%s('contact', '1', '\x01020304') $$, f)), 'these bytes are not the stored state of record "1"', f)
FROM unnest('{sync_state_record,sync_state_shadows,sync_state_divergence}'::text[]) AS f;

-- An error leaves nobody's rights behind
SELECT is(pg_temp.attack(format($attack$ DO $$ BEGIN
	BEGIN
		PERFORM public.sync_poll('nobody');
	EXCEPTION WHEN undefined_object THEN NULL;
	END;
	BEGIN
		PERFORM public.sync_diff('crm', 'contact', '[{"record_key": "30", "name": "A"}, {]');
	EXCEPTION WHEN invalid_text_representation THEN NULL;
	END;
	IF current_user OPERATOR(pg_catalog.<>) %L OR pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.<>) 'evil, pg_temp, pg_catalog, public' THEN
		RAISE 'somebody else: %%', current_user;
	END IF;
END $$ $attack$, :'attacker')), 'done', 'after an error it is itself');
SELECT is(pg_temp.attack('ALTER TABLE public.sync_outbox DISABLE TRIGGER ALL'), 'must be owner of table sync_outbox', 'the tables of the book are not its own');

DROP OWNED BY :attacker, :victim CASCADE;
DROP ROLE :attacker, :victim;
SELECT * FROM finish();
