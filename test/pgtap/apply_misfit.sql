-- A table that was altered so that it has no column for a field holds up no other one: what waits for it waits.
\ir story.psql
\ir refusal.psql
SELECT * FROM no_plan();

SELECT sync_configure(e, '{"systems": {"app": {"key": "id"}, "crm": {}}, "fields": {"a": {}}, "window": "0", "max_attempts": 2}') FROM unnest('{e1,e2}'::text[]) AS e;
CREATE TABLE e1 (id int PRIMARY KEY, a text);
CREATE TABLE e2 (id int PRIMARY KEY, a text);
SELECT sync_attach('e1', 'app', 'e1'), sync_attach('e2', 'app', 'e2');
SELECT sync_diff('crm', e, '{"record_key": "1", "a": "x"}') FROM unnest('{e1,e2}'::text[]) AS e;

CREATE FUNCTION pg_temp.applied() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before text := current_setting('client_min_messages');
	n int;
BEGIN
	PERFORM set_config('client_min_messages', 'error', true);
	n := sync_apply('app');
	PERFORM set_config('client_min_messages', before, true);
	RETURN n;
END $$;
CREATE FUNCTION pg_temp.faults() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', status, reason, next_step) FROM sync_health WHERE subject = 'attached tables'
$$;
SELECT is(pg_temp.faults(), 'ok | all are whole', 'all is well');

ALTER TABLE e1 RENAME a TO aa;
SELECT is(pg_temp.applied(), '1', 'what waits for the other table is written');
SELECT is((SELECT string_agg(a, ' ') FROM e2), 'x', 'to it');
SELECT is(pg_temp.faults(), 'critical | public.e1: "e1" has no column for field "a" of entity "e1", which is at "a" in system "app" | Writes to it fail, and what waits for it is not written: give the table the column as it was, or the policy the one that it has: sync_configure() with another path, or with none for that system.',
	'sync_health names table, field and path, and what to do');
SELECT is(pg_temp.applied(), '0', 'however often');
SELECT is(pg_temp.applied(), '0', 'it is tried');
SELECT is((SELECT concat_ws(' ', entity, status, attempts, last_error) FROM sync_outbox), 'e1 pending 0', 'no attempt is used up by that');
ALTER TABLE e2 DROP COLUMN a;
SELECT is(pg_temp.refused($$ SELECT sync_apply('app') $$), '42703 "e2" has no column for field "a" of entity "e2", which is at "a" in system "app" | Add the column, or give the policy the name that it has now: sync_configure() with another path, or with none for that system.', 'where no table can be written that is an error');
SELECT is((SELECT count(*) FROM pg_temp.faults()), 2::bigint, 'each is named');
ALTER TABLE e1 RENAME aa TO a;
ALTER TABLE e2 ADD COLUMN a text;
SELECT is(pg_temp.applied(), '1', 'once the column is back it is written');
SELECT is((SELECT string_agg(a, ' ') FROM e1), 'x', 'at last');
SELECT is(pg_temp.faults(), 'ok | all are whole', 'and all is well');

-- A text has nothing inside
ALTER TABLE e1 ADD COLUMN doc jsonb;
SELECT sync_configure('e1', '{"systems": {"app": {"key": "id"}, "crm": {}}, "fields": {"a": {}, "b": {"path": {"app": "doc.b", "crm": "b"}}}, "window": "0"}');
UPDATE e1 SET doc = '{"b": 1}';
ALTER TABLE e1 ALTER COLUMN doc TYPE text;
SELECT sync_diff('crm', e, '{"record_key": "1", "a": "y"}') FROM unnest('{e1,e2}'::text[]) AS e;
SELECT is(pg_temp.applied(), '1', 'a column of another type holds up its own table');
SELECT is(pg_temp.faults(), 'critical | public.e1: field "b" of system "app" is at "doc.b", but column "doc" of "e1" is of type text, which has nothing inside | Writes to it fail, and what waits for it is not written: give the table the column as it was, or the policy the one that it has: sync_configure() with another path, or with none for that system.', 'and is named');
ALTER TABLE e1 ALTER COLUMN doc TYPE jsonb USING doc::jsonb;
SELECT is(pg_temp.applied(), '1', 'until it is one again');

