-- Each open conflict is told to a human once, by whichever notifier has it.
\ir story.psql
\ir refusal.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window": "0"}');
CREATE PROCEDURE pg_temp.collided(record_key text, field text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, jsonb_build_object(field, '0'), 'crm', 'support');
	PERFORM pg_temp.saw('crm', jsonb_build_object(field, '1'));
	PERFORM pg_temp.saw('support', jsonb_build_object(field, '2'));
END
$$;
CREATE FUNCTION pg_temp.told(most integer DEFAULT 100, lease interval DEFAULT '60 s') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(record_key || ' ' || field || ' ' || kind, ', ') FROM sync_conflict_poll(most, lease, 'desk 1')
$$;
CREATE FUNCTION pg_temp.of(record_key text) RETURNS bigint LANGUAGE sql AS $$
	SELECT id FROM sync_conflict WHERE record_key = $1
$$;

SELECT is(pg_temp.told(), NULL, 'no conflict, nothing to tell');
CALL pg_temp.collided('A', 'phone');
CALL pg_temp.collided('B', 'email');
CALL pg_temp.collided('C', 'phone');
SELECT is(pg_temp.told(2), 'A phone collision, B email collision', 'the oldest come first');
SELECT is(pg_temp.told(), 'C phone collision', 'the next notifier gets the others');
SELECT is(pg_temp.told(), NULL, 'nobody gets one twice');
SELECT is(sync_conflict_ack(pg_temp.of('A')), true, 'a human was told of one');
SELECT is((SELECT notified_at FROM sync_conflict WHERE record_key = 'A'), '2026-03-01 12:00+00'::timestamptz, 'and when');
SELECT is(sync_conflict_ack(pg_temp.of('A')), false, 'which counts once');
CALL pg_temp.at('12:01');
SELECT is(pg_temp.told(1, '10 minutes'), 'B email collision', 'what was not told within the lease comes again');
CALL pg_temp.record('C');
SELECT is(sync_resolve(pg_temp.of('C'), winner => 'crm'), true, 'one is settled meanwhile');
SELECT is(pg_temp.told(), NULL, 'nobody need be told of it');
CALL pg_temp.at('12:10:59');
SELECT is(pg_temp.told(), NULL, 'a longer lease lasts longer');
CALL pg_temp.at('12:11:01');
SELECT is(pg_temp.told(), 'B email collision', 'and then it comes again');
SELECT is(sync_conflict_ack(pg_temp.of('B')), true, 'the last one is told');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.told(), NULL, 'an open conflict that was told is not told again');
SELECT is((SELECT count(*) FROM sync_open_conflicts), 2::bigint, 'though it is open still');
SELECT is((SELECT count(*) FROM sync_conflict_lease), 0::bigint, 'no lease is left behind');
-- What makes no sense is refused, and hands nothing out
CALL pg_temp.collided('D', 'phone');
SELECT is(pg_temp.refused(format('SELECT sync_conflict_poll(%s)', arguments)), expected, arguments)
FROM (VALUES
	($$null$$, '22004 argument "max_conflicts" of sync_conflict_poll must not be null | Leave it out to have its default.'),
	($$lease => null$$, '22004 argument "lease" of sync_conflict_poll must not be null | Leave it out to have its default.'),
	($$0$$, '22023 max_conflicts must be from 1 to 100000, not 0 | Ask for what one turn can deal with; the next call gets the rest.'),
	($$-1$$, '22023 max_conflicts must be from 1 to 100000, not -1 | Ask for what one turn can deal with; the next call gets the rest.'),
	($$100001$$, '22023 max_conflicts must be from 1 to 100000, not 100001 | Ask for what one turn can deal with; the next call gets the rest.'),
	($$lease => '0'$$, '22023 lease must be longer than zero | Give the time that it takes to tell somebody, and some more.'),
	($$lease => '-1 s'$$, '22023 lease must be longer than zero | Give the time that it takes to tell somebody, and some more.')
) AS t (arguments, expected);
SELECT is((SELECT count(*) FROM sync_conflict_lease), 0::bigint, 'nobody has it');
SELECT is((SELECT string_agg(record_key, ',') FROM sync_conflict_poll(100000, '1 microsecond', NULL)), 'D', 'the most, the shortest lease and no name are all right');
SELECT is(sync_conflict_ack(-1), false, 'there is no such conflict');
SELECT is(sync_conflict_ack(NULL), false, 'nor this one');

SELECT * FROM finish();
