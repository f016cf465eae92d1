-- An attached table: whatever writes to it is taken in, in the same transaction.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0", "fields": {
	"name": {"required": true}, "n": {"type": "number"}, "tags": {"type": "set"}, "city": {"path": {"app": "address.city", "crm": "city"}}}}');
CREATE TABLE people (id bigint PRIMARY KEY, name text, n numeric, tags text[], address jsonb, note text);
SELECT sync_attach('people', 'app', 'contact');

-- What was taken in since the last call: system, verdict, action and change-set of each event
CREATE TEMP TABLE seen (id bigint);
CREATE FUNCTION pg_temp.taken() RETURNS text LANGUAGE sql AS $$
	WITH fresh AS (INSERT INTO seen SELECT id FROM sync_event WHERE id NOT IN (SELECT id FROM seen) RETURNING id)
	SELECT string_agg(concat_ws(' ', record_key, CASE event WHEN 'deleted' THEN event END, verdict, change_set), '; ' ORDER BY e.id)
	FROM sync_event e JOIN fresh USING (id)
$$;

INSERT INTO people VALUES (1, 'A', 1.50, '{b,a}', '{"city": "Bern", "zip": 1}', 'x'), (2, 'B', NULL, NULL, NULL, NULL);
SELECT is(pg_temp.taken(), '1 accepted {"n": 1.5, "city": "Bern", "name": "A", "tags": ["a", "b"]}; 2 accepted {"name": "B"}', 'an insert of two rows');
SELECT is((SELECT string_agg(record_key || ' ' || change_set, '; ' ORDER BY id) FROM sync_outbox WHERE target_system = 'crm'),
	'1 {"n": 1.5, "city": "Bern", "name": "A", "tags": ["a", "b"]}; 2 {"name": "B"}', 'goes to the other system');
SELECT is((SELECT string_agg(DISTINCT actor, ',') FROM sync_event), current_user::text, 'the actor is the role that writes');

UPDATE people SET n = 2 WHERE id = 1;
SELECT is(pg_temp.taken(), '1 accepted {"n": 2}', 'an update: what has changed');
UPDATE people SET note = 'y', n = n;
SELECT is(pg_temp.taken(), NULL, 'nothing mapped has changed');
UPDATE people SET n = 2.0, tags = '{a,b,a}', address = '{"zip": 3, "city": "Bern"}' WHERE id = 1;
SELECT is(pg_temp.taken(), NULL, 'other bytes of the same values are no change');
INSERT INTO people (id, name) VALUES (2, 'BB'), (3, 'C') ON CONFLICT (id) DO UPDATE SET name = excluded.name;
SELECT ok(pg_temp.taken() IN ('2 accepted {"name": "BB"}; 3 accepted {"name": "C"}', '3 accepted {"name": "C"}; 2 accepted {"name": "BB"}'), 'ON CONFLICT: both of its halves');
MERGE INTO people p USING (VALUES (2, NULL), (3, 'CC'), (4, 'D')) v(id, name) ON p.id = v.id
	WHEN MATCHED AND v.name IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET name = v.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (v.id, v.name);
SELECT is((SELECT string_agg(concat_ws(' ', record_key, data, deleted), '; ' ORDER BY record_key) FROM sync_record WHERE record_key > '1'),
	'2 {"n": null, "city": null, "name": "BB", "tags": null} t; 3 {"n": null, "city": null, "name": "CC", "tags": null} f; 4 {"n": null, "city": null, "name": "D", "tags": null} f', 'MERGE: all of them');
SELECT pg_temp.taken();
COPY people (id, name) FROM stdin;
5	E
6	F
\.
SELECT is(pg_temp.taken(), '5 accepted {"name": "E"}; 6 accepted {"name": "F"}', 'COPY');
DELETE FROM people WHERE id = 5;
SELECT is(pg_temp.taken(), '5 deleted accepted', 'a delete');
WITH gone AS (DELETE FROM people WHERE id = 6 RETURNING *) INSERT INTO people SELECT 7, name FROM gone;
SELECT is((SELECT string_agg(record_key, ',' ORDER BY record_key) FROM sync_record WHERE NOT deleted), '1,3,4,7', 'several writes of one statement');
SELECT pg_temp.taken();

-- A key that changes
UPDATE people SET id = 8 WHERE id = 7;
SELECT is(pg_temp.taken(), '7 deleted accepted; 8 accepted {"name": "F"}', 'is a delete and a create');
ALTER TABLE people DROP CONSTRAINT people_pkey, ADD PRIMARY KEY (id) DEFERRABLE;
UPDATE people SET id = id + 1 WHERE id IN (3, 4);
SELECT is(pg_temp.taken(), '3 deleted accepted; 4 accepted {"name": "CC"}; 5 accepted {"name": "D"}', 'of a key that another row takes there is no delete');
UPDATE people SET id = 9 - id WHERE id IN (4, 5);
SELECT is((SELECT string_agg(record_key || ' ' || (data ->> 'name'), ', ' ORDER BY record_key) FROM sync_record WHERE NOT deleted), '1 A, 4 D, 5 CC, 8 F', 'nor where two rows change places');

-- What does not fit is kept aside, and the statement goes on
SELECT pg_temp.taken();
INSERT INTO people (id, n) VALUES (20, 1);
UPDATE people SET n = 'NaN' WHERE id = 8;
SELECT is((SELECT string_agg(concat_ws(' ', record_key, field, reason, payload), '; ' ORDER BY record_key) FROM sync_reject),
	'20 name required, but null {"n": 1, "id": 20, "name": null, "tags": null, "address": null}; 8 n no number: "NaN" {"n": "NaN", "id": 8, "name": "F", "tags": null, "address": null}',
	'a row that does not fit is rejected');
SELECT is((SELECT count(*) FROM people), 5::bigint, 'and stands in the table');

-- What is rolled back leaves nothing
SELECT pg_temp.taken();
BEGIN;
SAVEPOINT s;
UPDATE people SET name = 'never';
INSERT INTO people (id, name) VALUES (30, 'never');
ROLLBACK TO s;
UPDATE people SET name = 'AA' WHERE id = 1;
COMMIT;
SELECT is(pg_temp.taken(), '1 accepted {"name": "AA"}', 'a savepoint that was rolled back leaves nothing');

SELECT throws_ok('TRUNCATE people', '0A000', 'cannot truncate "people", which is attached to sync_ledger as system "app"', 'TRUNCATE is refused');

-- The end of it
SELECT sync_detach('people');
UPDATE people SET name = 'unseen';
SELECT is(pg_temp.taken(), NULL, 'a table that is detached is not seen');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'people'::regclass AND NOT tgisinternal), 0::bigint, 'and has no trigger of ours');
TRUNCATE people;
SELECT * FROM finish();
