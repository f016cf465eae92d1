-- A row that is captured says what its JSON says, for every base type and under any settings of the session.
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
CREATE TABLE first (LIKE samples);
INSERT INTO first VALUES
	(1, true, -32768, 2147483647, 9223372036854775807, 0.1, 0.1, 12345678901234567890.10, 5, E'q " \\ \n é 😀', 'v', 'c', 'n', '2026-02-03', '2026-02-03 04:05:06.7',
	 '2026-02-03 04:05:06.789+02', '04:05', '04:05+03', '1 day 02:03', '11111111-2222-3333-4444-555555555555', ' { "a" : [1, 2.50, null] } ', '{"b": {"c": "x"}}', '\x00ff',
	 'ok', (1, 'x y'), '{3,1}', '{"a b",NULL,c}', '{{1,2},{3,4}}', '{0.1,1e300}', '{2026-02-03 04:05+02}', '[2026-02-03,2026-02-04)', '10.0.0.1/8', '12.5', '101', '(1,2.5)',
	 7, 'a b', '<a/>', NULL),
	(2, false, 0, -1, 0, 1e-30, 1e300, 0, -0.5, '', '', '', '', '0001-01-01', '1999-12-31 23:59:59', '1999-12-31 23:59:59Z', '00:00', '00:00Z', '-1 mon', NULL, '"s"', 'null',
	 '', 'sad', NULL, '{}', '{}', '{}', '{}', '{}', 'empty', '::1', '0', '', NULL, 0, '', NULL, NULL);
INSERT INTO first (record_key) VALUES (3);


SELECT sync_configure('sample', jsonb_build_object('systems', '["table", "text"]'::jsonb, 'fields', jsonb_object_agg(attname, '{"type": "json"}'::jsonb)))
FROM pg_attribute WHERE attrelid = 'samples'::regclass AND attnum > 1;
SELECT sync_attach('samples', 'table', 'sample');
SELECT string_agg(quote_ident(attname), ', ') AS columns FROM pg_attribute WHERE attrelid = 'samples'::regclass AND attnum > 0 AND attgenerated = '' \gset

-- Rows of which the book and their JSON say different things
CREATE FUNCTION pg_temp.differs() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', s.record_key, v.verdict, v.change_set), '; ') FROM samples s
	LEFT JOIN LATERAL sync_diff('table', 'sample', to_json(s)::text, verbose => true) v ON true
	WHERE v.verdict IS DISTINCT FROM 'unchanged'
$$;
CREATE FUNCTION pg_temp.events() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM sync_event $$;

SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'; SET extra_float_digits = -15; SET bytea_output = 'escape';
INSERT INTO samples (:columns) SELECT :columns FROM first;
SELECT is(current_setting('TimeZone') || ' ' || current_setting('DateStyle'), 'Asia/Tokyo German, DMY', 'the settings are the writer''s');
SET TimeZone = 'UTC'; RESET DateStyle; RESET IntervalStyle; RESET extra_float_digits; RESET bytea_output;
SELECT is(pg_temp.differs(), NULL, 'rows of every type say what their JSON says');
SELECT is(pg_temp.events(), 3::bigint, 'each is one event');

-- Each column of each row gets the value of the next row, one at a time
CREATE PROCEDURE pg_temp.rotate() LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOR name IN SELECT attname FROM pg_attribute WHERE attrelid = 'samples'::regclass AND attnum > 1 AND attgenerated = '' LOOP
		EXECUTE format('UPDATE samples s SET %1$I = o.%1$I FROM samples o WHERE o.record_key = s.record_key %% 3 + 1', name);
	END LOOP;
END $$;
CALL pg_temp.rotate();
SELECT is(pg_temp.differs(), NULL, 'after an update of each column too');
SELECT pg_temp.events() AS events \gset
UPDATE samples SET c_text = c_text, c_numeric = c_numeric, c_jsonb = c_jsonb::text::jsonb;
SELECT is(pg_temp.events(), :events::bigint, 'the same values once more are no event');
SET TimeZone = 'America/New_York'; SET DateStyle = 'SQL, DMY'; SET extra_float_digits = 0;
UPDATE samples SET c_bool = NOT c_bool;
SELECT is((SELECT string_agg(change_set::text, ' ' ORDER BY change_set::text) FROM (SELECT * FROM sync_event ORDER BY id DESC LIMIT 2) e), '{"c_bool": false} {"c_bool": true}', 'under other settings nothing else has changed');
RESET TimeZone; RESET DateStyle; RESET extra_float_digits;
SELECT is(pg_temp.differs(), NULL, 'as their JSON says');

-- Values that lie elsewhere
UPDATE samples SET c_text = repeat(md5(record_key::text), 20000), c_jsonb = to_jsonb(repeat('x', 5000000)) WHERE record_key = 1;
SELECT is((SELECT length(data ->> 'c_text') FROM sync_record WHERE record_key = '1'), 640000, 'a long value is taken whole');
SELECT pg_temp.events() AS events \gset
UPDATE samples SET c_bool = NOT c_bool WHERE record_key = 1;
SELECT is((SELECT change_set FROM sync_event ORDER BY id DESC LIMIT 1), (SELECT jsonb_build_object('c_bool', c_bool) FROM samples WHERE record_key = 1), 'beside it another column changes alone');
UPDATE samples SET c_text = repeat(md5(record_key::text), 20000) WHERE record_key = 1;
SELECT is(pg_temp.events(), :events + 1::bigint, 'and written once more it is no change');

-- More rows than fit into memory
SET work_mem = '64kB';
CREATE TABLE many (record_key int, c_text text);
SELECT sync_detach('samples');
SELECT sync_configure('sample', '{"systems": ["table", "text"], "fields": {"c_text": {}}}');
SELECT sync_attach('many', 'table', 'sample');
INSERT INTO many SELECT i, repeat(i::text, 100) FROM generate_series(10, 3000) i;
UPDATE many SET c_text = c_text || '!', record_key = CASE WHEN record_key % 3 = 0 THEN record_key + 10000 ELSE record_key END;
DELETE FROM many WHERE record_key % 2 = 0;
SELECT is((SELECT count(*) FROM sync_record r FULL JOIN many m ON r.record_key = m.record_key::text WHERE r.record_key::int >= 10
	AND (m.record_key IS NULL) <> r.deleted OR r.data ->> 'c_text' <> m.c_text), 0::bigint, 'rows that were in a file');
SELECT * FROM finish();
