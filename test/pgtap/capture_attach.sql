-- What can be attached, what cannot, and what happens when a table or policy changes later.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}, "doc": {"key": "doc.id"}, "own": {"id": "id", "version": "at"}}, "window": "0", "fields": {
	"name": {"path": {"app": "name", "crm": "name", "doc": "doc.name", "own": "name"}}, "mail": {"path": {"app": "\"E-Mail\"", "crm": "mail"}}}}');
CREATE TABLE people (id bigint PRIMARY KEY, name text, "E-Mail" text, doc jsonb, at timestamptz);

-- Mistakes
SELECT throws_ok($$ SELECT sync_attach('people', 'ap', 'contact') $$, '42704', 'entity "contact" has no system "ap"', 'an unknown system');
SELECT throws_ok($$ SELECT sync_attach('people', 'app', 'contcat') $$, '42704', 'entity "contcat" is not configured', 'an unknown entity');
SELECT throws_ok($$ SELECT sync_attach('people', 'app', NULL) $$, '22004', 'argument 3 of sync_attach must not be null', 'null');
SELECT throws_ok($$ SELECT sync_attach('people', 'crm', 'contact') $$, '42703', '"people" has no column for the key of entity "contact", which is at "record_key" in system "crm"', 'no column for the key');
SELECT throws_ok($$ SELECT sync_attach('people', 'doc', 'contact') $$, '42703', 'the key of system "doc" is at "doc.id", which is no column of "people"', 'a key inside of a column');
CREATE TABLE plain (id text, doc text);
SELECT throws_ok($$ SELECT sync_attach('plain', 'doc', 'contact') $$, '42703', NULL, 'a text has no key inside');
SELECT sync_configure('note', '{"systems": {"app": {"key": "id", "writable": false}, "crm": {}}, "fields": {"name": {"path": {"app": "doc.name", "crm": "name"}}}}');
SELECT throws_ok($$ SELECT sync_attach('plain', 'app', 'note') $$, '42804',
	'field "name" of system "app" is at "doc.name", but column "doc" of "plain" is of type text, which has nothing inside', 'nor a field');
ALTER TABLE plain ALTER doc TYPE json USING doc::json;
SELECT lives_ok($$ SELECT sync_attach('plain', 'app', 'note') $$, 'a json has');
ALTER TABLE plain ALTER doc TYPE text;
SELECT throws_ok($$ INSERT INTO plain VALUES ('1', '{"name": "x"}') $$, '42804',
	'field "name" of system "app" is at "doc.name", but column "doc" of "plain" is of type text, which has nothing inside', 'one that is text since is an error where it is written');
DROP TABLE plain;
CREATE VIEW seen AS SELECT * FROM people;
SELECT throws_ok($$ SELECT sync_attach('seen', 'app', 'contact') $$, '42809', '"seen" is no table of this database', 'a view');
DROP VIEW seen;
CREATE TEMP TABLE mine (id bigint, name text, "E-Mail" text);
SELECT throws_ok($$ SELECT sync_attach('mine', 'app', 'contact') $$, '42809', '"mine" is a temporary table', 'a temporary table');
SELECT throws_ok($$ SELECT sync_attach('sync_state', 'app', 'contact') $$, '42809', '"sync_state" is part of sync_ledger itself', 'the book');
SELECT throws_ok($$ SELECT sync_detach('people') $$, '42704', '"people" is not attached', 'a table that is not attached');
CREATE EXTENSION postgres_fdw;
CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw;
CREATE TABLE parts (LIKE people) PARTITION BY LIST (id);
CREATE FOREIGN TABLE part PARTITION OF parts FOR VALUES IN (1) SERVER away;
SELECT throws_ok($$ SELECT sync_attach('parts', 'app', 'contact') $$, '42809', '"part" is no table of this database', 'a foreign partition, which tells nobody');
SELECT throws_ok('SELECT sync_capture()', '39P01', 'sync_capture is a trigger function', 'the trigger function is no function');
CREATE TRIGGER own BEFORE INSERT ON people FOR EACH ROW EXECUTE FUNCTION sync_capture('app', 'contact');
SELECT throws_ok('INSERT INTO people VALUES (1)', '39P01', 'sync_capture is for triggers AFTER a statement or row', 'nor for other triggers than its own');
DROP TRIGGER own ON people;
CREATE TRIGGER own AFTER INSERT ON people FOR EACH STATEMENT EXECUTE FUNCTION sync_capture('app', 'contact');
SELECT throws_ok('INSERT INTO people VALUES (1)', '39P01', 'sync_capture needs the transition tables of the statement', 'which see what was written');
DROP TRIGGER own ON people;

