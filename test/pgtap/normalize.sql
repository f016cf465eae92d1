-- From what a system sent to canonical values: each type, each normaliser, each reason.
BEGIN;

CREATE FUNCTION pg_temp.field(config jsonb, record text) RETURNS text
LANGUAGE c STRICT AS '$libdir/sync_ledger', 'sync_test_field';
CREATE FUNCTION pg_temp.field_is_slice(config jsonb, record text) RETURNS boolean
LANGUAGE c STRICT AS '$libdir/sync_ledger', 'sync_test_field_is_slice';
CREATE FUNCTION pg_temp.decision(config jsonb, value jsonb) RETURNS text
LANGUAGE c STRICT AS '$libdir/sync_ledger', 'sync_test_decision';

-- A config of one field v.
CREATE FUNCTION pg_temp.config(field jsonb, system jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_build_object('systems', jsonb_build_object('crm', system),
							  'fields', jsonb_build_object('v', field))
$$;

CREATE FUNCTION pg_temp.value(field jsonb, input text, system jsonb DEFAULT '{}') RETURNS text
LANGUAGE sql AS $$
	SELECT pg_temp.field(pg_temp.config(field, system), '{"v": ' || input || '}')
$$;

CREATE TEMP TABLE vector (type text, input text, expected text);

INSERT INTO vector VALUES
	('text', '"a"', '"a"'),
	('text', '""', '""'),
	('text', '" a "', '" a "'),
	('text', '100', '"100"'),
	('text', '19.90', '"19.9"'),
	('text', '1e2', '"100"'),
	('text', '-0', '"0"'),
	('text', '12345678901234567890', '"12345678901234567890"'),
	('text', 'true', '"true"'),
	('text', 'false', '"false"'),
	('text', 'null', 'null'),
	('text', '"a\u00e4\/\ud83d\ude00"', E'"a\u00e4/\U0001F600"'),
	('text', '"\u0022\u005c\u000a\u001f\u007f"', E'"\\"\\\\\\n\\u001f\u007f"'),
	('text', '"a\u0000b"', 'rejected: \u0000 stands in the text: "a\u0000b"'),
	('text', '"a\\u0000b"', '"a\\u0000b"'),
	('text', '{"a": 1}', 'rejected: no text: {"a": 1}'),
	('text', '["a"]', 'rejected: no text: ["a"]');

INSERT INTO vector VALUES
	('number', '0', '0'), ('number', '-0', '0'), ('number', '-0.0', '0'), ('number', '0.0', '0'),
	('number', '7', '7'), ('number', '-7', '-7'), ('number', '10', '10'), ('number', '100.5', '100.5'),
	('number', '19.90', '19.9'), ('number', '1.0', '1'), ('number', '1e3', '1000'),
	('number', '1E-2', '0.01'), ('number', '0.000001', '0.000001'),
	('number', '0.0000001', '1e-7'), ('number', '0.05', '0.05'),
	('number', '123456789012345', '123456789012345'),
	('number', '0.1234567890123456789', 'inexact 0.1234567890123456789'),
	('number', '12345678901234567890', 'inexact 12345678901234567890'),
	('number', '"19.90"', '19.9'), ('number', '" 7 "', '7'), ('number', '"1e3"', '1000'),
	('number', '"\u0037"', '7'), ('number', 'null', 'null'),
	('number', '"12345678901234567890"', 'inexact 12345678901234567890'),
	('number', '"abc"', 'rejected: no number: "abc"'),
	('number', '""', 'rejected: no number: ""'),
	('number', '" "', 'rejected: no number: " "'),
	('number', '"1,000"', 'rejected: no number: "1,000"'),
	('number', '"007"', 'rejected: no number: "007"'),
	('number', '"+1"', 'rejected: no number: "+1"'),
	('number', '".5"', 'rejected: no number: ".5"'),
	('number', '"1."', 'rejected: no number: "1."'),
	('number', '"NaN"', 'rejected: no number: "NaN"'),
	('number', '"0x10"', 'rejected: no number: "0x10"'),
	('number', '"1\u0000"', 'rejected: \u0000 stands in the text: "1\u0000"'),
	('number', '1e5000', 'rejected: a number of too many digits: 1e5000'),
	('number', 'true', 'rejected: no number: true'),
	('number', '[1]', 'rejected: no number: [1]');

INSERT INTO vector VALUES
	('boolean', 'true', 'true'), ('boolean', 'false', 'false'), ('boolean', 'null', 'null'),
	('boolean', '"TRUE"', 'true'), ('boolean', '"False"', 'false'), ('boolean', '" true "', 'true'),
	('boolean', '"1"', 'true'), ('boolean', '"0"', 'false'), ('boolean', '1', 'true'),
	('boolean', '0', 'false'), ('boolean', '1.0', 'true'), ('boolean', '-0', 'false'),
	('boolean', '2', 'rejected: no boolean: 2'),
	('boolean', '"yes"', 'rejected: no boolean: "yes"'),
	('boolean', '"t"', 'rejected: no boolean: "t"'),
	('boolean', '""', 'rejected: no boolean: ""'),
	('boolean', '{}', 'rejected: no boolean: {}');

INSERT INTO vector VALUES
	('timestamp', '"2026-01-02T03:04:05Z"', '"2026-01-02T03:04:05Z"'),
	('timestamp', '"2026-01-02T03:04:05+02:00"', '"2026-01-02T01:04:05Z"'),
	('timestamp', '"2026-01-02 03:04:05"', '"2026-01-02T03:04:05Z"'),
	('timestamp', '"2026-01-02t03:04:05z"', '"2026-01-02T03:04:05Z"'),
	('timestamp', '"2026-01-02T03:04Z"', '"2026-01-02T03:04:00Z"'),
	('timestamp', '"2026-01-02T03:04:05+0230"', '"2026-01-02T00:34:05Z"'),
	('timestamp', '"2026-01-02T03:04:05-07"', '"2026-01-02T10:04:05Z"'),
	('timestamp', '"2026-01-02T03:04:05+01:30:15"', '"2026-01-02T01:33:50Z"'),
	('timestamp', '"2026-01-01T00:00:00+14:00"', '"2025-12-31T10:00:00Z"'),
	('timestamp', '"2026-01-02T03:04:05-00:00"', '"2026-01-02T03:04:05Z"'),
	('timestamp', '"2026-01-02T03:04:05.000Z"', '"2026-01-02T03:04:05Z"'),
	('timestamp', '"2026-01-02T03:04:05.1200Z"', '"2026-01-02T03:04:05.12Z"'),
	('timestamp', '"2026-01-02T03:04:05,5Z"', '"2026-01-02T03:04:05.5Z"'),
	('timestamp', '"2026-01-02T03:04:05.123456Z"', '"2026-01-02T03:04:05.123456Z"'),
	('timestamp', '"2026-01-02T03:04:05.123456000Z"', '"2026-01-02T03:04:05.123456Z"'),
	('timestamp', '" 2026-01-02T03:04:05Z "', '"2026-01-02T03:04:05Z"'),
	('timestamp', '"2024-02-29T23:59:59Z"', '"2024-02-29T23:59:59Z"'),
	('timestamp', '"0001-01-01T00:00:00Z"', '"0001-01-01T00:00:00Z"'),
	('timestamp', '"9999-12-31T23:59:59.999999Z"', '"9999-12-31T23:59:59.999999Z"'),
	('timestamp', '"1969-12-31T23:59:59.5-00:30"', '"1970-01-01T00:29:59.5Z"'),
	('timestamp', 'null', 'null'),
	('timestamp', '"2026-01-02T03:04:05.1234567Z"',
	 'rejected: a timestamp finer than a microsecond: "2026-01-02T03:04:05.1234567Z"'),
	('timestamp', '"0001-01-01T00:00:00+01:00"',
	 'rejected: a timestamp outside of the years 0001 to 9999: "0001-01-01T00:00:00+01:00"'),
	('timestamp', '"9999-12-31T23:59:59-01:00"',
	 'rejected: a timestamp outside of the years 0001 to 9999: "9999-12-31T23:59:59-01:00"'),
	('timestamp', '"2026-01-02"', 'rejected: a date without time is no timestamp: "2026-01-02"'),
	('timestamp', '1767322000', 'rejected: no timestamp: 1767322000'),
	('timestamp', '"soon"', 'rejected: no timestamp: "soon"'),
	('timestamp', '""', 'rejected: no timestamp: ""');
INSERT INTO vector
SELECT 'timestamp', to_json(bad)::text, 'rejected: no timestamp: ' || to_json(bad)
FROM unnest('{2026-02-29T00:00:00Z,2026-13-01T00:00:00Z,2026-00-01T00:00:00Z,2026-01-00T00:00:00Z,
	0000-01-01T00:00:00Z,2026-01-02T24:00:00Z,2026-01-02T23:60:00Z,2026-01-02T23:59:60Z,
	2026-1-2T03:04:05Z,2026-01-02T3:04:05Z,2026-01-02T03:04:05.Z,2026-01-02T03:04:05ZZ,
	2026-01-02T03:04:05+24:00,2026-01-02T03:04:05+02:60,2026-01-02T03:04:05+2,2026-01-02T03:04:05+02:0,
	2026-01-02T,2026-01-02T03,2026-01-02T03:04:05 Z,02.01.2026 03:04:05,infinity,now,
	-2026-01-02T03:04:05Z,12026-01-02T03:04:05Z,20260102T030405Z}'::text[]) bad;

INSERT INTO vector VALUES
	('date', '"2026-01-02"', '"2026-01-02"'), ('date', '" 2026-01-02"', '"2026-01-02"'),
	('date', '"2024-02-29"', '"2024-02-29"'), ('date', 'null', 'null'),
	('date', '"2026-01-02T00:00:00Z"', '"2026-01-02"'),
	('date', '"2026-01-02 00:00:00"', '"2026-01-02"'),
	('date', '"2026-01-02T00:00:00.000+00:00"', '"2026-01-02"'),
	('date', '"2026-01-02T00:00:01Z"', 'rejected: a time of day is no date: "2026-01-02T00:00:01Z"'),
	('date', '"2026-01-02T00:00:00.1Z"', 'rejected: a time of day is no date: "2026-01-02T00:00:00.1Z"'),
	('date', '"2026-01-02T00:00:00+02:00"',
	 'rejected: a time of day is no date: "2026-01-02T00:00:00+02:00"'),
	('date', '"2023-02-29"', 'rejected: no date: "2023-02-29"'),
	('date', '"1900-02-29"', 'rejected: no date: "1900-02-29"'),
	('date', '"2026-1-2"', 'rejected: no date: "2026-1-2"'),
	('date', '"02/01/2026"', 'rejected: no date: "02/01/2026"'),
	('date', '""', 'rejected: no date: ""'), ('date', '20260102', 'rejected: no date: 20260102');

INSERT INTO vector VALUES
	('set', '[]', '[]'), ('set', '[ ]', '[]'), ('set', 'null', 'null'),
	('set', '["b", "a", "b"]', '["a","b"]'), ('set', '["a","b"]', '["a","b"]'),
	('set', '["a", "b"]', '["a","b"]'), ('set', '["a","a"]', '["a"]'),
	('set', '[2, "10", true, 1.50]', '["1.5","10","2","true"]'),
	('set', '["\u00e4", "z", "Z", "a"]', E'["Z","a","z","\u00e4"]'),
	('set', '["\ud83d\ude00", "\ufb33"]', E'["\uFB33","\U0001F600"]'),
	('set', '["a\n", "a!", "a"]', '["a","a\n","a!"]'), ('set', '["\u0061"]', '["a"]'),
	('set', '["", "a"]', '["","a"]'),
	('set', '"a"', 'rejected: no set: "a"'), ('set', '{"a": 1}', 'rejected: no set: {"a": 1}'),
	('set', '1', 'rejected: no set: 1'),
	('set', '["a", null]', 'rejected: no element of a set: null'),
	('set', '["a", ["b"]]', 'rejected: no element of a set: ["b"]'),
	('set', '[{}]', 'rejected: no element of a set: {}'),
	('set', '["\u0000"]', 'rejected: \u0000 stands in the text: "\u0000"');

INSERT INTO vector VALUES
	('json', '{"b": [1.0, {"d": null}], "a": "x"}', '{"a":"x","b":[1,{"d":null}]}'),
	('json', '"a"', '"a"'), ('json', '"\u0061"', '"a"'), ('json', '1.50', '1.5'), ('json', 'true', 'true'),
	('json', '[]', '[]'), ('json', 'null', 'null'),
	('json', '[12345678901234567890]', 'inexact [12345678901234567890]'),
	('json', '{"a": "\u0000"}', 'rejected: \u0000 stands in the JSON: {"a": "\u0000"}'),
	('json', '[1e5000]', 'rejected: a number of too many digits stands in the JSON: [1e5000]');

CREATE FUNCTION pg_temp.coerced() RETURNS TABLE (type text, input text, expected text, got text)
LANGUAGE sql AS $$
	SELECT v.type, v.input, v.expected,
		   pg_temp.value(jsonb_build_object('type', v.type), v.input)
	FROM pg_temp.vector v
$$;

SELECT plan(27);

SELECT cmp_ok((SELECT count(*) FROM vector), '>', 150::bigint, 'there are vectors of coercion');
SELECT is_empty('SELECT * FROM pg_temp.coerced() WHERE got IS DISTINCT FROM expected',
	'a_value_is_coerced_where_that_is_exact_and_else_rejected');

SELECT is_empty($$
	SELECT v.*, pg_temp.value(jsonb_build_object('type', v.type), v.expected) FROM vector v
	WHERE v.expected !~ '^(rejected|inexact)'
	  AND pg_temp.value(jsonb_build_object('type', v.type), v.expected) <> v.expected
$$, 'a_canonical_value_is_its_own_canonical_value');

SELECT is_empty($$
	SELECT v.* FROM vector v
	WHERE v.expected !~ '^(rejected|inexact|null)' AND v.type <> 'json' AND v.expected NOT LIKE '%\\%'
	  AND NOT pg_temp.field_is_slice(pg_temp.config(jsonb_build_object('type', v.type)),
									 '{"v":' || v.expected || '}')
	  AND v.type <> 'boolean' AND v.expected !~ '^[-0-9.]+e'
$$, 'a_canonical_value_is_not_copied');

SELECT is(pg_temp.field(pg_temp.config('{}'), '{"w": 1}'), 'absent', 'an_absent_field_is_absent');

-- Normalisers.
CREATE TEMP TABLE normaliser (normalize jsonb, input text, expected text);
INSERT INTO normaliser VALUES
	('["trim"]', '"  a b \t"', '"a b"'), ('["trim"]', '"\u00a0\u2003a\u3000\u0085\u2028"', '"a"'),
	('["trim"]', '"\u200ba"', E'"\u200Ba"'), ('["trim"]', '" \u00a0"', '""'), ('["trim"]', '""', '""'),
	('["trim"]', '"\u00e0"', E'"\u00e0"'), ('["trim"]', ' 7 ', '"7"'),
	('["lower"]', '"AbC"', '"abc"'), ('["lower"]', '"\u00c4\u03a3\u0416"', E'"\u00e4\u03c3\u0436"'),
	('["lower"]', '"\u0130I"', '"ii"'), ('["lower"]', '"\u023a"', E'"\u2C65"'),
	('["lower"]', '"\ud801\udc00"', E'"\U00010428"'), ('["lower"]', '"a\u00e4"', E'"a\u00e4"'),
	('["upper"]', '"aBc\u00e4\u00df"', E'"ABC\u00c4\u00df"'), ('["upper"]', '"\u0131\u017f"', '"IS"'),
	('["upper"]', '"\u00ff"', E'"\u0178"'), ('["upper"]', '"\n\"a"', '"\n\"A"'),
	('["squeeze"]', '"a  b\t\n c"', '"a b c"'), ('["squeeze"]', '"  a  "', '" a "'),
	('["squeeze"]', '"a\u00a0b"', '"a b"'), ('["squeeze"]', '"a b"', '"a b"'),
	('["trim", "squeeze"]', '"  a \u2003 b  "', '"a b"'),
	('["digits"]', '"+49 (30) 12-34"', '"49301234"'), ('["digits"]', '"abc"', '""'),
	('["digits"]', '"12"', '"12"'), ('["digits"]', '"\u0661"', '""'),
	('["phone"]', '"+49 (30) 12-34"', '"+49301234"'), ('["phone"]', '" +49 30"', '"+4930"'),
	('["phone"]', '"0049 30"', '"004930"'), ('["phone"]', '"(+49) 30"', '"4930"'),
	('["phone"]', '"+49+30"', '"+4930"'), ('["phone"]', '"+"', '""'), ('["phone"]', '""', '""'),
	('["phone"]', '"+4930"', '"+4930"'), ('["phone"]', '555', '"555"'), ('["phone"]', '"n/a"', '""'),
	('["email"]', '"  Ann@Example.COM\n"', '"ann@example.com"'), ('["email"]', '"a@b.c"', '"a@b.c"'),
	('["nfc"]', '"e\u0301"', E'"\u00e9"'), ('["nfc"]', '"\u212b"', E'"\u00c5"'),
	('["nfc"]', '"\uac00\u1100\u1161"', E'"\uac00\uac00"'), ('["nfc"]', '"a\u0323\u0307"', E'"\u1ea1\u0307"'),
	('["nfc"]', '"\ud834\udd5e"', E'"\U0001D157\U0001D165"'), ('["nfc"]', '"abc"', '"abc"'),
	('["lower", "nfc"]', '"E\u0301"', E'"\u00e9"'), ('["lower"]', 'true', '"true"'),
	('["lower"]', 'null', 'null'), ('["upper", "lower"]', '"aB"', '"ab"');

CREATE FUNCTION pg_temp.normalised() RETURNS TABLE (normalizers jsonb, input text, expected text, got text)
LANGUAGE sql AS $$
	SELECT n.*, pg_temp.value(jsonb_build_object('normalize', n.normalize), n.input)
	FROM pg_temp.normaliser n
$$;

SELECT is_empty('SELECT * FROM pg_temp.normalised() WHERE got IS DISTINCT FROM expected',
	'normalisers_apply_in_their_order');
SELECT is_empty($$
	SELECT n.* FROM normaliser n
	WHERE pg_temp.value(jsonb_build_object('normalize', n.normalize), n.expected) <> n.expected
$$, 'what_is_normalised_stays_as_it_is');
SELECT is_empty($$
	SELECT n.* FROM normaliser n
	WHERE n.expected NOT LIKE '%\\%' AND n.expected <> 'null'
	  AND NOT pg_temp.field_is_slice(pg_temp.config(jsonb_build_object('normalize', n.normalize)),
									 '{"v":' || n.expected || '}')
	  AND n.expected ~ '^[ -~]*$' AND n.normalize <> '["upper", "lower"]'
$$, 'what_is_normalised_is_not_copied');

-- A letter in its other case may compose with a mark that it did not compose with before.
SELECT is(pg_temp.value('{"normalize": ["nfc", "lower"]}', '"\u03aa\u0301"'), E'"\u0390"', 'what_is_composed_and_lowered_is_composed_again');
SELECT is(pg_temp.value('{"type": "set", "normalize": ["nfc", "email"]}', '["\u03aa\u0301", "\u0390"]'), E'["\u0390"]', 'an_element_of_a_set_too');
CREATE TEMP TABLE marked AS
SELECT i / 256 AS block, to_json(string_agg(chr(i) || chr(m), ' ' ORDER BY i, m))::text AS input
FROM generate_series(192, 66815) i, unnest('{768,769,775,776,780,787,803,834,837}'::integer[]) m
WHERE i NOT BETWEEN 13312 AND 42559 AND i NOT BETWEEN 43968 AND 64255
GROUP BY 1;
SELECT is_empty($$
	SELECT c.chain, block FROM marked, unnest('{"[\"nfc\", \"lower\"]", "[\"nfc\", \"upper\"]", "[\"lower\", \"nfc\", \"upper\"]", "[\"upper\", \"nfc\", \"email\"]"}'::text[]) c (chain),
		 jsonb_build_object('normalize', c.chain::jsonb) config, pg_temp.value(config, input) once
	WHERE pg_temp.value(config, once) <> once
$$, 'a_chain_makes_of_its_own_result_the_same');

-- ICU's root mapping, where it makes one character of one, in blocks of 256; less the letters
-- of Unicode 16 and 17, which a newer ICU knows and the table does not.
CREATE TEMP TABLE block AS
SELECT n AS normalizer, i / 256 AS block, string_agg(c.plain, ' ' ORDER BY i) AS plain,
	   string_agg(c.mapped, ' ' ORDER BY i) AS mapped
FROM unnest('{lower,upper}'::text[]) n, generate_series(128, 131071) i,
	 LATERAL (SELECT chr(i) AS plain, CASE n WHEN 'lower' THEN lower(chr(i) COLLATE "und-x-icu")
									  ELSE upper(chr(i) COLLATE "und-x-icu") END AS mapped) c,
	 (VALUES ('{[7305,7306], [42955,42959], [42962,42962], [42964,42964], [42970,42972],
				[68944,68997], [93856,93907]}'::int4multirange)) newer (letters)
WHERE i NOT BETWEEN 55296 AND 57343 AND char_length(c.mapped) = 1
  AND NOT newer.letters @> i AND NOT newer.letters @> ascii(c.mapped)
GROUP BY 1, 2;
SELECT is_empty($$
	SELECT normalizer, block FROM block
	WHERE pg_temp.value(jsonb_build_object('normalize', jsonb_build_array(normalizer)),
						to_json(plain)::text) <> to_json(mapped)::text
$$, 'case_is_mapped_as_by_the_root_locale');
SELECT is(pg_temp.value('{"type": "set", "normalize": ["lower", "trim"]}', '[" B", "a", "b "]'), '["a","b"]',
	'normalisers_apply_to_each_element_of_a_set');

-- Value maps: what a system calls a value.
CREATE FUNCTION pg_temp.mapped(type text, map jsonb, input text, normalizers jsonb DEFAULT '[]') RETURNS text
LANGUAGE sql AS $$
	SELECT pg_temp.value(jsonb_build_object('type', type, 'values', jsonb_build_object('crm', map))
		|| CASE normalizers WHEN '[]' THEN '{}' ELSE jsonb_build_object('normalize', normalizers) END, input)
$$;
SELECT is(pg_temp.mapped('text', '{"gold": "tier_3"}', '"tier_3"'), '"gold"', 'a_native_value_is_mapped');
SELECT is(pg_temp.mapped('text', '{"gold": "tier_3"}', '"other"'), '"other"', 'what_the_map_lacks_stays');
SELECT is(pg_temp.mapped('text', '{"gold": "Tier_3"}', '" TIER_3"', '["trim", "lower"]'), '"gold"',
	'the_map_is_asked_after_the_normalisers');
SELECT is(pg_temp.mapped('text', '{"high": 3}', '3'), '"high"', 'a_native_number_is_mapped_to_a_text');
SELECT is(pg_temp.mapped('number', '{"1": "low"}', '"low"'), '1', 'a_native_text_is_mapped_to_a_number');
SELECT is(pg_temp.mapped('boolean', '{"true": "yes", "false": "no"}', '"no"'), 'false',
	'a_native_text_is_mapped_to_a_boolean');
SELECT is(pg_temp.mapped('set', '{"vip": "t1", "new": "t2"}', '["t2", "x", "t1"]'), '["new","vip","x"]',
	'each_element_of_a_set_is_mapped');

-- Time zones of a system.
SELECT is_empty($$
	SELECT input, expected, got FROM (VALUES
		('"2026-01-15T12:00:00"', '"2026-01-15T11:00:00Z"'),
		('"2026-07-15T12:00:00"', '"2026-07-15T10:00:00Z"'),
		('"2026-07-15T12:00:00Z"', '"2026-07-15T12:00:00Z"'),
		('"2026-03-29T01:59:59"', '"2026-03-29T00:59:59Z"'),
		('"2026-03-29T03:00:00"', '"2026-03-29T01:00:00Z"'),
		('"2026-10-25T01:59:59"', '"2026-10-24T23:59:59Z"'),
		('"2026-10-25T03:00:00"', '"2026-10-25T02:00:00Z"')) t (input, expected),
		pg_temp.value('{"type": "timestamp"}', input, '{"timezone": "Europe/Berlin"}') got
	WHERE got IS DISTINCT FROM expected
$$, 'a_timestamp_without_offset_is_taken_in_the_timezone_of_its_system');

SELECT is_empty($$
	SELECT zone, got, expected
	FROM (VALUES
		('+02', '"2026-07-15T10:00:00Z"'), ('+02:00', '"2026-07-15T10:00:00Z"'), ('-02:00', '"2026-07-15T14:00:00Z"'),
		('+05:45', '"2026-07-15T06:15:00Z"'), ('-15:59', '"2026-07-16T03:59:00Z"'), ('+00:00', '"2026-07-15T12:00:00Z"'),
		('UTC', '"2026-07-15T12:00:00Z"'), ('utc', '"2026-07-15T12:00:00Z"'), ('Etc/GMT-2', '"2026-07-15T10:00:00Z"'),
		('asia/kathmandu', '"2026-07-15T06:15:00Z"'), ('EST5EDT', '"2026-07-15T16:00:00Z"'), ('gmt+0', '"2026-07-15T12:00:00Z"')) t (zone, expected),
		pg_temp.value('{"type": "timestamp"}', '"2026-07-15T12:00:00"', jsonb_build_object('timezone', zone)) got
	WHERE got IS DISTINCT FROM expected
$$, 'an_offset_has_the_sign_that_it_has_in_a_timestamp');

-- Reasons.
SELECT is(pg_temp.value('{"type": "number"}', '"' || repeat(chr(228), 100) || '"'),
	'rejected: no number: "' || repeat(chr(228), 63) || '...', 'a_reason_shows_64_characters_of_the_value');
SELECT is(pg_temp.value('{"type": "number", "sensitive": true}', '"secret"'), 'rejected: no number',
	'the_reason_of_a_sensitive_field_shows_no_value');

-- Decisions of humans.
SELECT is_empty($$
	SELECT type, value, expected, got FROM (VALUES
		('text', '"a"', '"a"'), ('text', 'null', 'null'), ('number', '1.50', '1.5'),
		('set', '["b", "a"]', '["a","b"]'), ('set', '"a"', 'rejected: no set: "a"'),
		('timestamp', '"2026-01-02T03:04:05+01:00"', '"2026-01-02T02:04:05Z"'),
		('boolean', '"maybe"', 'rejected: no boolean: "maybe"'),
		('json', '{"b": 1, "a": 2}', '{"a":2,"b":1}')) t (type, value, expected),
		pg_temp.decision(pg_temp.config(jsonb_build_object('type', type)), value::jsonb) got
	WHERE got IS DISTINCT FROM expected
$$, 'a_decision_is_coerced_as_an_observation_is');
SELECT is(pg_temp.decision(pg_temp.config('{"values": {"crm": {"gold": "tier_3"}}}'), '"tier_3"'),
	'rejected: no value for system "crm", which means "gold" by it: "tier_3"', 'a_decision_is_not_mapped');

-- Nothing of a session has a say.
CREATE TEMP TABLE outcome AS SELECT input, got FROM pg_temp.coerced()
	UNION ALL SELECT input, got FROM pg_temp.normalised();
SET LOCAL TimeZone = 'America/St_Johns';
SET LOCAL DateStyle = 'SQL, DMY';
SET LOCAL IntervalStyle = 'sql_standard';
SET LOCAL extra_float_digits = -15;
SET LOCAL bytea_output = 'escape';
SET LOCAL standard_conforming_strings = off;
SELECT is_empty($$
	(SELECT input, got FROM pg_temp.coerced() UNION ALL SELECT input, got FROM pg_temp.normalised())
	EXCEPT ALL SELECT * FROM outcome
$$, 'settings_of_a_session_change_no_value');

SELECT * FROM finish();
ROLLBACK;
