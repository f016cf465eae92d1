-- sync_diff_from: rows of a relation are payloads, columns their keys.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"key": "id", "version": "updated"}, "desk": {}}, "fields": {
	"name": {"required": true}, "n": {"type": "number"}, "born": {"type": "date"}, "tags": {"type": "set"},
	"city": {"path": {"crm": "address.city", "desk": "city"}}, "Odd \"name\"": {}}}');
CREATE TABLE people (id bigint PRIMARY KEY, name text, n numeric, born date, tags text[], address jsonb, updated timestamptz, "Odd ""name""" varchar,
	gone text, junk bytea);
ALTER TABLE people DROP COLUMN gone;
INSERT INTO people VALUES
	(1, E'A "q"\t\\ é', 1.50, '2001-02-03', '{b,a,b}', '{"city": "Bern", "zip": 3000}', '2026-01-01 00:00+02', 'o', '\x00'),
	(2, NULL, 2, NULL, '{}', '{"city": null}', '2026-01-01', NULL, NULL),
	(3, 'C', 'NaN', NULL, NULL, NULL, '2026-01-01', NULL, NULL),
	(4, 'D', NULL, NULL, NULL, '"no object"', '2026-01-01', NULL, NULL);

CREATE FUNCTION pg_temp.said(rows_of regclass, options text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('SELECT string_agg(concat_ws('' '', record_key, verdict, action, change_set, detail), ''; '') FROM sync_diff_from(''crm'', ''contact'', %L%s)',
		rows_of, options) INTO answer;
	RETURN answer;
END
$$;

SELECT is(pg_temp.said('people', ', dry_run => true'), pg_temp.said('people'), 'a dry run says the same');
SELECT is((SELECT data FROM sync_record WHERE record_key = '1'),
	'{"n": 1.5, "born": "2001-02-03", "city": "Bern", "name": "A \"q\"\t\\ é", "tags": ["a", "b"], "Odd \"name\"": "o"}', 'a row is taken as its JSON would be');
SELECT is((SELECT data FROM sync_record WHERE record_key = '4'), '{"n": null, "born": null, "name": "D", "tags": null, "Odd \"name\"": null}',
	'null is null, and what a path does not find is absent');
SELECT is((SELECT string_agg(record_key || ' ' || reason, '; ' ORDER BY record_key) FROM sync_reject), '2 required, but null; 3 no number: "NaN"', 'what does not fit is rejected');
SELECT is((SELECT payload FROM sync_reject WHERE record_key = '2'),
	'{"n": 2, "id": 2, "born": null, "name": null, "tags": [], "Odd \"name\"": null, "address": {"city": null}, "updated": "2026-01-01T00:00:00+00:00"}',
	'with the columns that the policy names');
SELECT is(pg_temp.said('people', ', verbose => true'),
	'1 unchanged; 2 rejected name: required, but null; 3 rejected n: no number: "NaN"; 4 unchanged', 'nothing new is unchanged');

UPDATE people SET name = 'C', n = 3 WHERE id > 1;
SELECT is(pg_temp.said('people'),
	'2 accepted create {"n": 3, "name": "C", "tags": []}; 3 accepted create {"n": 3, "name": "C"}; 4 accepted update {"n": 3, "name": "C"}',
	'in the order of the rows');
DELETE FROM people WHERE id = 1;
SELECT is(pg_temp.said('people', ', complete => true'), '1 accepted delete', 'a row that a complete one lacks was deleted there');

-- Any relation that SELECT reads
CREATE VIEW adults AS SELECT id, upper(name) AS name, updated + '1 day' AS updated FROM people;
SELECT is(pg_temp.said('adults', ', verbose => true'), '2 unchanged; 3 unchanged; 4 unchanged', 'a view of some of the fields');
CREATE TABLE parts (LIKE people) PARTITION BY LIST (id);
CREATE TABLE part_9 PARTITION OF parts FOR VALUES IN (9);
INSERT INTO parts (id, name) VALUES (9, 'I');
SELECT is(pg_temp.said('parts'), '9 accepted create {"name": "I"}', 'a partitioned table');
CREATE MATERIALIZED VIEW seen AS SELECT 10 AS id, 'J'::text AS name;
SELECT is(pg_temp.said('seen'), '10 accepted create {"name": "J"}', 'a materialized view');

-- Mistakes
SELECT throws_ok($$ SELECT sync_diff_from('desk', 'contact', 'people') $$, '42703',
	'"people" has no column for the record key of system "desk", which is at "record_key"', 'no column for the key');
SELECT throws_ok($$ SELECT sync_diff_from('crm', 'contact', 'people_pkey') $$, '42809', '"people_pkey" is no table, view or foreign table', 'an index');
SELECT throws_ok($$ SELECT sync_diff_from('crm', 'contact', 99999) $$, '42P01', 'relation with OID 99999 does not exist', 'a number of no relation, or of one that is dropped meanwhile');
SELECT throws_ok($$ SELECT sync_diff_from('crm', 'contact', NULL) $$, '22004', 'argument "source" of sync_diff_from must not be null', 'null');
SELECT throws_ok($$ SELECT sync_diff_from('cmr', 'contact', 'people') $$, '42704', 'entity "contact" has no system "cmr"', 'an unknown system');

-- With the rights of the caller, of whom nothing is left
SELECT 'stranger_' || pg_backend_pid() AS stranger \gset
CREATE ROLE :stranger;
GRANT ALL ON ALL TABLES IN SCHEMA public TO :stranger;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO :stranger;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO :stranger;
REVOKE ALL ON people FROM :stranger;
SET ROLE :stranger;
SELECT throws_ok($$ SELECT sync_diff_from('crm', 'contact', 'people') $$, '42501', 'permission denied for table people', 'who may not read a table does not read it here');
RESET ROLE;
GRANT SELECT ON people TO :stranger;
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
SET ROLE :stranger;
SELECT is_empty($$ SELECT sync_diff_from('crm', 'contact', 'people', verbose => true) $$, 'nor rows that row security hides');
RESET ROLE;
DROP OWNED BY :stranger;
DROP ROLE :stranger;

-- Rows that do not fit into work_mem
SET work_mem = '64kB';
CREATE TABLE wide AS SELECT 'w' || i AS id, string_agg(md5(i || '.' || j), '') AS name
	FROM generate_series(1, 1200) AS i, generate_series(1, 100) AS j GROUP BY i;
SELECT is((SELECT count(*) FROM sync_diff_from('crm', 'contact', 'wide') WHERE verdict = 'accepted'), 1200::bigint, 'wide rows come through the disk');
SELECT is((SELECT count(*) FROM wide AS w JOIN sync_record AS r ON r.record_key = w.id WHERE r.data->>'name' = w.name), 1200::bigint, 'as they are');
RESET work_mem;

SELECT * FROM finish();