-- A filled table: what was there before is taken in while nobody writes
INSERT INTO people VALUES (1, 'A', 'a@x'), (2, 'B', 'b@x');
BEGIN;
SELECT lives_ok($$ SELECT sync_attach('people', 'app', 'contact') $$, 'it is attached');
SELECT is((SELECT string_agg(verdict, ' ') FROM sync_diff_from('app', 'contact', 'people', baseline => true)), 'accepted accepted', 'its baseline is taken');
COMMIT;
SELECT is_empty('SELECT * FROM sync_outbox', 'which goes to nobody');
SELECT lives_ok($$ SELECT sync_attach('people', 'app', 'contact') $$, 'once more is nothing');
SELECT throws_ok($$ SELECT sync_attach('people', 'own', 'contact') $$, '55000', '"people" is attached already, as system "app" of entity "contact"', 'but as one system only');
UPDATE people SET name = 'AA' WHERE id = 1;
SELECT is((SELECT string_agg(record_key || ' ' || change_set, '; ') FROM sync_outbox), NULL, 'crm has no such record as yet');

-- A table that is renamed or moved is still attached
CREATE SCHEMA elsewhere;
ALTER TABLE people RENAME TO persons;
ALTER TABLE persons SET SCHEMA elsewhere;
UPDATE elsewhere.persons SET name = 'AB' WHERE id = 1;
SELECT is((SELECT data ->> 'name' FROM sync_record WHERE record_key = '1'), 'AB', 'a renamed table is still attached');
ALTER TABLE elsewhere.persons SET SCHEMA public;
ALTER TABLE persons RENAME TO people;

-- Columns
ALTER TABLE people ADD COLUMN more text;
ALTER TABLE people DROP COLUMN doc;
INSERT INTO people (id, name, more) VALUES (3, 'C', 'more');
SELECT is((SELECT data FROM sync_record WHERE record_key = '3'), '{"mail": null, "name": "C"}', 'columns of no field come and go');
ALTER TABLE people RENAME COLUMN "E-Mail" TO mail;
SELECT throws_ok($$ UPDATE people SET more = 'x' $$, '42703', '"people" has no column for field "mail" of entity "contact", which is at "E-Mail" in system "app"', 'a renamed one is an error that names the policy''s entry');
SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0", "fields": {"name": {}, "mail": {}}}') AS version \gset
UPDATE people SET mail = 'new@x' WHERE id = 1;
SELECT is((SELECT data ->> 'mail' FROM sync_record WHERE record_key = '1'), 'new@x', 'until the policy knows the new name');
ALTER TABLE people ALTER COLUMN name TYPE varchar(30);
UPDATE people SET name = 'AC' WHERE id = 1;
SELECT is((SELECT data ->> 'name' FROM sync_record WHERE record_key = '1'), 'AC', 'a column may get another type');

-- A policy that the table does not fit is refused before it is in force
SELECT throws_ok($$ SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0", "fields": {"name": {}, "mail": {}, "phone": {}}}') $$, '42703',
	'"people" has no column for field "phone" of entity "contact", which is at "phone" in system "app"', 'a field without a column');
SELECT throws_ok($$ SELECT sync_configure('contact', '{"systems": {"crm": {}}, "window": "0", "fields": {"name": {}, "mail": {}}}') $$, '55000',
	'table "people" is system "app" of entity "contact", which the policy does not name', 'a system less');
ALTER TABLE people ADD COLUMN phone text;
SELECT lives_ok($$ SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0", "fields": {"name": {}, "mail": {}, "phone": {}}}') $$, 'first the column, then the policy');
UPDATE people SET phone = '7' WHERE id = 1;
SELECT is((SELECT data ->> 'phone' FROM sync_record WHERE record_key = '1'), '7', 'which is followed at once');
ALTER TABLE people DROP COLUMN phone;
SELECT throws_ok($$ DELETE FROM people $$, '42703', NULL, 'a column that is gone is an error, for a delete too');
ALTER TABLE people ADD COLUMN phone text;

-- Records of a table without a column for the key are known by its native id
SELECT sync_configure('note', '{"systems": {"app": {"id": "id", "version": "at"}, "crm": {}}, "window": "0", "fields": {"name": {}}}');
CREATE TABLE notes (id serial PRIMARY KEY, name text, at timestamptz DEFAULT now());
SELECT sync_attach('notes', 'app', 'note');
INSERT INTO notes (name) VALUES ('A'), ('B');
UPDATE notes SET at = at - interval '1 day', name = 'older and later' WHERE id = 1;
DELETE FROM notes WHERE id = 2;
SELECT is((SELECT string_agg(concat_ws(' ', record_key, data ->> 'name', deleted), '; ' ORDER BY record_key) FROM sync_record WHERE entity = 'note'),
	'app:1 older and later f; app:2 B t', 'in the order of the writes, whatever their version says');
UPDATE notes SET at = now();
SELECT is((SELECT count(*) FROM sync_event WHERE entity = 'note'), 4::bigint, 'a version alone is no change');
UPDATE notes SET id = 9;
SELECT is((SELECT string_agg(record_key || ' ' || deleted, '; ' ORDER BY record_key) FROM sync_record WHERE entity = 'note'), 'app:1 true; app:2 true; app:9 false', 'another native id is another record');

-- With a key and a native id both may change, and be used again
SELECT sync_configure('item', '{"systems": {"app": {"key": "k", "id": "id"}, "crm": {}}, "window": "0", "fields": {"name": {}}}');
CREATE TABLE items (id int PRIMARY KEY, k text UNIQUE DEFERRABLE, name text);
SELECT sync_attach('items', 'app', 'item');
CREATE FUNCTION pg_temp.items() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, data ->> 'name', (SELECT native_id FROM sync_shadow s WHERE s.record_key = r.record_key AND s.system = 'app' AND s.entity = 'item')), '; ' ORDER BY record_key)
	FROM sync_record r WHERE entity = 'item' AND NOT deleted
