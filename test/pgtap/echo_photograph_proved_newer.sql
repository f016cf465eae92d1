-- What a lost call replaced may come late; but not under a newer version than that under which
-- the system has shown the call's value: then a human has put it back.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "fields": {"phone": {}}, "window": 0}');

-- Crm's 2 goes to support, where 1 was, in two calls that nobody hears of; one is seen.
CREATE PROCEDURE pg_temp.lose_two(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('support', '{"phone": "1", "v": 1}');
	CALL pg_temp.deliver('crm');
	CALL pg_temp.at('12:10');
	PERFORM pg_temp.saw('crm', '{"phone": "2"}'), pg_temp.poll('support'), pg_temp.nack('support');
	CALL pg_temp.at('12:11');
	PERFORM pg_temp.poll('support'), pg_temp.nack('support');
	PERFORM pg_temp.saw('support', '{"phone": "2", "v": 3}');
END
$$;

CALL pg_temp.lose_two('newer');
SELECT is(pg_temp.shows('support')->>'phone', '2', 'support has shown the 2');
SELECT is(pg_temp.saw('support', '{"phone": "1", "v": 4}'), 'accepted phone=accepted -> crm,support', 'the 1 under a newer version is an edit');
SELECT is(pg_temp.saw('support', '{"phone": "9", "v": 2}'), 'stale phone=stale', 'and what is older is older');

CALL pg_temp.lose_two('older');
SELECT is(pg_temp.saw('support', '{"phone": "1", "v": 1}'), 'stale phone=stale', 'the 1 under its old version is the old one');

SELECT * FROM finish();
