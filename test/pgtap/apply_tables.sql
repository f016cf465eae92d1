-- Two tables of one database, each a system: what one changes is written to the other.
\ir story.psql
\ir refusal.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "shop": {"key": "ref", "id": "no"}}, "window": "0", "fields": {
	"name": {"required": true}, "n": {"type": "number"}, "tags": {"type": "set", "path": {"app": "tags", "shop": "labels"}},
	"since": {"type": "timestamp", "path": {"app": "since", "shop": "since"}},
	"city": {"path": {"app": "city", "shop": "doc.address.city"}}, "zip": {"path": {"app": "zip", "shop": "doc.address.zip"}}}}');
CREATE TABLE app (id int PRIMARY KEY, name text, n numeric, tags text[], since timestamptz, city text, zip text, own text DEFAULT 'untouched');
CREATE TABLE shop (no serial PRIMARY KEY, ref text UNIQUE, name varchar(20) NOT NULL, n int CHECK (n < 100), labels text[], since timestamp, doc jsonb DEFAULT '{"kept": 1}', made text DEFAULT 'here');
SELECT is(pg_temp.refused($$ SELECT sync_apply('app') $$), '42704 no table is attached as system "app" | None is; sync_attach() attaches one. What waits for other systems is carried by workers.', 'no table at all');
SELECT sync_attach('app', 'app', 'contact');
SELECT sync_attach('shop', 'shop', 'contact');

