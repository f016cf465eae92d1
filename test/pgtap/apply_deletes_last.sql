-- A row whose key changes is a delete and a create. What referred to it follows before the old row goes, in
-- one table and in several, and where a call may write only a part of it: nothing goes with the old row.
\ir story.psql
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.rows(of regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	EXECUTE format('SELECT string_agg(t::text, '' '' ORDER BY id) FROM %s AS t', of) INTO found;
	RETURN found;
END
$$;
-- Until nothing waits; how many calls that took
CREATE FUNCTION pg_temp.apply_all(max_changes int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 50 LOOP
		IF NOT EXISTS (SELECT FROM sync_outbox) THEN
			RETURN i - 1;
		END IF;
		IF sync_apply('two', max_changes) > max_changes THEN
			RAISE 'more than % changes', max_changes;
		END IF;
	END LOOP;
	RAISE 'no end';
END
$$;

-- A table that refers to itself
SELECT sync_configure('node', '{"systems": {"one": {"key": "id"}, "two": {"key": "id"}}, "window": "0", "fields": {"parent": {"type": "number", "nulls": "clear"}, "name": {}}}');
CREATE TABLE node1 (id int PRIMARY KEY, parent int REFERENCES node1 ON UPDATE CASCADE ON DELETE CASCADE, name text);
CREATE TABLE node2 (id int PRIMARY KEY, parent int REFERENCES node2 ON UPDATE CASCADE ON DELETE CASCADE, name text);
SELECT sync_attach('node1', 'one', 'node'), sync_attach('node2', 'two', 'node');
INSERT INTO node1 VALUES (1, NULL, 'root'), (2, 1, 'child'), (3, 2, 'grandchild'), (4, NULL, 'other');
SELECT is(sync_apply('two'), 4, 'both tables have the rows');
UPDATE node1 SET id = 10 WHERE id = 1;
SELECT is(sync_apply('two'), 3, 'the key of a parent has changed');
SELECT is(pg_temp.rows('node1'), '(2,10,child) (3,2,grandchild) (4,,other) (10,,root)', 'its rows are with it');
SELECT is(pg_temp.rows('node2'), pg_temp.rows('node1'), 'in the other table too');
SELECT is_empty('TABLE sync_outbox', 'and nothing goes back');
UPDATE node1 SET id = id + 100;
SELECT cmp_ok(pg_temp.apply_all(1), '<=', 20, 'row by row');
SELECT is(pg_temp.rows('node1'), '(102,110,child) (103,102,grandchild) (104,,other) (110,,root)', 'no row is gone');
SELECT is(pg_temp.rows('node2'), pg_temp.rows('node1'), 'here neither');
DELETE FROM node1 WHERE id = 110;
SELECT cmp_ok(pg_temp.apply_all(2), '<=', 2, 'a tree that is deleted goes');
SELECT is(pg_temp.rows('node2'), '(104,,other)', 'in both tables');

-- More deletes than a call may write stand before the rest, or beside what somebody else has
INSERT INTO node1 SELECT i, NULL, 'leaf' FROM generate_series(201, 209) AS i;
SELECT is(sync_apply('two'), 9, 'some leaves');
DELETE FROM node1 WHERE id > 200;
UPDATE node1 SET name = 'found' WHERE id = 104;
SELECT is(sync_apply('two', 2), 2, 'what stands behind deletes is come by in the same call');
SELECT is((SELECT name FROM node2 WHERE id = 104), 'found', 'and goes before them');
SELECT is(sync_apply('two', 20), 8, 'the rest follows');
INSERT INTO node1 SELECT i, NULL, 'leaf' FROM generate_series(201, 204) AS i;
SELECT is(sync_apply('two'), 4, 'other leaves');
UPDATE node1 SET name = 'taken' WHERE id = 104;
SELECT is((SELECT action FROM sync_poll('two', 1)), 'update', 'a worker has an update');
DELETE FROM node1 WHERE id > 200;
SELECT is(sync_apply('two', 2), 2, 'for whose answer no delete waits');
SELECT is((SELECT sync_ack(lease) FROM sync_outbox WHERE lease IS NOT NULL), 1, 'which comes in the end');
SELECT is(sync_apply('two'), 2, 'all is done');

-- What the call itself makes wait is not overlooked, also after something was undone
SELECT sync_configure('leaf', '{"systems": {"one": {"key": "id"}, "two": {"key": "id"}}, "window": "0", "fields": {"parent": {"type": "number", "nulls": "clear"}, "name": {}}}');
CREATE TABLE leaf1 (id int PRIMARY KEY, parent int, name text);
CREATE TABLE leaf2 (id int PRIMARY KEY, parent int REFERENCES leaf2 ON DELETE CASCADE, name text);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
CREATE TRIGGER refuse AFTER UPDATE OF name ON leaf2 FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT sync_attach('leaf1', 'one', 'leaf'), sync_attach('leaf2', 'two', 'leaf');
INSERT INTO leaf1 SELECT i, CASE i WHEN 3002 THEN 2500 END, 'leaf' FROM generate_series(1, 3002) AS i;
SELECT is(sync_apply('two', 4000), 3002, 'many leaves');
CREATE FUNCTION move_away() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE public.leaf1 SET parent = NULL WHERE id = 3002;
	RETURN NULL;
END
$$;
CREATE TRIGGER move_away AFTER DELETE ON leaf2 FOR EACH ROW WHEN (old.id = 1) EXECUTE FUNCTION move_away();
UPDATE leaf1 SET name = 'refused' WHERE id = 3001;
DELETE FROM leaf1 WHERE id <= 3000;
SELECT is(sync_apply('two', 4000), 3001, 'a delete makes a row leave another one that goes');
SELECT is(pg_temp.rows('leaf2'), '(3001,,leaf) (3002,,leaf)', 'before that goes');
SELECT is(pg_temp.rows('leaf1'), '(3001,,refused) (3002,,leaf)', 'and stays in both tables');
SELECT is(sync_discard(id, 'no leaf'), true, 'what was refused is discarded') FROM sync_outbox;

-- Three tables, of which the last knows nothing of the first
SELECT sync_configure(e, format('{"systems": {"one": {"key": "id"}, "two": {"key": "id"}}, "window": "0", "fields": {"parent": {"type": "number", "nulls": "clear"}, "%s": {}}}', e)::jsonb)
FROM unnest('{firm,site,desk}'::text[]) AS e;
CREATE TABLE firm1 (id int PRIMARY KEY, parent int, firm text);
CREATE TABLE firm2 (LIKE firm1 INCLUDING ALL);
CREATE TABLE site1 (id int PRIMARY KEY, parent int REFERENCES firm1 ON UPDATE CASCADE ON DELETE CASCADE, site text);
CREATE TABLE site2 (id int PRIMARY KEY, parent int REFERENCES firm2 ON UPDATE CASCADE ON DELETE CASCADE, site text);
CREATE TABLE desk1 (id int PRIMARY KEY, parent int REFERENCES site1 ON UPDATE CASCADE ON DELETE CASCADE, desk text);
CREATE TABLE desk2 (id int PRIMARY KEY, parent int REFERENCES site2 ON UPDATE CASCADE ON DELETE CASCADE, desk text);
SELECT sync_attach(format('%s1', e)::regclass, 'one', e), sync_attach(format('%s2', e)::regclass, 'two', e) FROM unnest('{firm,site,desk}'::text[]) AS e;
INSERT INTO firm1 SELECT i, NULL, 'f' FROM generate_series(1, 5) AS i;
INSERT INTO site1 SELECT i, i, 's' FROM generate_series(1, 5) AS i;
INSERT INTO desk1 SELECT i, i, 'd' FROM generate_series(1, 5) AS i;
SELECT is(sync_apply('two'), 15, 'all is there');
UPDATE firm1 SET id = id + 10;
SELECT is((SELECT string_agg(DISTINCT entity || ' ' || action, ', ' ORDER BY entity || ' ' || action) FROM sync_outbox), 'firm create, firm delete, site update', 'all keys of the first have changed');
SELECT cmp_ok(pg_temp.apply_all(3), '<=', 15, 'three changes a call');
SELECT is(pg_temp.rows('firm2'), pg_temp.rows('firm1'), 'the first tables agree');
SELECT is(pg_temp.rows('site2'), pg_temp.rows('site1'), 'the second ones');
SELECT is(pg_temp.rows('desk2'), '(1,1,d) (2,2,d) (3,3,d) (4,4,d) (5,5,d)', 'and of the third no row is gone');
SELECT is(pg_temp.rows('desk2'), pg_temp.rows('desk1'), 'in either');
DELETE FROM firm1;
SELECT cmp_ok(pg_temp.apply_all(4), '<=', 5, 'deletes go too, the last tables'' first');
SELECT is(concat(pg_temp.rows('firm2'), pg_temp.rows('site2'), pg_temp.rows('desk2')), '', 'and nothing is left');

-- At once, table by table: the old row is left to a later call, for what refers to it is not known yet
SELECT sync_configure(e, format('{"systems": {"one": {"key": "id"}, "now": {"key": "id", "apply": "immediate"}}, "window": "0", "fields": {"parent": {"type": "number", "nulls": "clear"}, "%s": {}}}', e)::jsonb)
FROM unnest('{club,team}'::text[]) AS e;
CREATE TABLE club1 (id int PRIMARY KEY, parent int, club text);
CREATE TABLE club2 (LIKE club1 INCLUDING ALL);
CREATE TABLE team1 (id int PRIMARY KEY, parent int REFERENCES club1 ON UPDATE CASCADE ON DELETE CASCADE, team text);
CREATE TABLE team2 (id int PRIMARY KEY, parent int REFERENCES club2 ON UPDATE CASCADE ON DELETE CASCADE, team text);
SELECT sync_attach(format('%s1', e)::regclass, 'one', e), sync_attach(format('%s2', e)::regclass, 'now', e) FROM unnest('{club,team}'::text[]) AS e;
INSERT INTO club1 VALUES (1, NULL, 'c'), (2, NULL, 'c');
INSERT INTO team1 VALUES (1, 1, 't'), (2, 2, 't');
UPDATE club1 SET id = 10 WHERE id = 1;
SELECT is(pg_temp.rows('team1'), '(1,10,t) (2,2,t)', 'a reference follows its key');
SELECT is(pg_temp.rows('team2'), pg_temp.rows('team1'), 'in the other table at once');
SELECT is(pg_temp.rows('club2'), '(1,,c) (2,,c) (10,,c)', 'where the old row still stands');
SELECT is(sync_apply('now'), 1, 'until the next call');
SELECT is(pg_temp.rows('club2'), pg_temp.rows('club1'), 'and then no more');
DELETE FROM club1 WHERE id = 2;
SELECT is(pg_temp.rows('team1'), '(1,10,t)', 'a delete takes along what refers to it');
SELECT is(pg_temp.rows('team2'), pg_temp.rows('team1'), 'in both tables');
SELECT is(pg_temp.rows('club2'), pg_temp.rows('club1'), 'at once');
INSERT INTO club1 SELECT i, NULL, 'c' FROM generate_series(2001, 3500) AS i;
UPDATE club1 SET id = id + 10000 WHERE id > 2000;
SELECT is((SELECT concat_ws(' ', count(*) FILTER (WHERE id > 10000), count(*) FILTER (WHERE id BETWEEN 2001 AND 3500)) FROM club2), '1500 1500', 'of many keys that change no old row stands in the way of the new ones');
SELECT is(sync_apply('now', 2000), 1500, 'or goes before the next call');
SELECT is_empty('TABLE sync_outbox', 'nothing waits');
SELECT is_empty('TABLE sync_conflict', 'nobody was ever asked');

SELECT * FROM finish();
