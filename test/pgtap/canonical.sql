-- Canonical JSON by RFC 8785, and the canonical value that loses nothing.
BEGIN;
SELECT plan(110);

-- What PostgreSQL's jsonb makes of a text, canonically.
CREATE TEMP TABLE vector (ordinal serial, input text, expected text, behaviour text);
INSERT INTO vector (input, expected, behaviour) VALUES
	('null', 'null', 'null_at_top_level'),
	('true', 'true', 'true_at_top_level'),
	(' false ', 'false', 'false_at_top_level'),
	('"a"', '"a"', 'string_at_top_level'),
	('1', '1', 'number_at_top_level'),
	('""', '""', 'empty_string'),
	('[]', '[]', 'empty_array'),
	('{}', '{}', 'empty_object'),
	('{"a": [], "b": {}}', '{"a":[],"b":{}}', 'empty_containers_inside'),
	('[ [ [ ] ] , { } ]', '[[[]],{}]', 'white_space_goes'),
	('{"b": 1, "a": 2}', '{"a":2,"b":1}', 'keys_are_sorted'),
	('{"b": 1, "aa": 2}', '{"aa":2,"b":1}', 'a_longer_key_may_come_first'),
	('{"ab": 1, "a": 2, "": 3}', '{"":3,"a":2,"ab":1}', 'a_key_follows_its_own_prefix'),
	('{"a": 1, "a": 2}', '{"a":2}', 'the_last_duplicate_wins'),
	('[3, 1, 2]', '[3,1,2]', 'arrays_keep_their_order'),
	('{"z": {"b": [{"d": 1, "c": 2}], "a": 3}}', '{"z":{"a":3,"b":[{"c":2,"d":1}]}}',
	 'keys_are_sorted_at_every_level'),
	('{"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7}',
	 E'{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001F600":5,"\uFB33":3}',
	 'keys_are_sorted_by_utf16_code_unit'),
	(E'{"same prefix \uFB33": 1, "same prefix \U0001F600": 2, "same prefix": 3}',
	 E'{"same prefix":3,"same prefix \U0001F600":2,"same prefix \uFB33":1}',
	 'surrogates_sort_first_behind_a_long_common_prefix'),
	(E'{"\uE000": 1, "\uD7FF": 2, "\U00010000": 3, "\U0010FFFF": 4, "\uFFFD": 5}',
	 E'{"\uD7FF":2,"\U00010000":3,"\U0010FFFF":4,"\uE000":1,"\uFFFD":5}',
	 'borders_of_the_surrogates'),
	('"\u20ac$\u000F\u000aA''\u0042\u0022\u005c\\\"\/"', E'"\u20ac$\\u000f\\nA''B\\"\\\\\\\\\\"/"',
	 'escapes_of_the_rfc'),
	('"\u0001\u0002\u0007\b\t\n\u000b\f\r\u000e\u001f\u007f"',
	 E'"\\u0001\\u0002\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u001f\u007f"',
	 'control_characters_are_escaped_briefly'),
	('"\u2028\u00e9\ud83d\ude00"', E'"\u2028\u00e9\U0001F600"',
	 'nothing_else_is_escaped'),
	('"e\u0301"', E'"e\u0301"', 'unicode_is_not_normalized'),
	('"1234567\"9"', '"1234567\"9"', 'escape_as_the_eighth_byte'),
	('"12345678901\n"', '"12345678901\n"', 'escape_at_the_end'),
	('["\\", "a\"", "ab\"", "\"abc", "abcd\n"]', '["\\","a\"","ab\"","\"abc","abcd\n"]',
	 'escapes_in_short_strings'),
	('{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001], "string": "\u20ac$\u000F\u000aA''\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}',
	 E'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"\u20ac$\\u000f\\nA''B\\"\\\\\\\\\\"/"}',
	 'sample_of_the_rfc');

SELECT is(sync_canonical(input::jsonb), expected, behaviour) FROM vector ORDER BY ordinal;

