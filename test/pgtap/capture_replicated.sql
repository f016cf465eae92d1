-- A session in the role "replica", as logical replication is one: its rows are captured where the attach says so.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0", "fields": {"name": {}}}');
CREATE TABLE people (id bigint PRIMARY KEY, name text) PARTITION BY RANGE (id);
CREATE TABLE low PARTITION OF people FOR VALUES FROM (0) TO (100);
CREATE FUNCTION pg_temp.records() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, data ->> 'name', CASE WHEN deleted THEN 'deleted' END), '; ' ORDER BY record_key) FROM sync_record
$$;

SELECT sync_attach('people', 'app', 'contact');
SET session_replication_role = replica;
INSERT INTO people VALUES (1, 'A');
SELECT is(pg_temp.records(), NULL, 'by itself such a row is not captured');
SELECT lives_ok('TRUNCATE people', 'nor a TRUNCATE');
RESET session_replication_role;

SELECT sync_attach('people', 'app', 'contact', replicated => true);
CREATE TABLE high PARTITION OF people FOR VALUES FROM (100) TO (200);
SELECT is((SELECT string_agg(relation::text, ' ' ORDER BY relation::text) FROM sync_attached WHERE replicated), 'high low people', 'where the attach says so it is');
SET session_replication_role = replica;
INSERT INTO people VALUES (1, 'A'), (2, 'B'), (100, 'H');
SELECT is(pg_temp.records(), '1 A; 100 H; 2 B', 'row by row, in each partition, a later one too');
UPDATE people SET name = name || '!', id = CASE id WHEN 2 THEN 3 ELSE id END WHERE id < 100;
SELECT is(pg_temp.records(), '1 A!; 100 H; 2 B deleted; 3 B!', 'an update, and one of the key');
UPDATE people SET name = name;
DELETE FROM low WHERE id = 1;
SELECT is(pg_temp.records(), '1 A! deleted; 100 H; 2 B deleted; 3 B!', 'a delete');
SELECT is((SELECT count(*) FROM sync_event), 7::bigint, 'each of them once');
SELECT throws_ok('TRUNCATE people', '0A000', NULL, 'a TRUNCATE is refused');
RESET session_replication_role;
INSERT INTO people VALUES (4, 'D');
SELECT is((SELECT count(*) FROM sync_event), 8::bigint, 'other sessions are captured once, as before');
SELECT sync_attach('people', 'app', 'contact');
SELECT is((SELECT string_agg(relation::text || ' ' || is_whole, ' ' ORDER BY relation::text) FROM sync_attached WHERE replicated), 'high true low true people true', 'a partition that came later is made whole');

-- A load with --disable-triggers leaves all of them enabled, the one for replicated rows at the wrong times
ALTER TABLE people DISABLE TRIGGER ALL;
ALTER TABLE people ENABLE TRIGGER ALL;
SELECT is((SELECT bool_or(is_whole) FROM sync_attached WHERE relation = 'people'::regclass), false, 'replicated rows would not be seen');
SELECT matches((SELECT string_agg(reason, '; ') FROM sync_health WHERE subject = 'attached tables'), 'people: a trigger of it', 'which sync_health says');
SELECT sync_attach('people', 'app', 'contact');
SELECT is((SELECT string_agg(relation::text || ' ' || is_whole, ' ' ORDER BY relation::text) FROM sync_attached WHERE replicated), 'high true low true people true', 'to attach once more mends it');
SET session_replication_role = replica;
INSERT INTO people VALUES (5, 'E');
SELECT throws_ok('TRUNCATE people', '0A000', NULL, 'a TRUNCATE is refused again');
RESET session_replication_role;
INSERT INTO people VALUES (6, 'F');
SELECT is((SELECT string_agg(record_key || ' ' || event, '; ' ORDER BY id) FROM sync_event WHERE record_key IN ('5', '6')), '5 arrived; 6 arrived', 'each row is seen once');

SELECT sync_detach('people');
SELECT is_empty('SELECT FROM sync_attached', 'all of it ends');
SELECT is_empty($$ SELECT tgname FROM pg_trigger WHERE tgname LIKE 'sync_capture%' $$, 'with no trigger left');

-- Beside it nothing is written to another table: that would not be seen
SELECT sync_configure('twin', '{"systems": {"here": {"key": "id"}, "there": {"key": "id", "apply": "immediate"}}, "window": "0", "max_attempts": 1, "fields": {"name": {}}}');
CREATE TABLE here (id int PRIMARY KEY, name text);
CREATE TABLE there (id int PRIMARY KEY, name text);
SELECT sync_attach('here', 'here', 'twin', replicated => true), sync_attach('there', 'there', 'twin', replicated => true);
INSERT INTO here VALUES (1, 'A'), (2, 'B');
SET session_replication_role = replica;
UPDATE here SET name = 'AA' WHERE id = 1;
DELETE FROM here WHERE id = 2;
INSERT INTO here VALUES (3, 'C');
SELECT throws_ok($$ SELECT sync_apply('there') $$, '55000', 'what is written to "there" in the role "replica" is told by no trigger for statements', 'sync_apply is refused');
RESET session_replication_role;
SELECT is((SELECT string_agg(concat_ws(' ', record_key, action, change_set, status, attempts, last_error), '; ' ORDER BY record_key) FROM sync_outbox WHERE target_system = 'there'),
	'1 update {"name": "AA"} pending 0; 2 delete {} pending 0; 3 create {"name": "C"} pending 0', 'what another table is to be told waits, and no attempt is used up');
SELECT is(sync_apply('there'), 3, 'for another session');
SELECT is((SELECT string_agg(concat_ws(' ', id, name), ', ' ORDER BY id) FROM there), '1 AA, 3 C', 'which writes it');
ALTER TABLE there ENABLE ALWAYS TRIGGER sync_capture_insert, ENABLE ALWAYS TRIGGER sync_capture_update, ENABLE ALWAYS TRIGGER sync_capture_delete;
SET session_replication_role = replica;
UPDATE here SET name = 'AAA' WHERE id = 1;
RESET session_replication_role;
SELECT is((SELECT name FROM there WHERE id = 1), 'AAA', 'where its triggers fire always it is written at once');
SELECT * FROM finish();
