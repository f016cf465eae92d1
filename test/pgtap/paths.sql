-- Paths: dotted and quoted keys, [n], [*], and what stands there when a parent is null or absent.
BEGIN;

CREATE FUNCTION pg_temp.field(config jsonb, record text) RETURNS text
LANGUAGE c STRICT AS '$libdir/sync_ledger', 'sync_test_field';

-- What a field of that path holds: a set of all elements, else whatever stands there.
CREATE FUNCTION pg_temp.at(path text, record text) RETURNS text
LANGUAGE sql AS $$
	SELECT pg_temp.field(jsonb_build_object('systems', '{"crm": {"key": "no such key"}}'::jsonb, 'fields',
		jsonb_build_object('v', jsonb_build_object('path', path,
			'type', CASE WHEN path LIKE '%[*]%' THEN 'set' ELSE 'json' END))), record)
$$;

CREATE TEMP TABLE vector (path text, record text, expected text);

INSERT INTO vector VALUES
	('a', '{"a": 1}', '1'), ('a', '{ "b" : 2 , "a" : 1 }', '1'), ('a', '{"aa": 1}', 'absent'), ('a', '{}', 'absent'),
	('a', '{"a": null}', 'null'), ('a', '{"a": ""}', '""'), ('a', '{"A": 1}', 'absent'),
	('a', '{"b": {"a": 1}}', 'absent'), ('a', '{"a": {"a": 1}}', '{"a":1}'),
	('a.b', '{"a": {"b": 1}}', '1'), ('a.b', '{"a": {"c": [1, {"b": 2}], "b": 1}}', '1'),
	('a.b', '{"a": {}}', 'absent'), ('a.b', '{"a": null}', 'null'), ('a.b', '{}', 'absent'),
	('a.b', '{"a": "b"}', 'absent'), ('a.b', '{"a": [{"b": 1}]}', 'absent'), ('a.b', '{"a.b": 1}', 'absent'),
	('a.b.c', '{"a": {"b": null}}', 'null'), ('a.b.c', '{"a": null}', 'null'),
	('a.b.c', '{"a": {"b": 1}}', 'absent'), ('a.b.c', '{"a": {"b": {"c": {"d": 1}}}}', '{"d":1}'),
	('"a.b"', '{"a.b": 1, "a": {"b": 2}}', '1'), ('"a.b".c', '{"a.b": {"c": 1}}', '1'),
	('"a[0]"', '{"a[0]": 1}', '1'), ('"a\"b"', '{"a\"b": 1}', '1'), ('"a\\b"', '{"a\\b": 1}', '1'),
	('a', '{"\u0061": 1}', '1'), ('"a/b"', '{"a\/b": 1}', '1'), (U&'\00e4', '{"\u00e4": 1}', '1'),
	(U&'"\+01F600"', '{"\ud83d\ude00": 1}', '1'), ('a', '{"a\u0000": 1}', 'absent'), ('a', '{"": 1}', 'absent');

INSERT INTO vector VALUES
	('a[0]', '{"a": [1, 2]}', '1'), ('a[1]', '{"a": [1, 2]}', '2'), ('a[2]', '{"a": [1, 2]}', 'absent'),
	('a[0]', '{"a": []}', 'absent'), ('a[0]', '{"a": [null]}', 'null'), ('a[0]', '{"a": null}', 'null'),
	('a[0]', '{}', 'absent'), ('a[0]', '{"a": {"0": 1}}', 'absent'), ('a[0]', '{"a": "x"}', 'absent'),
	('a[1].b', '{"a": [{"b": 1}, {"b": 2}]}', '2'), ('a[1].b', '{"a": [{"b": 1}, null]}', 'null'),
	('a[1].b', '{"a": [{"b": 1}]}', 'absent'), ('a[1][0]', '{"a": [0, [1]]}', '1'),
	('a[0].b[1].c', '{"a": [{"b": [0, {"c": "x"}]}]}', '"x"');

