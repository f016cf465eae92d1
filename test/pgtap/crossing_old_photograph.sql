-- What our writes replaced, seen late, is a photograph of before them: no edit of anybody.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {"owner": "support"}}}');

-- Both show phone 0; the crm's phone 1 and 2 go out and are acknowledged, neither is shown.
CREATE PROCEDURE pg_temp.write_twice(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
	PERFORM pg_temp.saw('crm', '{"phone": "2"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
	CALL pg_temp.at('12:05');
END
$$;

CALL pg_temp.write_twice('of before both');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'what the older of two unseen writes replaced');
SELECT is(pg_temp.shows('support')->>'phone', '2', 'moves nothing');
SELECT is(pg_temp.waits('support'), NULL, 'sends nothing');
SELECT is(pg_temp.waits('crm'), NULL, 'to nobody');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'then the older write');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'then the newer one');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'accepted phone=accepted -> crm', 'then an edit that has seen them');

CALL pg_temp.write_twice('of before both, again');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'a photograph, once');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'the newer write');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'held phone=held', 'seen again after the shadow moved on: nobody can tell');
SELECT is(pg_temp.conflicts(), 'phone bounce open: "2" (crm) against "0" (support)', 'a human is asked');

CALL pg_temp.write_twice('of between');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the older write''s sight');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'what the newer one replaced');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'conflict phone=conflict', 'of before the older one, after its sight: typed back, and the newer one not seen');

CALL pg_temp.write_twice('after a sight');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'the newer write''s sight');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'accepted phone=accepted -> crm,support', 'what the older one replaced is typed back then; the older one was never seen, so the edit crosses it');

CALL pg_temp.write_twice('past the window');
CALL pg_temp.at('12:11');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'accepted phone=accepted -> crm', 'as it is past the echo window');

-- One acknowledged, one in flight
CALL pg_temp.at_rest('in flight', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"phone": "1"}'), pg_temp.poll('support'), pg_temp.ack('support'),
	pg_temp.saw('crm', '{"phone": "2"}'), pg_temp.poll('support') \g /dev/null
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'a photograph of before both');
SELECT is(pg_temp.ack('support'), true, 'the newer one is acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'and nothing has crossed it');

-- One lost, one acknowledged
CALL pg_temp.at_rest('lost', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"phone": "1"}'), pg_temp.poll('support') \g /dev/null
CALL pg_temp.at('12:01:01');
SELECT pg_temp.saw('crm', '{"phone": "2"}'), pg_temp.poll('support'), pg_temp.ack('support') \g /dev/null
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'what both replaced');
SELECT is(pg_temp.waits('support'), NULL, 'tells nothing of the lost one');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo -> support', 'which shows then');

-- Unseen counts as null
SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"unseen": "send"}}, "fields": {"phone": {"nulls": "clear"}, "email": {"owner": "support"}}}');
CALL pg_temp.record('unseen');
CALL pg_temp.at('10:00');
SELECT pg_temp.saw('support', '{"email": "a"}') \g /dev/null
CALL pg_temp.deliver('crm');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'a field that support never showed');
SELECT pg_temp.poll('support'), pg_temp.ack('support') \g /dev/null
SELECT is(pg_temp.saw('support', '{"phone": null}'), 'echo phone=echo', 'its null is a photograph of before our write');
SELECT is(pg_temp.golden()->>'phone', '1', 'and clears nothing');

-- The owner's photographs are no edits either
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "support"}, "email": {}}}');
CALL pg_temp.write_twice('of the owner');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'what our older write to the owner replaced');
SELECT is(pg_temp.golden()->>'phone', '2', 'takes nothing back');
SELECT is(pg_temp.waits('crm'), NULL, 'and is not sent on');

SELECT * FROM finish();
