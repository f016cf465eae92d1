-- The reader accepts exactly the JSON that PostgreSQL accepts, and says where the other kind is wrong.
BEGIN;

-- Two fields below o, so that inner objects and arrays are read and not only skipped.
CREATE FUNCTION pg_temp.config() RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT '{"systems": {"crm": {"key": "k", "writable": false}}, "fields": {"v": {"type": "json"}, "p": {"type": "json", "path": "o.p.q"},
			 "e": {"type": "set", "path": "o[*].e"}, "i": {"type": "json", "path": "o[0].i"}}}'::jsonb
$$;

-- Lone surrogates and \u0000 pass PostgreSQL's json, but not its jsonb; the reader refuses the former only.
CREATE FUNCTION pg_temp.postgres_accepts(document text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM document::json, replace(document, '\u0000', '\u0001')::jsonb;
	RETURN true;
EXCEPTION
	WHEN invalid_text_representation THEN RETURN false;
END
$$;

CREATE FUNCTION pg_temp.reader_accepts(document text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM count(*) FROM sync_read(pg_temp.config(), 'crm', document);
	RETURN true;
EXCEPTION
	WHEN invalid_text_representation THEN RETURN false;
	WHEN invalid_parameter_value THEN RETURN true;		-- JSON, but no object and no array
END
$$;

CREATE FUNCTION pg_temp.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END
$$;

CREATE TEMP TABLE accepted (value text);
INSERT INTO accepted VALUES
	('null'), ('true'), ('false'), ('0'), ('-0'), ('10'), ('-1.5'), ('0.0'), ('1e5'), ('1E+5'), ('1.5e-5'), ('0e0'),
	('""'), ('"a"'), ('"\""'), ('"\\"'), ('"\/\b\f\n\r\t"'), ('"\u00e4"'), ('"\uD83D\uDE00"'), ('"\ud83d\ude00x"'),
	('"\u0000"'), (U&'"\007f\00e4\+01F600"'), ('[]'), ('[ ]'), ('{}'), ('{ }'), ('[1,[2,[3]],{}]'),
	('{"a":{"b":[{}]},"c":null}'), ('{"":1}'), ('{"a":1,"a":2}'), (E'[\n1\t,\r2 ]'), (' 1 '), (E'{\n"a"\t:\r1 }'),
	('"0123456789abcdef0123456789abcdef"'), ('"0123456789abcd\n"'), ('"0123456789abcde\n"'), ('"0123456789abcdef\n"');

CREATE TEMP TABLE refused (value text);
INSERT INTO refused VALUES
	(''), (' '), ('nul'), ('nulll'), ('NULL'), ('True'), ('truefalse'), ('true1'), ('tru'), ('undefined'), ('NaN'),
	('Infinity'), ('-Infinity'), ('-'), ('+1'), ('.5'), ('5.'), ('01'), ('-01'), ('1e'), ('1e+'), ('1.e5'), ('0x10'),
	('1_000'), ('1a'), ('--1'), ('1 2'), ('1,'), (','), ('"'), ('"a'), ('a"'), ('''a'''), ('"\"'), ('"\x"'), ('"\'''),
	('"\u"'), ('"\u1"'), ('"\u12"'), ('"\u123"'), ('"\u123g"'), ('"\U1234"'), ('"\ud83d"'), ('"\ude00"'),
	('"\ud83d\ud83d"'), ('"\ud83dx"'), ('"\ud83d\n"'), ('"\ud83d\u0041"'), ('"\ud83d\u"'), (E'"\t"'), (E'"\n"'),
	(E'"0123456789abcdef\x01"'), (E'"0123456789abcde\x1f"'), ('"a" "b"'), ('['), (']'), ('[1'), ('[1,'), ('[1,]'),
	('[,1]'), ('[1 2]'), ('[1}'), ('{'), ('}'), ('{"a"'), ('{"a":'), ('{"a":1'), ('{"a":1,'), ('{"a":1,}'), ('{,"a":1}'),
	('{"a" 1}'), ('{"a",1}'), ('{"a":1 "b":2}'), ('{a:1}'), ('{1:1}'), ('{null:1}'), ('{"a":1]'), ('{"a"::1}'),
	('[1]]'), ('{}}'), ('// c'), ('1 // c'), ('/* c */ 1'), (U&'\00a01'), (U&'\feff1'), (E'\x0b1'), (E'\x0c1');

-- Where a value may stand: alone, skipped, in a field, below paths, in an array of records.
CREATE TEMP TABLE place (template text);
INSERT INTO place VALUES ('%s'), ('{"x":%s}'), ('{"v":%s}'), ('{"v": %s ,"k":"1"}'), ('{"o":%s}'), ('{"o":{"p":%s}}'),
	('{"o":{"p":{"q":%s}}}'), ('{"o":[%s]}'), ('{"o":[{"e":%s},{"i":%s}]}'), ('[%s]'), ('[{"v":1},{"x":[[%s]]}]');

CREATE FUNCTION pg_temp.place(template text, value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT replace(template, '%s', value)
$$;

SELECT plan(36);

SELECT is_empty($$
	SELECT document FROM accepted, place, pg_temp.place(template, value) document
	WHERE NOT pg_temp.reader_accepts(document) OR NOT pg_temp.postgres_accepts(document)
$$, 'json_is_accepted_wherever_it_stands');
SELECT is_empty($$
	SELECT document FROM refused, place, pg_temp.place(template, value) document
	WHERE pg_temp.postgres_accepts(document) IS DISTINCT FROM pg_temp.reader_accepts(document)
$$, 'the_reader_refuses_what_postgres_refuses');
SELECT is_empty($$
	SELECT value FROM refused WHERE pg_temp.reader_accepts('{"v":' || value || '}')
$$, 'what_is_no_json_is_refused');

-- Every prefix of a document, and documents with one character replaced, inserted or left out, seeded.
CREATE TEMP TABLE document (id serial, body text);
INSERT INTO document (body) VALUES
	('{"k":"7","v":{"a":[1,-2.5e+3,{"b":null}],"c":"x\n\u00e4\ud83d\ude00y"},"o":{"p":{"q":[true,false]}}}'),
	('[{"k":1,"o":[{"e":"a","i":{}},{"e":2},[],null]},{"x":[[[]]]},5, {"v" : "0123456789abcdefghi\\" } ]'),
	('{"o":[{"i":[{"a":0.1}],"e":"\""}],"v":-0,"v":1E5,"k":"","\u006b":"0123456789abcdef"}'),
	('[[],{},"a",1e2,null,true,{"o":{"p":{"r":[1,2,3],"q":{"s":{}}}}}]');

SELECT is_empty($$
	SELECT prefix FROM document, generate_series(0, length(body)) n, left(body, n) prefix
	WHERE pg_temp.postgres_accepts(prefix) <> pg_temp.reader_accepts(prefix)
$$, 'no_prefix_is_read_otherwise_than_by_postgres');

CREATE TEMP TABLE mutation AS
SELECT DISTINCT overlay(body PLACING CASE WHEN kind = 0 THEN '' ELSE piece END FROM place FOR CASE WHEN kind = 1 THEN 0 ELSE 1 END)
	AS mutated
FROM document, generate_series(1, 700) i,
	 LATERAL (SELECT ('x' || left(md5(id || '/' || i), 7))::bit(28)::int) seed (n),
	 LATERAL (SELECT 1 + n % length(body), n / 256 % 3,
			  ('[0:23]={"{","}","[","]",":",",","\"","\\",u,d,8,e,0,1,-,+,.,t,f,n," ","/","\\u0000",x}'::text[])[n / 1024 % 24])
		m (place, kind, piece);
SELECT cmp_ok((SELECT count(*) FROM mutation WHERE pg_temp.postgres_accepts(mutated)), '>', 100::bigint,
	'many_mutations_are_json');
SELECT cmp_ok((SELECT count(*) FROM mutation WHERE NOT pg_temp.postgres_accepts(mutated)), '>', 1000::bigint,
	'many_mutations_are_none');
SELECT is_empty($$
	SELECT mutated FROM mutation WHERE pg_temp.postgres_accepts(mutated) <> pg_temp.reader_accepts(mutated)
$$, 'no_mutation_is_read_otherwise_than_by_postgres');
SELECT is_empty($$
	SELECT mutated, r.value FROM mutation, sync_read(pg_temp.config(), 'crm', mutated) r
	WHERE pg_temp.postgres_accepts(mutated) AND mutated LIKE '{%' AND mutated NOT LIKE '%\\u0000%' AND r.field = 'v'
	  AND r.value IS DISTINCT FROM mutated::jsonb -> 'v'
$$, 'a_mutated_field_is_what_jsonb_makes_of_it');

-- Records and their order.
SELECT results_eq($$ SELECT ordinal, value FROM sync_read(pg_temp.config(), 'crm', '[{"k": 1, "v": 1}, {"k": 2}, {"k": 3, "v": 3}]') $$,
	$$ VALUES (1::bigint, '1'::jsonb), (3, '3') $$, 'records_are_numbered_in_input_order');
SELECT is_empty($$ SELECT * FROM sync_read(pg_temp.config(), 'crm', ' [ ] ') $$, 'an_empty_array_has_no_records');
SELECT is((SELECT count(*) FROM sync_read(pg_temp.config(), 'crm',
		(SELECT '[' || string_agg('{"k":1,"v":"' || repeat('x', i) || '"}', ',') || ']' FROM generate_series(0, 200) i))
	WHERE length(value #>> '{}') = ordinal - 1), 201::bigint, 'strings_of_every_length');
SELECT is((SELECT value FROM sync_read(pg_temp.config(), 'crm', '{"k": 1, "x": "\u0000", "v": "a"}')), '"a"'::jsonb,
	'a_zero_character_where_no_path_leads_does_no_harm');
SELECT is((SELECT reason FROM sync_read(pg_temp.config(), 'crm', '{"k": 1, "v": "\u0000"}')),
	'\u0000 stands in the JSON: "\u0000"', 'a_zero_character_in_a_field_is_a_reason');

-- Errors: which record, which byte, what was expected and what stands there.
CREATE FUNCTION pg_temp.statement(records text) RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT * FROM sync_read(pg_temp.config(), ''crm'', %L)', records)
$$;
CREATE TEMP TABLE malformed (records text, message text);
INSERT INTO malformed VALUES
	('', 'invalid JSON at byte 1: expected "{" or "[", found end of input'),
	(E' \n', 'invalid JSON at byte 3: expected "{" or "[", found end of input'),
	('hello', 'invalid JSON at byte 1: expected a JSON value, found "hello"'),
	('[{"v": 1}, {"v": 2 x}]', 'invalid JSON in record 2 at byte 20: expected "," or "}", found "x"'),
	('[{"v": 1} {"v": 2}]', 'invalid JSON after record 1 at byte 11: expected "," or "]", found "{"'),
	('[{"v": 1}', 'invalid JSON after record 1 at byte 10: expected "," or "]", found end of input'),
	('[{"v": 1}] tail', 'invalid JSON after record 1 at byte 12: expected end of input, found "tail"'),
	('{"v": 1}{', 'invalid JSON after record 1 at byte 9: expected end of input, found "{"'),
	('[{"v": 1},]', 'invalid JSON in record 2 at byte 11: expected a JSON value, found "]"'),
	('{"v": 1,}', 'invalid JSON in record 1 at byte 9: expected a key in double quotes, found "}"'),
	('{''v'': 1}', 'invalid JSON in record 1 at byte 2: expected a key in double quotes, found "''"'),
	('{"v" 1}', 'invalid JSON in record 1 at byte 6: expected ":", found "1"'),
	('{"v": NaN}', 'invalid JSON in record 1 at byte 7: expected a JSON value, found "NaN"'),
	('{"v": -}', 'invalid JSON in record 1 at byte 8: expected a digit, found "}"'),
	('{"v": "a', 'invalid JSON in record 1 at byte 9: expected the rest of a string, found end of input'),
	(E'{"v": "a\nb"}', 'invalid JSON in record 1 at byte 9: expected the rest of a string, found control character 0x0a'),
	('{"v": "\q"}', 'invalid JSON in record 1 at byte 9: expected an escape that JSON knows, found "q"'),
	('{"v": "\ud83d"}', 'invalid JSON in record 1 at byte 14: expected a low surrogate after a high one, found """'),
	(U&'{"\00e4": \20ac}', 'invalid JSON in record 1 at byte 8: expected a JSON value, found "' || chr(8364) || '"');
SELECT throws_ok(pg_temp.statement(records), '22P02', message, 'malformed: ' || left(message, 60)) FROM malformed;

SELECT is(pg_temp.hint(pg_temp.statement('{''v'': 1}')),
	'Pass the payload as the system sent it; JSON has no comments, single quotes, trailing commas or NaN.',
	'the_hint_says_what_json_does_not_know');
SELECT throws_ok(pg_temp.statement(repeat('[', 5000) || repeat(']', 5000)), '54000',
	'JSON in record 1 is nested deeper than 4096 levels at byte 4098', 'endless_nesting_is_refused');

SELECT throws_ok(pg_temp.statement('"hello"'), '22023',
	'records must be a JSON object or an array of objects, not a string', 'a_string_is_no_record');
SELECT results_eq($$
	SELECT v, substring(pg_temp.hint(pg_temp.statement(v)) FROM '^The payload was encoded twice') IS NOT NULL
	FROM unnest(ARRAY['"{\"v\": 1}"', '"\n [{}]"', '"\u007b}"', '"hello"', '""', '17', 'null', 'true']) v
$$, $$ VALUES ('"{\"v\": 1}"', true), ('"\n [{}]"', true), ('"\u007b}"', true), ('"hello"', false), ('""', false),
	('17', false), ('null', false), ('true', false) $$, 'a_payload_that_was_encoded_twice_is_recognised');

SELECT * FROM finish();
ROLLBACK;