INSERT INTO vector VALUES
	('a[*]', '{"a": [2, "x", 1]}', '["1","2","x"]'), ('a[*]', '{"a": []}', '[]'), ('a[*]', '{"a": null}', 'null'),
	('a[*]', '{}', 'absent'), ('a[*]', '{"a": [null]}', 'rejected: no element of a set: null'),
	('a[*]', '{"a": {"b":1}}', 'rejected: no set: {"b":1}'), ('a[*]', '{"a": "x"}', 'rejected: no set: "x"'),
	('a[*]', '{"a": [[1]]}', 'rejected: no element of a set: [1]'),
	('a[*].b', '{"a": [{"b": 1}, {"c": 2}, {"b": 3}]}', '["1","3"]'), ('a[*].b', '{"a": [{"c": 2}, 5]}', '[]'),
	('a[*].b', '{"a": [{"b": 1}, {"b": null}]}', 'rejected: no element of a set: null'),
	('a[*].b', '{"a": [{"b": 1}, null]}', 'rejected: no element of a set: null'),
	('a[*].b', '{"a": null}', 'null'), ('a[*].b', '{"a": {"b":1}}', 'rejected: no set: {"b":1}'),
	('a[*].b[1]', '{"a": [{"b": [1, 2]}, {"b": [3]}]}', '["2"]'),
	('a[*].b.c', '{"a": [{"b": {"c": 1}}, {"b": []}]}', '["1"]'),
	('x.a[*].b', '{"x": {"a": [{"b": true}, {"b": ""}]}}', '["","true"]'),
	('x.a[*].b', '{"x": null}', 'null'), ('x.a[*].b', '{"x": []}', 'absent'),
	('a[1][*]', '{"a": [[1], [2, 3]]}', '["2","3"]');

-- The last of duplicate keys wins, and takes with it what the others held.
INSERT INTO vector VALUES
	('a', '{"a": 1, "a": 2}', '2'), ('a', '{"a": 1, "\u0061": null}', 'null'),
	('a.b', '{"a": {"b": 1}, "a": {"c": 2}}', 'absent'), ('a.b', '{"a": {"b": 1}, "a": null}', 'null'),
	('a.b', '{"a": null, "a": {"c": 2}}', 'absent'), ('a.b', '{"a": {"b": 1}, "a": 5}', 'absent'),
	('a.b', '{"a": {"b": 1, "b": 2}}', '2'), ('a[1]', '{"a": [1, 2], "a": [3]}', 'absent'),
	('a[*]', '{"a": [1, 2], "a": [3]}', '["3"]'), ('a[*].b', '{"a": [{"b": 1}], "a": {}}', 'rejected: no set: {}'),
	('a[*].b', '{"a": [{"b": 1, "b": 2}, {"b": 3}]}', '["2","3"]'), ('a[*].b', '{"a": [{"b": 1}], "a": []}', '[]');

SELECT plan(9);

SELECT cmp_ok((SELECT count(*) FROM vector), '>', 70::bigint, 'there are vectors of paths');
SELECT is_empty($$
	SELECT v.*, pg_temp.at(path, record) FROM vector v WHERE pg_temp.at(path, record) <> expected
$$, 'a_path_leads_where_it_says');
SELECT is_empty($$
	SELECT v.*, spaced FROM vector v, regexp_replace(record, '([][{}:,])', E'\n\\1\t ', 'g') spaced
	WHERE path <> '"a[0]"' AND pg_temp.at(path, spaced) <> expected
	  AND expected NOT LIKE 'rejected: %'
$$, 'white_space_leads_nowhere_else');