SELECT is_empty($$
	SELECT input FROM vector WHERE sync_canonical(expected::jsonb) <> expected
$$, 'canonical_text_is_its_own_canonical_text');

SELECT is(sync_canonical(('{' || string_agg(format('"k%s": %s', i, i), ',' ORDER BY i DESC) || '}')::jsonb),
	'{' || string_agg(format('"k%s":%s', i, i), ',' ORDER BY i::text COLLATE "C") || '}',
	'an_object_of_many_keys')
FROM generate_series(1, 500) i;

SELECT is(sync_canonical(jsonb_agg(repeat('x', i))), replace(jsonb_agg(repeat('x', i))::text, ', ', ','),
	'strings_of_every_length')
FROM generate_series(0, 200) i;

SELECT is(sync_canonical((repeat('[', 1000) || repeat(']', 1000))::jsonb),
	repeat('[', 1000) || repeat(']', 1000), 'a_thousand_levels');

-- Numbers: appendix B of the RFC and the borders of ECMAScript's forms.
CREATE TEMP TABLE number (ordinal serial, input text, expected text);
INSERT INTO number (input, expected) VALUES
	('0', '0'), ('-0', '0'), ('-0.0', '0'), ('0e5', '0'), ('0.000e-400', '0'),
	('4.9406564584124654e-324', '5e-324'), ('-4.9406564584124654e-324', '-5e-324'),
	('1e-400', '0'), ('-1e-400', '0'), ('2.2250738585072011e-308', '2.225073858507201e-308'),
	('1.7976931348623157e308', '1.7976931348623157e+308'),
	('-1.7976931348623157e308', '-1.7976931348623157e+308'),
	('9007199254740992', '9007199254740992'), ('-9007199254740992', '-9007199254740992'),
	('9007199254740993', '9007199254740992'), ('9007199254740994', '9007199254740994'),
	('295147905179352825856', '295147905179352830000'),
	('99999999999999974834176', '9.999999999999997e+22'),
	('99999999999999991611392', '1e+23'), ('100000000000000008388608', '1.0000000000000001e+23'),
	('49999999999999995805696', '5e+22'),
	('999999999999999700000', '999999999999999700000'),
	('999999999999999900000', '999999999999999900000'),
	('100000000000000000000', '100000000000000000000'), ('1e20', '100000000000000000000'),
	('1e21', '1e+21'), ('1000000000000000000000', '1e+21'), ('123e19', '1.23e+21'),
	('9.999999999999997e-7', '9.999999999999997e-7'), ('0.000001', '0.000001'), ('1e-7', '1e-7'),
	('333333333.3333332', '333333333.3333332'), ('333333333.33333325', '333333333.33333325'),
	('333333333.33333329', '333333333.3333333'), ('333333333.3333334', '333333333.3333334'),
	('333333333.33333343', '333333333.33333343'),
	('-0.0000033333333333333333', '-0.0000033333333333333333'),
	('1424953923781206.2', '1424953923781206.2'),
	('1.50', '1.5'), ('19.90', '19.9'), ('100', '100'), ('1E2', '100'), ('-1.0', '-1'),
	('0.1234567890123456789', '0.12345678901234568'), ('12345678901234567890', '12345678901234567000');

SELECT is_empty($$
	SELECT input, sync_canonical(input::jsonb) FROM number
	WHERE sync_canonical(input::jsonb) <> expected
$$, 'numbers_are_written_as_ecmascript_does');

SELECT is_empty($$
	SELECT input FROM number
	WHERE sync_canonical(jsonb_build_array(input::jsonb)) <> '[' || expected || ']'
$$, 'numbers_inside_an_array_are_written_alike');

SELECT throws_ok($$ SELECT sync_canonical('1e309') $$, '22003',
	'number of 310 digits is out of range of an IEEE 754 double', 'a_number_beyond_the_largest_double');
SELECT throws_ok($$ SELECT sync_canonical('{"a": [-1.7976931348623159e308]}') $$, '22003',
	'number of 309 digits is out of range of an IEEE 754 double', 'a_number_that_rounds_to_infinity');
