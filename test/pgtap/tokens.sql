-- The order of version tokens: numbers as numbers, timestamps as timestamps, else by code point.
BEGIN;

CREATE FUNCTION pg_temp.compare(a text, b text, timezone text) RETURNS integer
LANGUAGE c STRICT AS '$libdir/sync_ledger', 'sync_test_token_compare';

-- Each row: the older one, the newer one.
CREATE TEMP TABLE older (a text, b text, behaviour text);
INSERT INTO older VALUES
	('9', '10', 'numbers are no texts'), ('-10', '-9', 'negative'), ('-1', '0', 'zero'), ('0', '0.001', 'zero'),
	('-1', '1', 'sign'), ('1.5', '1.50001', 'fraction'), ('0.09', '0.1', 'fraction'), ('9e2', '1e3', 'exponent'),
	('9.99e2', '1000', 'exponent'), ('1e-3', '0.01', 'exponent'), ('-1e3', '-999', 'exponent'),
	('9223372036854775807', '9223372036854775808', 'more than 64 bits'),
	('12345678901234567890123', '12345678901234567890124', 'more than a double'),
	('0.1000000000000000055511151231257827', '0.1000000000000000055511151231257828', 'more than a double'),
	('1e99999999999', '1e100000000000', 'exponent beyond all bounds'),
	('1e-999999999999999999', '1', 'exponent beyond all bounds'),
	('2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z', 'timestamps'),
	('2026-01-02T03:04:05+02:00', '2026-01-02T02:04:05Z', 'offset'),
	('2026-01-02T03:04:05Z', '2026-01-02T03:04:05.1Z', 'fraction'),
	('2026-01-02T03:04:05.09Z', '2026-01-02T03:04:05.1Z', 'fraction'),
	('2026-01-02T03:04:05.123456788Z', '2026-01-02T03:04:05.123456789Z', 'nanoseconds'),
	('2026-01-02T03:04:05.12Z', '2026-01-02T03:04:05.120000001Z', 'nanoseconds'),
	('2026-01-02 03:04', '2026-01-02T03:04:01Z', 'without offset and seconds'),
	('1969-12-31T23:59:59Z', '1970-01-01T00:00:00Z', 'epoch'),
	('2026-01-02', '2026-01-10', 'dates'), ('v10', 'v9', 'texts'), ('Z', 'a', 'texts'), ('a', 'aa', 'texts'),
	('', 'a', 'empty text'), ('z', U&'\00e4', 'texts by code point'),
	(U&'\fb33', U&'\+01F600', 'texts by code point, not by UTF-16'),
	('10', '9a', 'a number and a text are texts'), ('010', '9', 'no number of JSON'),
	('2026-01-02T03:04:05Z', '2026-13-02T03:04:05Z', 'no timestamp'),
	('2026-01-02T03:04:05', 'x', 'a timestamp and a text are texts');

-- Each row: two names of one version.
CREATE TEMP TABLE same (a text, b text);
INSERT INTO same VALUES
	('1', '1.0'), ('1e3', '1000'), ('0', '-0'), ('0.0', '0e5'), ('-1.50', '-15e-1'), ('1E+2', '100.000'),
	('123e-2', '1.23'), ('0.00012', '1.2e-4'), ('10e-1', '1'), ('a', 'a'), ('', ''),
	('2026-01-02T03:04:05Z', '2026-01-02T05:04:05+02:00'), ('2026-01-02T03:04:05Z', '2026-01-02 03:04:05.000'),
	('2026-01-02T03:04:05.1Z', '2026-01-02T03:04:05.100000000Z'), ('2026-01-02T03:04Z', '2026-01-02T03:04:00Z');

SELECT plan(7);

SELECT is_empty($$ SELECT * FROM older WHERE pg_temp.compare(a, b, 'UTC') <> -1 $$, 'the_older_token_is_less');
SELECT is_empty($$ SELECT * FROM older WHERE pg_temp.compare(b, a, 'UTC') <> 1 $$, 'the_newer_token_is_greater');
SELECT is_empty($$
	SELECT * FROM same WHERE pg_temp.compare(a, b, 'UTC') <> 0 OR pg_temp.compare(b, a, 'UTC') <> 0
$$, 'another_name_of_a_version_is_that_version');
SELECT is_empty($$
	SELECT x, y FROM (SELECT a FROM older UNION SELECT b FROM older UNION SELECT a FROM same) s (x),
					 (SELECT a FROM older UNION SELECT b FROM older UNION SELECT b FROM same) t (y)
	WHERE pg_temp.compare(x, y, 'UTC') <> -pg_temp.compare(y, x, 'UTC')
$$, 'the_order_does_not_depend_on_who_comes_first');

-- Numbers against PostgreSQL's numeric, seeded.
SELECT is_empty($$
	WITH number (i, n) AS (
		SELECT i, CASE WHEN h % 3 = 0 THEN '-' ELSE '' END || (h % 1000)::text
			|| CASE WHEN h % 5 < 2 THEN '.' || lpad((h / 1000 % 1000)::text, 3, '0') ELSE '' END
			|| CASE WHEN h % 7 < 3 THEN 'e' || (h / 7 % 9 - 4)::text ELSE '' END
		FROM generate_series(1, 300) i, LATERAL (SELECT ('x' || left(md5('token' || i), 8))::bit(32)::bigint) s (h))
	SELECT x.n, y.n FROM number x, number y
	WHERE pg_temp.compare(x.n, y.n, 'UTC') <> sign(x.n::numeric - y.n::numeric)
$$, 'numbers_are_ordered_as_numeric_orders_them');

SELECT is(pg_temp.compare('2026-07-02T12:00:00', '2026-07-02T11:00:00Z', 'Europe/Berlin'), -1,
	'a_token_without_offset_is_taken_in_the_timezone_of_its_system');

SET LOCAL TimeZone = 'Asia/Kathmandu';
SET LOCAL DateStyle = 'SQL, DMY';
SELECT is_empty($$ SELECT * FROM older WHERE pg_temp.compare(a, b, 'UTC') <> -1 $$, 'settings_change_no_order');

SELECT * FROM finish();
ROLLBACK;