-- Against jsonb's own operator, where no parent is null and no [*] stands in the path.
SELECT is_empty($$
	SELECT v.* FROM vector v, LATERAL (SELECT string_to_array(
		regexp_replace(path, '\[(\d+)\]', '.\1', 'g'), '.')) p (steps)
	WHERE path ~ '^[a-z0-9.]+(\[\d\])*[a-z0-9.]*$' AND record NOT LIKE '%\\u0000%'
	  AND record::jsonb #> steps IS NOT NULL AND record !~ '"0"'
	  AND pg_temp.at(path, record) <> sync_canonical(record::jsonb #> steps)
$$, 'a_path_leads_where_jsonb_leads');

SELECT is(pg_temp.at('a[*].b', '{"a": [' || string_agg(format('{"b": %s}', i), ', ' ORDER BY i) || ']}'),
	'[' || string_agg('"' || i || '"', ',' ORDER BY i) || ']', 'a_list_of_many_elements')
FROM generate_series(1000, 2999) i;

-- Several places below one key: a key that is a value and a parent, two fields of one path.
SELECT results_eq($$
	SELECT ordinal, field, value::text FROM sync_read('{
		"systems": {"crm": {"key": "a.id", "id": "a.id", "writable": false}},
		"fields": {"whole": {"type": "json", "path": "a"}, "part": {"path": "a.b"}, "again": {"path": "a.b"},
				   "first": {"path": "a.c[0]"}, "all": {"type": "set", "path": "a.c[*]"},
				   "names": {"type": "set", "path": "a.d[*].n"}, "ids": {"type": "set", "path": "a.d[*].i"}}}',
		'crm', '[{"a": {"b": "x", "c": ["q", "p"], "d": [{"n": "k", "i": 1}, {"i": 2}]}}, {"a": null}, {"a": 1}]')
	WHERE field IS NOT NULL ORDER BY ordinal, field COLLATE "C"
$$, $$ VALUES
	(1::bigint, 'again', '"x"'), (1, 'all', '["p", "q"]'), (1, 'first', '"q"'), (1, 'ids', '["1", "2"]'),
	(1, 'names', '["k"]'), (1, 'part', '"x"'),
	(1, 'whole', '{"b": "x", "c": ["q", "p"], "d": [{"i": 1, "n": "k"}, {"i": 2}]}'),
	(2, 'again', 'null'), (2, 'all', 'null'), (2, 'first', 'null'), (2, 'ids', 'null'), (2, 'names', 'null'),
	(2, 'part', 'null'), (2, 'whole', 'null'), (3, 'whole', '1')
$$, 'one_value_fills_several_places');

SELECT results_eq($$
	SELECT ordinal, record_key, native_id, version, field, reason
	FROM sync_read('{"systems": {"crm": {"key": "k", "id": "m.id", "version": "ver"}}, "fields": {"v": {}}}', 'crm',
		'[{"k": 7, "m": {"id": "n\u0031"}, "ver": 1.50, "v": 1}, {"k": "", "ver": null, "v": 1}, {"k": [1], "v": 1},
		  {"k": "a", "ver": true}, 17, {"k": "none of the fields"}]')
$$, $$ VALUES
	(1::bigint, '7', 'n1', '1.5', 'v', NULL), (2, NULL, NULL, NULL, NULL, 'no record key at path "k"'), (2, NULL, NULL, NULL, 'v', NULL),
	(3, NULL, NULL, NULL, NULL, 'the record key at path "k" is neither text nor a number'), (3, NULL, NULL, NULL, 'v', NULL),
	(4, 'a', NULL, NULL, NULL, 'the version token is neither text nor a number'),
	(5, NULL, NULL, NULL, NULL, 'the record is no JSON object')
$$, 'key_id_and_version_are_texts_or_numbers');

-- A hundred keys of one object, told apart whatever they look like.
CREATE TEMP TABLE many AS SELECT i, left('k' || repeat('x', i % 11) || i % 10 || repeat('y', i % 7), 20) || i AS key
FROM generate_series(1, 100) i;
SELECT is_empty($$
	SELECT m.key, r.value FROM many m LEFT JOIN sync_read(
		(SELECT jsonb_build_object('systems', '["crm"]'::jsonb, 'fields',
								   jsonb_object_agg('f' || i, jsonb_build_object('type', 'number', 'path', key)))
		 FROM many), 'crm', (SELECT json_object_agg(key, i)::text FROM many)) r ON r.field = 'f' || m.i
	WHERE r.value IS DISTINCT FROM to_jsonb(m.i)
$$, 'many_keys_are_told_apart');
SELECT is_empty($$
	SELECT * FROM sync_read((SELECT jsonb_build_object('systems', '["crm"]'::jsonb, 'fields',
			jsonb_object_agg('f' || i, jsonb_build_object('path', key))) FROM many), 'crm',
		(SELECT json_object_agg(key || right(key, 1), i)::text FROM many
		 WHERE key || right(key, 1) NOT IN (SELECT key FROM many)))
	WHERE field IS NOT NULL
$$, 'other_keys_lead_nowhere');

SELECT * FROM finish();
ROLLBACK;
