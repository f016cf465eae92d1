-- The hash of a JSON value: of its canonical text alone, whatever the settings are.
BEGIN;
SELECT plan(31);

SELECT is(sync_hash('{}'), '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
	'hash_of_the_empty_object');
SELECT is(sync_hash('{"b": [1.50, "\u20ac"], "a": null}'),
	encode(sha256(convert_to('{"a":null,"b":[1.5,"€"]}', 'UTF8')), 'hex'), 'hash_of_the_canonical_text');
SELECT is(sync_hash('"a"'), encode(sha256('"a"'), 'hex'), 'hash_of_a_string');
SELECT is(sync_hash(NULL), NULL, 'no_value_has_no_hash');
SELECT is(sync_hash('{"a": 1, "b": 100}'), sync_hash('{"b": 1E2, "a": 1.0}'), 'another_form_has_the_same_hash');
SELECT isnt(sync_hash('{"a": 1}'), sync_hash('{"a": "1"}'), 'another_type_has_another_hash');
SELECT isnt(sync_hash('{"a": null}'), sync_hash('{}'), 'null_and_absent_have_two_hashes');
SELECT throws_ok($$ SELECT sync_hash('1e400') $$, '22003', NULL, 'no_hash_beyond_the_largest_double');

SELECT is_empty($$
	SELECT i FROM generate_series(1, 3000) i, jsonb_build_object('k', repeat('x', i), 'n', i) AS v
	WHERE sync_hash(v) <> encode(sha256(convert_to(sync_canonical(v), 'UTF8')), 'hex')
$$, 'hashes_of_texts_of_every_length');

-- One context serves a whole backend: it must survive errors and rollbacks.
SAVEPOINT before_error;
SELECT throws_ok($$ SELECT sync_hash('{}') || 1 / (length(sync_hash('[]')) - 64) $$, '22012', NULL, 'an_error_in_between');
ROLLBACK TO before_error;
SELECT is(sync_hash('{}'), '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
	'hash_after_a_rollback');

-- A long value, compressed and stored out of line.
CREATE TEMP TABLE long (value jsonb);
INSERT INTO long SELECT jsonb_agg(jsonb_build_object('text', repeat('long ', 50), 'n', i)) FROM generate_series(1, 5000) i;
SELECT is((SELECT sync_hash(value) FROM long),
	(SELECT sync_hash(jsonb_agg(jsonb_build_object('text', repeat('long ', 50), 'n', i))) FROM generate_series(1, 5000) i),
	'hash_of_a_toasted_value');

-- Settings that change how PostgreSQL prints something.
CREATE TEMP VIEW fingerprint AS
SELECT sync_hash(value) || sync_canonical(value) AS fingerprint
FROM (SELECT '{"I": "iİı", "n": [0.1, 1e21, 123456789.123456789, 5e-324, 99999999999999991611392],
	"t": "2026-01-02T03:04:05Z", "\ufb33": "\\xff", "\ud83d\ude00": null}'::jsonb) v(value);
CREATE TEMP TABLE before AS SELECT fingerprint FROM fingerprint;

CREATE FUNCTION pg_temp.fingerprint_under(setting text, value text) RETURNS text LANGUAGE plpgsql AS $body$
DECLARE
	result text;
BEGIN
	PERFORM set_config(setting, value, true);
	SELECT fingerprint INTO result FROM fingerprint;
	RETURN result;
END
$body$;

-- A locale with a decimal comma, where the system has one.
CREATE TEMP VIEW comma_locale AS
SELECT coalesce((SELECT collcollate FROM pg_collation
				 WHERE collprovider = 'c' AND collcollate ~* '^(de|fr|es|it)_.*utf' ORDER BY 1 LIMIT 1), 'C') AS name;

SAVEPOINT before_settings;
SELECT is(pg_temp.fingerprint_under(setting, value), fingerprint, format('%s_changes_no_hash', lower(setting)))
FROM before, (VALUES
	('TimeZone', 'Pacific/Chatham'), ('DateStyle', 'SQL, DMY'), ('IntervalStyle', 'iso_8601'),
	('extra_float_digits', '-15'), ('extra_float_digits', '3'), ('bytea_output', 'escape'),
	('lc_numeric', (SELECT name FROM comma_locale)), ('lc_monetary', (SELECT name FROM comma_locale)),
	('search_path', 'pg_temp, pg_catalog, public'), ('standard_conforming_strings', 'off')) s(setting, value);
ROLLBACK TO before_settings;

-- The hash of a record as the pipeline makes it: a number that no double holds is a string.
CREATE FUNCTION pg_temp.digest(names text[], vals json[]) RETURNS text LANGUAGE C
AS '$libdir/sync_ledger', 'sync_test_digest';

CREATE TEMP TABLE record (names text[], vals json[], as_hashed jsonb, behaviour text);
INSERT INTO record VALUES
	('{}', '{}', '{}', 'no_field'),
	('{a}', '{NULL}', '{}', 'an_absent_field_is_left_out'),
	('{a,b,c}', '{NULL,1,NULL}', '{"b": 1}', 'absent_fields_at_both_ends'),
	('{a}', ARRAY['null'::json], '{"a": null}', 'null_is_a_value'),
	('{a,"b\"c"}', '{1.50,2}', '{"a": 1.5, "b\"c": 2}', 'a_field_with_a_quote_in_its_name'),
	('{a}', '{9007199254740992}', '{"a": 9007199254740992}', 'a_number_that_a_double_holds'),
	('{a}', '{9007199254740993}', '{"a": "9007199254740993"}', 'one_that_no_double_holds_is_a_string'),
	('{a}', '{-0.12345678901234567890}', '{"a": "-0.1234567890123456789"}', 'without_superfluous_zeros'),
	('{a}', ARRAY['[1, 1.5e-400, "9007199254740993", "\"-9007199254740993\\", {"9007199254740993": 9007199254740993, "b": [-9007199254740993]}]'::json],
	 format('{"a": [1, "0.%s15", "9007199254740993", "\"-9007199254740993\\", {"9007199254740993": "9007199254740993", "b": ["-9007199254740993"]}]}',
			repeat('0', 399))::jsonb,
	 'each_such_number_inside_a_value');

SELECT is(pg_temp.digest(names, vals), sync_hash(as_hashed), 'record: ' || behaviour) FROM record;

SELECT * FROM finish();
ROLLBACK;