CREATE FUNCTION pg_temp.waiting() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', target_system, record_key, action, change_set, last_error), '; ' ORDER BY target_system, record_key) FROM sync_outbox
$$;
CREATE FUNCTION pg_temp.differs() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' | ', a, s), '; ') FROM app a FULL JOIN shop s ON s.ref = a.id::text
	WHERE (a.name, a.n, a.tags, a.city, a.zip, a.since) IS DISTINCT FROM (s.name, s.n, s.labels, s.doc #>> '{address,city}', s.doc #>> '{address,zip}', s.since AT TIME ZONE 'UTC')
$$;
SET TimeZone = 'Asia/Tokyo';

INSERT INTO app VALUES (1, 'A', 1, '{x,y}', '2026-01-01 00:00Z', 'Bern', '3000'), (2, 'B', 2, NULL, NULL, NULL, NULL), (3, 'C', NULL, '{}', NULL, NULL, NULL);
SELECT is(sync_apply('shop'), 3, 'new rows are inserted');
SELECT is(pg_temp.differs(), NULL, 'as they are');
SELECT is((SELECT string_agg(DISTINCT made, ',') FROM shop), 'here', 'with the defaults of the table');
SELECT is(pg_temp.waiting(), NULL, 'nothing comes back');
SELECT is((SELECT string_agg(native_id, ',' ORDER BY native_id) FROM sync_shadow WHERE system = 'shop'), (SELECT string_agg(no::text, ',' ORDER BY no) FROM shop), 'and they are known by their native ids');
SELECT is(sync_apply('shop'), 0, 'once');

UPDATE app SET n = 10 WHERE id < 3;
UPDATE shop SET doc = doc || '{"own": true}', name = 'CC' WHERE ref = '3';
SELECT is(sync_apply('shop') + sync_apply('app'), 3, 'both ways');
SELECT is(pg_temp.differs(), NULL, 'they agree');
UPDATE shop SET doc = doc || '{"kept": 1}' WHERE ref = '1';
UPDATE app SET city = 'Basel' WHERE id = 1;
SELECT sync_apply('shop');
SELECT is((SELECT doc FROM shop WHERE ref = '1'), '{"kept": 1, "address": {"zip": "3000", "city": "Basel"}}', 'inside of a column only what has changed') ;
SELECT is((SELECT string_agg(own, ',') FROM app), 'untouched,untouched,untouched', 'other columns stay');
DELETE FROM shop WHERE ref = '2';
SELECT is(sync_apply('app'), 1, 'a delete');
SELECT is((SELECT string_agg(id::text, ',' ORDER BY id) FROM app), '1,3', 'goes there');
SELECT is(pg_temp.waiting(), NULL, 'and comes from nowhere');
INSERT INTO shop (ref, name) VALUES ('7', 'S');
SELECT is(sync_apply('app'), 1, 'a row that the other one has made');
SELECT is(pg_temp.differs(), NULL, 'they agree');

-- What the table refuses comes back, and the rest goes on
UPDATE app SET n = id * 50;
SELECT is(sync_apply('shop'), 1, 'one row fits');
SELECT is(pg_temp.waiting(), 'shop 3 update {"n": 150} new row for relation "shop" violates check constraint "shop_n_check"; shop 7 update {"n": 350} new row for relation "shop" violates check constraint "shop_n_check"',
	'the two others wait for their retry, with the error');
UPDATE app SET n = 4 WHERE id > 1;
SELECT is(sync_apply('shop'), 0, 'they wait');
SELECT count(sync_redrive(id)) FROM sync_outbox;
SELECT is(sync_apply('shop'), 2, 'then they go');
SELECT is(pg_temp.differs(), NULL, 'they agree');
ALTER TABLE shop DISABLE TRIGGER USER;
DELETE FROM shop WHERE ref = '7';
ALTER TABLE shop ENABLE TRIGGER USER;
UPDATE app SET name = 'S2' WHERE id = 7;
SELECT is(sync_apply('shop'), 0, 'a row that is not there');
SELECT is(pg_temp.waiting(), 'shop 7 update {"name": "S2"} "shop" has no such row after the update', 'is an error');
DELETE FROM app WHERE id = 7;
SELECT count(sync_redrive(id)) FROM sync_outbox;
SELECT is(sync_apply('shop'), 1, 'a delete of it');
SELECT is(pg_temp.waiting(), NULL, 'finds it done');

-- A trigger that changes the row on its way in: the table's own form, and no loop
CREATE FUNCTION fix() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.name := upper(new.name); new.n := coalesce(new.n, 0); RETURN new; END $$;
CREATE TRIGGER fix BEFORE INSERT OR UPDATE ON shop FOR EACH ROW EXECUTE FUNCTION fix();
UPDATE app SET name = 'ada' WHERE id = 1;
SELECT is(sync_apply('shop'), 1, 'a value that a trigger of the table changes');
SELECT is((SELECT name FROM shop WHERE ref = '1')::text, 'ADA', 'stands in the table');
SELECT is(pg_temp.waiting(), NULL, 'is no edit');
SELECT is((SELECT name FROM app WHERE id = 1), 'ada', 'the other one keeps its own');
SELECT is((SELECT string_agg(concat_ws(' ', system, field, times), ',') FROM sync_near_misses), 'shop name 1', 'it is a near miss');
SELECT is(sync_apply('shop') + sync_apply('app'), 0, 'and no loop');
INSERT INTO app (id, name) VALUES (8, 'eve');
SELECT is(sync_apply('shop'), 1, 'what it changes beside that');
SELECT is(pg_temp.waiting(), 'app 8 update {"n": 0}', 'is an edit of the table');
SELECT is(sync_apply('app'), 1, 'which goes back');
SELECT is(pg_temp.waiting(), NULL, 'and there it ends');
DROP FUNCTION fix() CASCADE;

-- A trigger that writes the table once more
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE shop SET n = 77 WHERE no = new.no; RETURN NULL; END $$;
CREATE TRIGGER again AFTER UPDATE OF name ON shop FOR EACH ROW EXECUTE FUNCTION again();
UPDATE app SET name = 'twice' WHERE id = 8;
SELECT is(sync_apply('shop'), 1, 'a trigger that writes the row once more');
SELECT is(sync_apply('app'), 1, 'that goes back');
SELECT is((SELECT n FROM app WHERE id = 8), 77::numeric, 'as an edit of the table');
SELECT is(pg_temp.waiting(), NULL, 'and there it ends');
DROP FUNCTION again() CASCADE;

SELECT is(pg_temp.refused($$ SELECT sync_apply('shpo') $$), '42704 no table is attached as system "shpo" | Did you mean "shop"? Known attached systems: app, shop. What waits for other systems is carried by workers.', 'a system without a table');
SELECT throws_ok($$ SELECT sync_apply(NULL) $$, '22004', NULL, 'null');
SELECT is(pg_temp.refused($$ SELECT sync_apply('shop', 0) $$), '22023 max_changes must be at least 1, not 0', 'none of them');
SELECT * FROM finish();
