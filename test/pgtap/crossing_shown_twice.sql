-- One landing shown twice is no sight of a second call, which may yet bury an edit.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

-- Both show phone 0; the crm's phone 1 goes out, its lease runs out, and it goes out again.
CREATE PROCEDURE pg_temp.retry(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('support');
	CALL pg_temp.at('12:01:01');
	PERFORM pg_temp.poll('support');
END
$$;

-- The first call landed and is shown twice; the second one lands after an edit there
CALL pg_temp.retry('before the ack');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the first call is seen');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'unchanged', 'seen twice it is no sight of the second one');
SELECT is(pg_temp.ack('support'), true, 'which is acknowledged');
CALL pg_temp.at('12:03');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm,support', 'an edit in between: nobody knows whether the second call came after it');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'so it is sent back, to be sure');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'it did: that is our call, no edit');
SELECT is(pg_temp.golden()->>'phone', '2', 'the edit stands');
SELECT is(pg_temp.waits('crm'), 'update {"phone": "2"}', 'and goes to the other side');
CALL pg_temp.deliver('support', 'crm');
SELECT is(pg_temp.shows('support')->>'phone', '2', 'all agree');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = pg_temp.record_key()), 0::bigint, 'at rest');

CALL pg_temp.retry('after the ack');
SELECT is(pg_temp.ack('support'), true, 'the second call is acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the first call is seen');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'unchanged', 'seen twice it is no sight of the second one');
CALL pg_temp.at('12:03');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm,support', 'an edit crosses that');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'which shows now');
SELECT is(pg_temp.golden()->>'phone', '2', 'the edit stands');
CALL pg_temp.deliver('support', 'crm');
SELECT is(pg_temp.shows('support')->>'phone', '2', 'all agree');

CALL pg_temp.retry('seen on both sides of the ack');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the first call is seen');
SELECT is(pg_temp.ack('support'), true, 'the second one is acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'unchanged', 'and the first one seen again');
CALL pg_temp.at('12:03');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm,support', 'an edit crosses the second one all the same');

-- The price: where the second call changed nothing, one call more, and only for so long
CALL pg_temp.retry('the second call changed nothing');
SELECT is(pg_temp.ack('support'), true, 'the target knows the key');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'and shows it once');
CALL pg_temp.at('12:12');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'past the echo window nothing is on its way');

-- Values that went out in turn are each seen: one, another, the first one again
CALL pg_temp.at_rest('in turn', '{"phone": "0", "email": "a"}', 'crm', 'support');
CREATE PROCEDURE pg_temp.write(phone text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.saw('crm', jsonb_build_object('phone', phone));
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
END
$$;
CALL pg_temp.write('1');
CALL pg_temp.write('2');
CALL pg_temp.write('1');
CALL pg_temp.at('12:03');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the first of three writes, two of one value');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'unchanged', 'shown twice');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'the second one');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the third one');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'held phone=held', 'what was seen late is held when it comes again');
CALL pg_temp.at_rest('in turn, with an edit', '{"phone": "0", "email": "a"}', 'crm', 'support');
CALL pg_temp.write('1');
CALL pg_temp.write('2');
CALL pg_temp.write('1');
CALL pg_temp.at('12:03');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the first one');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'unchanged', 'shown twice');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'the second one');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'conflict phone=conflict', 'an edit of it, which the third one buried, is not lost');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the third one is no edit');
SELECT is(pg_temp.conflicts(), 'phone collision open: "1" (crm) against "3" (support)', 'a human decides');

SELECT * FROM finish();
