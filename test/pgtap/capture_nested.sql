-- Triggers of the user's that write the table they stand on: their statements end before the one that
-- fired them, and yet the book ends as the table does.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0", "fields": {"name": {}, "n": {"type": "number"}}}');
CREATE TABLE people (id bigint PRIMARY KEY, name text, n numeric);
SELECT sync_attach('people', 'app', 'contact');

CREATE FUNCTION pg_temp.differs() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', coalesce(r.record_key, p.id::text), r.data, to_jsonb(p)), '; ')
	FROM people p FULL JOIN (SELECT * FROM sync_record WHERE NOT deleted) r ON r.record_key = p.id::text
	WHERE r.record_key IS NULL OR p.id IS NULL OR r.data ->> 'name' IS DISTINCT FROM p.name OR r.data ->> 'n' IS DISTINCT FROM p.n::text
		OR (SELECT s.data FROM sync_shadow s WHERE s.record_key = r.record_key AND s.system = 'app') IS DISTINCT FROM r.data
$$;
-- A trigger with a body of its own, a statement, and the trigger's end
CREATE PROCEDURE pg_temp.with_trigger(event text, body text, statement text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE FUNCTION body() RETURNS trigger LANGUAGE plpgsql AS %L', format('BEGIN IF pg_trigger_depth() = 1 THEN %s END IF; RETURN coalesce(new, old); END', body));
	EXECUTE format('CREATE TRIGGER a %s ON people FOR EACH %s EXECUTE FUNCTION body()', event, CASE WHEN body LIKE '%new.%' OR body LIKE '%old.%' THEN 'ROW' ELSE 'STATEMENT' END);
	EXECUTE statement;
	DROP FUNCTION body() CASCADE;
END $$;

INSERT INTO people SELECT i, 'P' || i, i FROM generate_series(1, 5) i;
CALL pg_temp.with_trigger('AFTER UPDATE', 'UPDATE people SET n = new.n + 100 WHERE id = new.id;', 'UPDATE people SET n = n + 1 WHERE id < 3');
SELECT is((SELECT string_agg(n::text, ' ' ORDER BY id) FROM people), '102 103 3 4 5', 'AFTER a row: the same row again');
SELECT is(pg_temp.differs(), NULL, 'it is as the table has it');
CALL pg_temp.with_trigger('AFTER UPDATE', 'UPDATE people SET n = 0 WHERE id <> new.id;', 'UPDATE people SET n = 1 WHERE id > 1');
SELECT is(pg_temp.differs(), NULL, 'AFTER a row: the others');
CALL pg_temp.with_trigger('AFTER UPDATE', 'UPDATE people SET n = n + 1;', 'UPDATE people SET n = 7');
SELECT is(pg_temp.differs(), NULL, 'AFTER a statement, by a trigger that comes before ours');
CALL pg_temp.with_trigger('AFTER INSERT', 'DELETE FROM people WHERE id = new.id - 5;', $$INSERT INTO people VALUES (6, 'P6'), (7, 'P7'), (11, 'P11')$$);
SELECT is((SELECT string_agg(id::text, ' ' ORDER BY id) FROM people), '3 4 5 7 11', 'AFTER a row: the table keeps the last ones, new ones too');
SELECT is(pg_temp.differs(), NULL, 'and so does the book');
CALL pg_temp.with_trigger('BEFORE INSERT', 'DELETE FROM people WHERE id = new.id;', $$INSERT INTO people VALUES (3, 'new', 1), (4, 'P4', 8), (8, 'P8', 1)$$);
SELECT is(pg_temp.differs(), NULL, 'BEFORE a row: its predecessor goes');
CALL pg_temp.with_trigger('AFTER DELETE', 'INSERT INTO people VALUES (old.id, ''again'', 1);', 'DELETE FROM people WHERE id < 5');
SELECT is(pg_temp.differs(), NULL, 'AFTER a row: it comes again');
CALL pg_temp.with_trigger('AFTER INSERT', 'UPDATE people SET id = new.id * 10 WHERE id = new.id;', $$INSERT INTO people VALUES (50, 'P50'), (51, 'P51')$$);
SELECT is((SELECT string_agg(id::text, ' ' ORDER BY id) FROM people WHERE id > 49), '500 510', 'AFTER a row: it gets another key');
SELECT is(pg_temp.differs(), NULL, 'under that it is known');

-- Several statements in one, of which the trigger's is written between
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF pg_trigger_depth() = 1 THEN UPDATE people SET n = 66 WHERE id = new.id; END IF; RETURN NULL; END $$;
CREATE TRIGGER a AFTER INSERT ON people FOR EACH ROW EXECUTE FUNCTION again();
WITH gone AS (DELETE FROM people WHERE id = 500 RETURNING *) INSERT INTO people SELECT id, 'again', n FROM gone;
SELECT is((SELECT n FROM people WHERE id = 500), 66::numeric, 'AFTER a row that one statement deletes and inserts');
SELECT is(pg_temp.differs(), NULL, 'it is known as it is');
DROP FUNCTION again() CASCADE;

-- Several statements in one, of which the one that deletes is captured after the one that inserts
INSERT INTO people VALUES (600, 'P600', 1), (601, 'P601', 1), (602, 'P602', 1);
WITH gone AS (DELETE FROM people WHERE id IN (600, 601) RETURNING *) INSERT INTO people SELECT id, 'again', 2 FROM gone LIMIT 1;
SELECT is((SELECT count(*) FROM people WHERE id IN (600, 601)), 1::bigint, 'a row that is deleted and inserted, of two that are deleted');
SELECT is(pg_temp.differs(), NULL, 'is not gone');
WITH moved AS (UPDATE people SET id = id + 100 WHERE id BETWEEN 600 AND 602 RETURNING *) INSERT INTO people SELECT id - 100, 'again', 3 FROM moved LIMIT 1;
SELECT is(pg_temp.differs(), NULL, 'nor is one whose key another one has left');
ALTER TABLE people ADD COLUMN boss bigint REFERENCES people ON DELETE CASCADE;
WITH gone AS (DELETE FROM people WHERE id >= 700 RETURNING *) INSERT INTO people SELECT id, 'and again', 4 FROM gone;
SELECT is((SELECT count(*) FROM people WHERE name = 'and again'), 2::bigint, 'rows that are deleted and inserted, in a table that refers to itself');
SELECT is(pg_temp.differs(), NULL, 'are there');
SELECT is((SELECT count(*) FROM sync_outbox WHERE action = 'delete' AND record_key IN (SELECT id::text FROM people)), 0::bigint, 'for the others too');
ALTER TABLE people DROP COLUMN boss;

-- A trigger of another table, before a statement of the same transaction
CREATE TABLE orders (person bigint, n numeric);
CREATE FUNCTION count_order() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE people SET n = new.n WHERE id = new.person; RETURN NULL; END $$;
CREATE TRIGGER a AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION count_order();
BEGIN;
INSERT INTO orders SELECT id, 9 FROM people;
UPDATE people SET n = 10 WHERE id < 5;
COMMIT;
SELECT is(pg_temp.differs(), NULL, 'statements one after the other');

-- So many that they are not told apart any more
INSERT INTO people SELECT i, 'Q', 0 FROM generate_series(1000, 12000) i;
CALL pg_temp.with_trigger('AFTER UPDATE', 'UPDATE people SET name = name || ''!'';', 'UPDATE people SET n = n + 1');
SELECT is(pg_temp.differs(), NULL, 'a crowd of rows');

-- A column that no index finds, and partitions
CREATE TABLE parts (id bigint, name text, n numeric) PARTITION BY RANGE (n);
CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE parts_high PARTITION OF parts DEFAULT;
SELECT sync_detach('people');
DROP TABLE people;
DELETE FROM sync_state;
ALTER TABLE parts RENAME TO people;
SELECT sync_attach('people', 'app', 'contact');
INSERT INTO people VALUES (1, 'A', 1), (2, 'B', 2);
CALL pg_temp.with_trigger('AFTER UPDATE', 'UPDATE people SET n = 20 WHERE id = new.id;', 'UPDATE people SET n = 3');
SELECT is((SELECT count(*) FROM parts_high), 2::bigint, 'AFTER a row: it moves to another partition');
SELECT is(pg_temp.differs(), NULL, 'where it is found');
SELECT * FROM finish();
