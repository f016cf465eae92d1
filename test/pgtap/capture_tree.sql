-- Partitions and children come with their table: by whichever of them a row is written, it is taken in once.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0", "fields": {"name": {}, "n": {"type": "number"}}}');

CREATE TEMP TABLE seen (id bigint);
CREATE FUNCTION pg_temp.taken() RETURNS text LANGUAGE sql AS $$
	WITH fresh AS (INSERT INTO seen SELECT id FROM sync_event WHERE id NOT IN (SELECT id FROM seen) RETURNING id)
	SELECT string_agg(concat_ws(' ', record_key, CASE event WHEN 'deleted' THEN event END, verdict, change_set), '; ' ORDER BY e.id)
	FROM sync_event e JOIN fresh USING (id)
$$;

-- A partition whose columns stand elsewhere
CREATE TABLE people (id bigint, region text, name text, n numeric, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE east (junk int, n numeric, region text NOT NULL, gone text, name text, id bigint NOT NULL);
ALTER TABLE east DROP COLUMN gone, DROP COLUMN junk;
ALTER TABLE people ATTACH PARTITION east FOR VALUES IN ('east');
CREATE TABLE west PARTITION OF people FOR VALUES IN ('west') PARTITION BY RANGE (id);
CREATE TABLE west_low PARTITION OF west FOR VALUES FROM (0) TO (100);
SELECT sync_attach('people', 'app', 'contact');
SELECT is((SELECT string_agg(relation::text, ' ' ORDER BY relation::text) FROM sync_attached WHERE is_whole), 'east people west west_low', 'all of them are attached');

INSERT INTO people VALUES (1, 'east', 'A', 1), (2, 'west', 'B', 2);
SELECT is(pg_temp.taken(), '1 accepted {"n": 1, "name": "A"}; 2 accepted {"n": 2, "name": "B"}', 'written by way of the parent');
INSERT INTO east (id, region, name, n) VALUES (3, 'east', 'C', 3);
SELECT is(pg_temp.taken(), '3 accepted {"n": 3, "name": "C"}', 'by way of a partition');
UPDATE west SET n = 4;
SELECT is(pg_temp.taken(), '2 accepted {"n": 4}', 'by way of what is both');
UPDATE people SET n = 5, name = name;
SELECT is(pg_temp.taken(), '1 accepted {"n": 5}; 3 accepted {"n": 5}; 2 accepted {"n": 5}', 'rows of several partitions');
UPDATE people SET region = 'west' WHERE id = 1;
SELECT is(pg_temp.taken(), NULL, 'a row that moves to another partition has not changed');
UPDATE people SET region = 'east', n = 6 WHERE id IN (1, 2);
SELECT is(pg_temp.taken(), '2 accepted {"n": 6}; 1 accepted {"n": 6}', 'but for what has');
UPDATE people SET region = 'west', id = 7 WHERE id = 2;
SELECT is(pg_temp.taken(), '2 deleted accepted; 7 accepted {"n": 6, "name": "B"}', 'nor is it another record, but under another key');
COPY people (id, region, name) FROM stdin;
8	west	H
9	east	I
\.
SELECT is(pg_temp.taken(), '8 accepted {"name": "H"}; 9 accepted {"name": "I"}', 'COPY to the parent');
DELETE FROM people WHERE id > 7;
SELECT is(pg_temp.taken(), '9 deleted accepted; 8 deleted accepted', 'a delete');
SELECT throws_ok('TRUNCATE east', '0A000', NULL, 'a partition is not truncated');
SELECT throws_ok('TRUNCATE people', '0A000', NULL, 'nor are all of them');

-- A partition that comes later
CREATE TABLE north PARTITION OF people FOR VALUES IN ('north');
INSERT INTO people VALUES (10, 'north', 'J');
SELECT is(pg_temp.taken(), '10 accepted {"name": "J"}', 'the parent sees a partition that came later');
SELECT is((SELECT status || ': ' || reason FROM sync_health WHERE subject = 'attached tables'),
	'warning: public.people: writes that name its partition or child public.north are not seen', 'sync_health says what nobody sees');
SELECT sync_attach('people', 'app', 'contact');
INSERT INTO north VALUES (11, 'north', 'K');
SELECT is(pg_temp.taken(), '11 accepted {"name": "K"}', 'until it is attached once more');
SELECT is((SELECT status FROM sync_health WHERE subject = 'attached tables'), 'ok', 'then all is well');
-- A partition that is detached is still attached: nobody knows which of the two has the records
CREATE TABLE past (id bigint, region text NOT NULL DEFAULT 'past', name text, n numeric, PRIMARY KEY (id, region));
ALTER TABLE people ATTACH PARTITION past FOR VALUES IN ('past');
SELECT sync_attach('people', 'app', 'contact');
ALTER TABLE people DETACH PARTITION past;
SELECT is((SELECT reason FROM sync_health WHERE status = 'critical' AND subject = 'attached tables'), 'system app of entity contact is several tables: public.past, public.people', 'it is told of');
SELECT count(*) FROM sync_diff('crm', 'contact', '{"record_key": "777", "name": "new"}');
SET client_min_messages = error;
SELECT is(sync_apply('app'), 0, 'and nothing is written to either');
SET client_min_messages = warning;
SELECT is_empty('TABLE past', 'not to what comes first');
SELECT sync_detach('past');
DROP TABLE past;
SELECT count(sync_discard(id, 'no region')) FROM sync_outbox WHERE record_key = '777';
SELECT pg_temp.taken();

SELECT sync_detach('people');
SELECT is_empty('SELECT * FROM sync_attached', 'all of them are detached');

-- Inheritance
CREATE TABLE parent (id bigint PRIMARY KEY, name text, n numeric);
CREATE TABLE child (more text) INHERITS (parent);
SELECT throws_ok($$ SELECT sync_attach('child', 'app', 'contact') $$, '55000', '"child" is a partition or child of another table', 'a child is not attached alone');
SELECT sync_attach('parent', 'app', 'contact');
INSERT INTO child VALUES (20, 'T');
UPDATE parent SET n = 1;
SELECT is(pg_temp.taken(), '20 accepted {"name": "T"}; 20 accepted {"n": 1}', 'a child, by both ways');
SELECT throws_ok($$ SELECT sync_attach('people', 'app', 'contact') $$, '55000', 'system "app" of entity "contact" is table "public.parent" already', 'one table for a system');
ALTER TABLE parent DISABLE TRIGGER sync_capture_update;
SELECT is((SELECT status || ': ' || reason FROM sync_health WHERE subject = 'attached tables'), 'critical: public.parent: a trigger of it is missing or disabled', 'a trigger that is off is told');
DROP TABLE parent, child;
SELECT is((SELECT status || ': ' || reason FROM sync_health WHERE subject = 'attached tables'), 'ok: none', 'a table that is dropped is not attached');
SELECT * FROM finish();