-- At once: the writer of the other table goes on
SELECT sync_configure('e3', '{"systems": {"left": {"key": "id", "apply": "immediate"}, "right": {"key": "id", "apply": "immediate"}}, "fields": {"a": {}}, "window": "0"}');
CREATE TABLE l (id int PRIMARY KEY, a text);
CREATE TABLE r (id int PRIMARY KEY, a text);
SELECT sync_attach('l', 'left', 'e3'), sync_attach('r', 'right', 'e3');
ALTER TABLE r RENAME a TO aa;
SELECT lives_ok($$ INSERT INTO l VALUES (1, 'x') $$, 'a table whose twin was altered can be written');
SELECT is((SELECT concat_ws(' ', target_system, record_key, action, change_set) FROM sync_outbox WHERE entity = 'e3'), 'right 1 create {"a": "x"}', 'what the other one does not take waits');
ALTER TABLE r RENAME aa TO a;
INSERT INTO l VALUES (2, 'y');
SELECT is((SELECT string_agg(concat_ws(' ', id, a), ', ' ORDER BY id) FROM r), '1 x, 2 y', 'for the next write after that');

-- Tables that were restored without the book
CREATE TABLE e4 (LIKE e1);
CREATE TRIGGER sync_capture_insert AFTER INSERT ON e4 REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION sync_capture('app', 'e4');
CREATE TRIGGER sync_capture_update AFTER UPDATE ON e4 REFERENCING OLD TABLE AS gone NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION sync_capture('app', 'e4');
CREATE TRIGGER sync_capture_delete AFTER DELETE ON e4 REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION sync_capture('app', 'e4');
CREATE TRIGGER sync_capture_truncate BEFORE TRUNCATE ON e4 FOR EACH STATEMENT EXECUTE FUNCTION sync_capture('app', 'e4');
SELECT is((SELECT string_agg(reason, '; ') FROM sync_health WHERE subject = 'attached tables'), 'public.e4: writes to it fail, as no policy names system app of entity e4', 'their entity has no policy');
-- A table of somebody who may not have a part of a column changed
SELECT 'owner_' || pg_backend_pid() AS owner \gset
CREATE ROLE :owner;
SELECT sync_configure(e, '{"systems": {"app": {"key": "id"}, "crm": {}, "shop": {"key": "id"}}, "fields": {"a": {"path": {"app": "a", "crm": "a", "shop": "doc.a"}}}, "window": "0", "max_attempts": 2}') FROM unnest('{e1,e2}'::text[]) AS e;
CREATE TABLE shop (id int PRIMARY KEY, doc jsonb);
ALTER TABLE shop OWNER TO :owner;
SELECT sync_attach('shop', 'shop', 'e2');
INSERT INTO shop VALUES (7, '{"a": "x", "b": 1}');
SELECT count(sync_ack(lease)) FROM sync_poll('crm');
SELECT verdict FROM sync_diff('crm', 'e2', '{"record_key": "7", "a": "x"}');
SELECT is((SELECT verdict FROM sync_diff('crm', 'e2', '{"record_key": "7", "a": "y"}')), 'accepted', 'a change for it');
SELECT is(replace(pg_temp.refused($$ SELECT sync_apply('shop') $$), :'owner', 'OWNER'), '42501 "shop" has fields inside of columns, and is written as role "OWNER", which may not execute public.sync_merge() | GRANT EXECUTE ON FUNCTION public.sync_merge TO OWNER; and USAGE on that schema, where it has none.', 'is not written, and says what to do');
SELECT is((SELECT concat_ws(' ', status, attempts, last_error) FROM sync_outbox WHERE target_system = 'shop' AND record_key = '7'), 'pending 0', 'no attempt is used up by that');
GRANT EXECUTE ON FUNCTION sync_merge TO :owner;
SELECT is(sync_apply('shop'), 1, 'then it is');
SELECT is((SELECT doc FROM shop WHERE id = 7), '{"a": "y", "b": 1}', 'where it belongs');
DROP TABLE shop;
REVOKE ALL ON FUNCTION sync_merge FROM :owner;
DROP ROLE :owner;

SELECT * FROM finish();