SELECT is(sync_canonical(NULL), NULL, 'no_value_has_no_text');

-- The canonical value of the pipeline: the same, but no number loses anything.
CREATE FUNCTION pg_temp.value(json) RETURNS text LANGUAGE C STRICT
AS '$libdir/sync_ledger', 'sync_test_canonical';

SELECT is(pg_temp.value(input::json), CASE expected WHEN 'null' THEN 'null ' ELSE 'exact ' END || expected,
	behaviour || '_as_text')
FROM vector
WHERE behaviour <> 'sample_of_the_rfc' ORDER BY ordinal;

CREATE TEMP TABLE exact (ordinal serial, input text, expected text);
INSERT INTO exact (input, expected) VALUES
	('19.9', 'exact 19.9'), ('1E2', 'exact 100'), ('-0.0', 'exact 0'), ('0e5', 'exact 0'),
	('1e21', 'exact 1e+21'), ('1e-7', 'exact 1e-7'), ('5e-324', 'exact 5e-324'), ('1e23', 'exact 1e+23'),
	('1e300', 'exact 1e+300'), ('1e308', 'exact 1e+308'), ('2e22', 'exact 2e+22'),
	('1.7976931348623157e308', 'exact 1.7976931348623157e+308'),
	('9007199254740992', 'exact 9007199254740992'), ('9007199254740993', 'inexact 9007199254740993'),
	('9007199254740993.0', 'inexact 9007199254740993'), ('-9007199254740993e0', 'inexact -9007199254740993'),
	('0.1', 'exact 0.1'), ('0.10000000000000001', 'inexact 0.10000000000000001'),
	('0.12345678901234568', 'exact 0.12345678901234568'),
	('12345678901234567890', 'inexact 12345678901234567890'),
	('123456789012345678900e-1', 'inexact 12345678901234567890'),
	('0.12345678901234567890', 'inexact 0.1234567890123456789'),
	('1234567890123456789.5', 'inexact 1234567890123456789.5'),
	('100000000000000000000000', 'exact 1e+23'), ('99999999999999991611392', 'inexact 99999999999999991611392'),
	('4e-324', 'inexact 0.' || repeat('0', 323) || '4'), ('1e400', 'inexact 1' || repeat('0', 400)),
	('1e-400', 'inexact 0.' || repeat('0', 399) || '1'), ('1e999', 'inexact 1' || repeat('0', 999)),
	('1e1000', 'too long'), ('1e-1000', 'too long'), ('1e99999999999', 'too long'), ('0e99999999999', 'exact 0'),
	('1.' || repeat('0', 2000), 'exact 1'), (repeat('1', 1001), 'too long'), ('[1, 1e-5000]', 'too long'),
	('[1, 9007199254740993]', 'inexact [1,9007199254740993]'),
	('[9007199254740993, 1]', 'inexact [9007199254740993,1]'),
	('{"b": [{"a": 0.1234567890123456789}], "a": 1.50}', 'inexact {"a":1.5,"b":[{"a":0.1234567890123456789}]}'),
	('{"a": 9007199254740993, "b": 2, "a": 1}', 'exact {"a":1,"b":2}'),
	('{"b": 2, "a": 1, "a": 9007199254740993}', 'inexact {"a":9007199254740993,"b":2}'),
	('{"b": 1, "\u0061": 2, "c": 3}', 'exact {"a":2,"b":1,"c":3}'),
	('{"\u0061": 1, "a": 2}', 'exact {"a":2}'),
	('{"a": {"\u20ac": 1, "b": 2}, "a": {"\\": 1, "A": 2}}', 'exact {"a":{"A":2,"\\":1}}'),
	('"null"', 'exact "null"'), ('[null]', 'exact [null]'), ('"a\u0000b"', 'has nul'), ('{"a\u0000": 1}', 'has nul');

SELECT is(pg_temp.value(input::json), expected, 'a_double_holds_it_or_not: ' || left(input, 60))
FROM exact ORDER BY ordinal;

SELECT * FROM finish();
ROLLBACK;