$$;
INSERT INTO items VALUES (1, 'a', 'A'), (2, 'b', 'B'), (3, 'c', 'C');
UPDATE items SET k = 'd' WHERE id = 1;
SELECT is(pg_temp.items(), 'b B 2; c C 3; d A 1', 'another key under the same native id');
UPDATE items SET k = CASE k WHEN 'b' THEN 'c' ELSE 'b' END WHERE id > 1;
SELECT is(pg_temp.items(), 'b C 3; c B 2; d A 1', 'two rows that change places');
DELETE FROM items WHERE id = 3;
INSERT INTO items VALUES (3, 'e', 'E');
SELECT is(pg_temp.items(), 'c B 2; d A 1; e E 3', 'a native id that is used again');
DELETE FROM items WHERE id = 2;
INSERT INTO items VALUES (4, 'c', 'F');
SELECT is(pg_temp.items(), 'c F 4; d A 1; e E 3', 'a key that is used again');
SELECT is((SELECT count(*) FROM sync_conflict WHERE entity = 'item'), 0::bigint, 'and nobody is asked');

-- What a dump of a table alone, or without data, brings to another database: its triggers, and no policy
CREATE TABLE restored (LIKE items);
SELECT replace(replace(pg_get_triggerdef(oid), 'items', 'restored'), '''item''', '''nowhere''') FROM pg_trigger
WHERE tgrelid = 'items'::regclass AND tgname LIKE 'sync%' \gexec
SELECT throws_ok($$ INSERT INTO restored VALUES (1, 'a', 'A') $$, '42704', 'entity "nowhere" is not configured', 'a write fails');
CREATE FUNCTION pg_temp.context(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE context text;
BEGIN
	EXECUTE statement;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
	RETURN split_part(context, E'\n', 1);
END $$;
SELECT is(pg_temp.context($$ INSERT INTO restored VALUES (1, 'a', 'A') $$),
	'write to table "restored", which sync_attach() made system "app" of entity "nowhere"; sync_detach() ends that', 'and says by whose doing');
SELECT is((SELECT concat_ws(' | ', status, reason, next_step) FROM sync_health WHERE subject = 'attached tables'),
	'critical | public.restored: writes to it fail, as no policy names system app of entity nowhere | sync_configure() the entity, as after a restore without data, or sync_detach() the table.',
	'sync_health knows');
SELECT lives_ok($$ SELECT sync_detach('restored'); INSERT INTO restored VALUES (1, 'a', 'A') $$, 'it can be detached');
SELECT is((SELECT reason FROM sync_health WHERE subject = 'attached tables'), 'all are whole', 'and all is well');

-- What sync_health says of disabled triggers: to attach once more enables them
ALTER TABLE items DISABLE TRIGGER ALL;
INSERT INTO items VALUES (5, 'f', 'F');
DELETE FROM items WHERE k = 'd';
SELECT is((SELECT is_whole FROM sync_attached WHERE relation = 'items'::regclass), false, 'triggers are disabled');
SELECT sync_attach('items', 'app', 'item');
SELECT is((SELECT is_whole FROM sync_attached WHERE relation = 'items'::regclass), true, 'the table is whole');
ALTER TABLE items ENABLE REPLICA TRIGGER sync_capture_insert;
SELECT sync_attach('items', 'app', 'item');
INSERT INTO items VALUES (6, 'g', 'G');
DELETE FROM items WHERE id = 4;
SELECT is(pg_temp.items(), 'd A 1; e E 3; g G 6', 'and writes are seen again');
SELECT sync_diff_from('app', 'item', 'items', complete => true);
SELECT is(pg_temp.items(), 'e E 3; f F 5; g G 6', 'what was missed is taken in, deletes too');
SELECT is((SELECT string_agg(tgenabled, '') FROM pg_trigger WHERE tgrelid = 'items'::regclass AND tgname LIKE 'sync%'), 'OOOO', 'in ordinary sessions, all four of them');
SELECT * FROM finish();
