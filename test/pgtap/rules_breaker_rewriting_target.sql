-- A target that rewrites what it is sent, and does not say so in its answer, is not written to for ever.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"name": {"owner": "crm"}, "email": {}}}');

-- The crm sets the name; support shows it in capitals after every write, so many seconds
-- later; how many writes it gets, of at most twenty.
CREATE FUNCTION pg_temp.writes(record_key text, seconds integer, result text DEFAULT NULL) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	sent integer := 0;
BEGIN
	CALL pg_temp.at_rest(record_key, '{"name": "0", "email": "a"}', 'crm', 'support', 'shop');
	PERFORM pg_temp.saw('crm', '{"name": "Ada"}');
	WHILE sent < 20 AND pg_temp.poll('support') IS NOT NULL LOOP
		sent := sent + 1;
		PERFORM pg_temp.ack('support', result::jsonb);
		PERFORM set_config('sync_ledger.now', (current_setting('sync_ledger.now')::bigint + seconds * 1000000::bigint)::text, false);
		PERFORM pg_temp.saw('support', '{"name": "ADA"}');
	END LOOP;
	PERFORM pg_temp.saw('support', '{"name": "ADA"}');
	RETURN sent;
END
$$;

CREATE FUNCTION pg_temp.asked() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(field || ' ' || kind, ', ') FROM sync_conflict WHERE record_key = pg_temp.record_key() AND status = 'open'
$$;

SELECT cmp_ok(pg_temp.writes('fast', 5), '<=', 8, 'seconds later');
SELECT matches(pg_temp.asked(), '^name (bounce|oscillation)$', 'a human is asked');
SELECT cmp_ok(pg_temp.writes('slow', 1800), '<=', 8, 'half an hour later');
SELECT is(pg_temp.asked(), 'name oscillation', 'a human is asked');
SELECT is(pg_temp.saw('crm', '{"name": "Bob"}') ~ '-> .*support', false, 'until then not even the owner''s next value goes there');

SELECT is(pg_temp.writes('told', 5, '{"name": "ADA"}'), 1, 'one that says what it stored gets one write');
SELECT is(pg_temp.asked(), NULL, 'and asks nobody');
SELECT is(pg_temp.writes('told slowly', 1800, '{"name": "ADA"}'), 1, 'however slow');
SELECT is(pg_temp.asked(), NULL, 'and asks nobody');

-- Near misses do not count: the owner may edit as often as it likes
CALL pg_temp.record('told');
SELECT count(*) AS edits FROM (SELECT pg_temp.saw('crm', jsonb_build_object('name', 'Eve ' || n)), pg_temp.poll('support'),
	pg_temp.ack('support', jsonb_build_object('name', 'EVE ' || n)), pg_temp.saw('support', jsonb_build_object('name', 'EVE ' || n)) FROM generate_series(1, 12) AS n OFFSET 0) AS e \gset
SELECT is(pg_temp.golden()->>'name', 'Eve 12', 'twelve edits, each stored in capitals');
SELECT is(pg_temp.asked(), NULL, 'are no oscillation');

SELECT * FROM finish();
