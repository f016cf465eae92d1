-- A row says what its JSON says, for every base type and under any settings of the session.
\ir story.psql
SELECT * FROM no_plan();

CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN amount AS numeric(10, 2);
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE samples (record_key integer PRIMARY KEY, c_bool bool, c_int2 int2, c_int4 int4, c_int8 int8, c_float4 float4, c_float8 float8, c_numeric numeric,
	c_amount amount, c_text text, c_varchar varchar(20), c_char char(6), c_name name, c_date date, c_timestamp timestamp, c_timestamptz timestamptz,
	c_time time, c_timetz timetz, c_interval interval, c_uuid uuid, c_json json, c_jsonb jsonb, c_bytea bytea, c_mood mood, c_pair pair, c_ints int4[],
	c_texts text[], c_matrix int4[], c_floats float8[], c_stamps timestamptz[], c_range tstzrange, c_inet inet, c_money money, c_bit varbit, c_point point,
	c_oid oid, c_tsvector tsvector, c_xml xml, c_generated int8 GENERATED ALWAYS AS (c_int8 / 2) STORED);
INSERT INTO samples VALUES
	(1, true, -32768, 2147483647, 9223372036854775807, 0.1, 0.1, 12345678901234567890.10, 5, E'q " \\ \n é 😀', 'v', 'c', 'n', '2026-02-03', '2026-02-03 04:05:06.7',
	 '2026-02-03 04:05:06.789+02', '04:05', '04:05+03', '1 day 02:03', '11111111-2222-3333-4444-555555555555', ' { "a" : [1, 2.50, null] } ', '{"b": {"c": "x"}}', '\x00ff',
	 'ok', (1, 'x y'), '{3,1}', '{"a b",NULL,c}', '{{1,2},{3,4}}', '{0.1,1e300}', '{2026-02-03 04:05+02}', '[2026-02-03,2026-02-04)', '10.0.0.1/8', '12.5', '101', '(1,2.5)',
	 7, 'a b', '<a/>'),
	(2, false, 0, -1, 0, 1e-30, 1e300, 0, -0.5, '', '', '', '', '0001-01-01', '1999-12-31 23:59:59', '1999-12-31 23:59:59Z', '00:00', '00:00Z', '-1 mon', NULL, '"s"', 'null',
	 '', 'sad', NULL, '{}', '{}', '{}', '{}', '{}', 'empty', '::1', '0', '', NULL, 0, '', NULL);
INSERT INTO samples (record_key) VALUES (3);

-- Each column once as json and once as its own kind of text
SELECT sync_configure('sample', jsonb_build_object('systems', '["table", "text"]'::jsonb, 'fields', jsonb_object_agg(attname, '{"type": "json"}'::jsonb)))
FROM pg_attribute WHERE attrelid = 'samples'::regclass AND attnum > 1;

CREATE FUNCTION pg_temp.differs() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', v.record_key, v.verdict, v.change_set), '; ') FROM samples s,
		LATERAL sync_diff('table', 'sample', to_json(s)::text, verbose => true) v
	WHERE v.verdict <> 'unchanged'
$$;

SELECT is((SELECT string_agg(verdict, ' ') FROM sync_diff_from('table', 'sample', 'samples')), 'accepted accepted accepted', 'rows of every type are taken');
SET TimeZone = 'UTC';
SELECT is(pg_temp.differs(), NULL, 'and say what their JSON says');

SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'; SET extra_float_digits = -15; SET bytea_output = 'escape';
SELECT is((SELECT string_agg(verdict, ' ') FROM sync_diff_from('table', 'sample', 'samples', verbose => true)), 'unchanged unchanged unchanged', 'under other settings too');
SELECT is(current_setting('TimeZone') || ' ' || current_setting('DateStyle'), 'Asia/Tokyo German, DMY', 'which are the caller''s afterwards');

-- A jsonb goes to its field without a text between them
RESET ALL;
CREATE TABLE documents (record_key integer PRIMARY KEY, doc jsonb);
INSERT INTO documents SELECT row_number() OVER (), d::jsonb FROM unnest(ARRAY['{}', '[]', '{"bb": 1, "a": [1.50, -0.0, 1e2, 100000000000000000000000], "": {"é": "\"\\\u0001", "😀": null, "\ufb33": true}}',
	'[{"z": 1, "y": [[], {}]}, "x", false]', '{"n": 12345678901234567890.1234567890123456789, "m": 0.1}', '[9007199254740993]', '[1e400]', '"s"', '7.50', 'null',
	repeat('[', 500) || repeat(']', 500), '[1' || repeat('0', 1001) || '.5]', '[0.' || repeat('1', 1001) || ']']) AS d;
SELECT sync_configure('document', '{"systems": ["table", "text"], "fields": {"doc": {"type": "json"}}}');
SELECT sync_configure('word', '{"systems": ["table", "text"], "fields": {"doc": {"type": "text"}}}');
SELECT sync_configure('both', '{"systems": {"table": {"writable": false}, "text": {"writable": false}}, "fields": {"doc": {"type": "json"}, "same": {"type": "json", "path": {"table": "doc", "text": "doc"}}, "list": {"type": "set", "path": {"table": "doc", "text": "doc"}}}}');

CREATE FUNCTION pg_temp.said(entity text, way text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT concat_ws('' '', v.record_key, v.verdict, v.change_set, v.detail) FROM ' || way || ' AS v ORDER BY v.record_key::int', entity);
END $$;
CREATE FUNCTION pg_temp.of_rows() RETURNS text LANGUAGE sql AS $$ SELECT 'sync_diff_from(''table'', %L, ''documents'', dry_run => true, verbose => true)' $$;
CREATE FUNCTION pg_temp.of_texts() RETURNS text LANGUAGE sql AS $$
	SELECT '(SELECT x.* FROM documents AS d, LATERAL sync_diff(''table'', %L, to_json(d)::text, dry_run => true, verbose => true) AS x)'
$$;
SELECT is(array_agg(e), (SELECT array_agg(t) FROM pg_temp.said('document', pg_temp.of_texts()) AS t), 'as its text says it') FROM pg_temp.said('document', pg_temp.of_rows()) AS e;
SELECT is(array_agg(e), (SELECT array_agg(t) FROM pg_temp.said('word', pg_temp.of_texts()) AS t), 'also where the field is a text') FROM pg_temp.said('word', pg_temp.of_rows()) AS e;
SELECT is(array_agg(e), (SELECT array_agg(t) FROM pg_temp.said('both', pg_temp.of_texts()) AS t), 'or two read one column') FROM pg_temp.said('both', pg_temp.of_rows()) AS e;
SELECT is((SELECT string_agg(split_part(e, ' ', 2), ' ') FROM pg_temp.said('document', pg_temp.of_rows()) AS e),
	'accepted accepted accepted accepted accepted accepted accepted accepted accepted accepted accepted rejected rejected', 'what no field can hold is rejected');

CREATE TABLE deep (record_key integer PRIMARY KEY, doc jsonb);
INSERT INTO deep VALUES (1, (repeat('[', 4097) || repeat(']', 4097))::jsonb);
SELECT throws_like($$ SELECT * FROM sync_diff('text', 'document', (SELECT to_json(d)::text FROM deep AS d)) $$, '%nested deeper than 4096 levels%', 'what is nested too deep is no text');
SELECT throws_like($$ SELECT * FROM sync_diff_from('table', 'document', 'deep') $$, '%nested deeper than 4096 levels%', 'and no column');

SELECT * FROM finish();
