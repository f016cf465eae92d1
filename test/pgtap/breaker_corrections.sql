-- Corrections count too: fast ones by the clock, slow ones in a row.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}}, "max_flips": 2}');

-- Support shows another phone, and is corrected.
CREATE PROCEDURE pg_temp.corrected(phone text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.saw('support', jsonb_build_object('phone', phone));
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
END
$$;

CALL pg_temp.at_rest('fast', '{"phone": "x"}', 'crm', 'support');
CALL pg_temp.corrected('1');
SELECT is(pg_temp.saw('support', '{"phone": "x"}'), 'echo phone=echo', 'the correction is seen');
CALL pg_temp.corrected('2');
SELECT is(pg_temp.saw('support', '{"phone": "x"}'), 'echo phone=echo', 'and the next one');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'held phone=held', 'the third in ten minutes is not sent');
SELECT is(pg_temp.waits('support'), NULL, 'nothing waits');
SELECT is((SELECT kind || ' ' || status FROM sync_conflict WHERE record_key = 'fast' ORDER BY id DESC LIMIT 1), 'oscillation open', 'a human must look');
SELECT is(pg_temp.saw('crm', '{"phone": "y"}'), 'held phone=held', 'the owner moves the golden value');
SELECT is(pg_temp.golden()->>'phone', 'y', 'as it may');
SELECT is(pg_temp.waits('support'), NULL, 'but does not end it');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'the human does');
SELECT is(pg_temp.waits('support'), 'update {"phone": "y"}', 'and it goes on');

-- However slowly: answered in a row, never seen
CALL pg_temp.at_rest('slow', '{"phone": "x"}', 'crm', 'support');
CALL pg_temp.corrected('1');
CALL pg_temp.at('14:00');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'overruled phone=overruled -> support', 'one answer');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'overruled phone=overruled -> support', 'typed again before the correction came: no other one');
CALL pg_temp.deliver('support');
CALL pg_temp.at('16:00');
CALL pg_temp.corrected('4');
CALL pg_temp.at('18:00');
CALL pg_temp.corrected('5');
CALL pg_temp.at('20:00');
SELECT is((SELECT count(*) FROM sync_conflict WHERE kind = 'oscillation' AND record_key = 'slow'), 0::bigint, 'a sight started the count anew');
SELECT is(pg_temp.saw('support', '{"phone": "6"}'), 'overruled phone=overruled -> support', 'two answers');
SELECT is(pg_temp.poll('support'), 'update {"phone": "x"}', 'the correction');
SELECT is(pg_temp.ack('support'), true, 'is acknowledged');
CALL pg_temp.at('22:00');
SELECT is(pg_temp.saw('support', '{"phone": "7"}'), 'held phone=held', 'the third answer is one too many');

-- A sight that comes when it is owed no more counts too
CALL pg_temp.at_rest('polled', '{"phone": "x"}', 'crm', 'support');
CREATE FUNCTION pg_temp.day(hour integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at(hour || ':00');
	CALL pg_temp.corrected(hour::text);
	CALL pg_temp.at(hour || ':30');
	RETURN pg_temp.saw('support', '{"phone": "x"}');
END
$$;
SELECT is(pg_temp.day(hour), 'agreed phone=agreed', 'the correction is seen half an hour later') FROM generate_series(12, 17) AS hour;
SELECT is(pg_temp.saw('support', '{"phone": "x"}'), 'unchanged', 'once');

-- Of a dead record nothing is counted
CALL pg_temp.at_rest('dead', '{"phone": "x"}', 'crm', 'support');
CALL pg_temp.corrected('1');
CALL pg_temp.at('13:00');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{dead}')), 'accepted', 'the crm deletes it');
SELECT is(pg_temp.saw('support', '{"phone": "x"}'), 'unchanged', 'what support shows is what it was corrected to');
SELECT is((SELECT count(*) FROM sync_conflict WHERE record_key = 'dead' AND status = 'open'), 0::bigint, 'and no word of its own');

-- A near miss is no answer
CALL pg_temp.at_rest('near miss', '{"phone": "x"}', 'crm', 'support');
CREATE FUNCTION pg_temp.rewritten(phone text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.saw('crm', jsonb_build_object('phone', phone));
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support', jsonb_build_object('phone', '+' || phone));
	RETURN pg_temp.saw('support', jsonb_build_object('phone', '+' || phone));
END
$$;
SELECT is(pg_temp.rewritten(n::text), 'echo phone=echo', 'what it stored is what it shows') FROM generate_series(1, 8) AS n;

SELECT * FROM finish();
