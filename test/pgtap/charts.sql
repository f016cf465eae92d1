-- The queries of examples/charts.sql run as they stand, and each has something to draw.
SET client_min_messages = warning;
SELECT plan(8);

\set charts `cat examples/charts.sql`
CREATE TEMP TABLE chart AS
SELECT row_number() OVER (ORDER BY n) AS n, query
FROM regexp_split_to_table(:'charts', ';\s*(\n|$)') WITH ORDINALITY AS q(query, n) WHERE query ~ 'SELECT';

CREATE FUNCTION pg_temp.drawn(of_chart integer) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE (SELECT 'SELECT to_jsonb(c) FROM (' || query || E'\n) AS c' FROM chart WHERE n = of_chart);
END
$$;

SELECT is((SELECT count(*) FROM chart), 5::bigint, 'five charts');
DO $$
DECLARE
	lease bigint;
BEGIN
	PERFORM sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "window": "0"}');
	PERFORM sync_diff('crm', 'contact', '[{"record_key": "1", "phone": "1"}, {"record_key": "2", "phone": "2"}]');
	PERFORM sync_diff('support', 'contact', '{"record_key": "1", "phone": "3"}');
	SELECT max(p.lease) INTO lease FROM sync_poll('support') AS p;
	PERFORM sync_ack(lease);
	PERFORM sync_diff('crm', 'contact', '{"record_key": "3", "phone": "3"}');
END
$$;
SELECT is(ARRAY(SELECT d ->> 'series' || ' ' || (d ->> 'value') FROM pg_temp.drawn(1) AS d), '{accepted 3,conflict 1}', 'what arrives');
SELECT is(ARRAY(SELECT d ->> 'series' FROM pg_temp.drawn(2) AS d), '{support 95 %,support median}', 'how long a change takes');
SELECT is(ARRAY(SELECT d ->> 'series' || ' ' || (d ->> 'value') FROM pg_temp.drawn(3) AS d WHERE d ->> 'target' = 'support' AND d ->> 'value' <> '0'),
	'{claimable 1}', 'what waits');
SELECT is((SELECT count(*) FROM pg_temp.drawn(3)), 10::bigint, 'for both targets');
SELECT is(ARRAY(SELECT d ->> 'series' || ' ' || (d ->> 'still_open') FROM pg_temp.drawn(4) AS d), '{drift 1}', 'conflicts');
SELECT is(ARRAY(SELECT d ->> 'series' || ' ' || (d ->> 'value') FROM pg_temp.drawn(5) AS d), '{calls avoided 3,calls made 1,records seen 4}', 'what it saves');
SELECT is((SELECT count(*) FROM chart WHERE query ~ '\m\d\. [A-Z]'), 5::bigint, 'each says what it draws');

SELECT * FROM finish();
