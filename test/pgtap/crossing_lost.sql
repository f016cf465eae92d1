-- A call of unknown outcome may land at any time, until it is forgotten.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}, "email": {}}}');

-- Both show phone 0; the crm's phone 1 goes out at 12:00, and its lease runs out.
CREATE PROCEDURE pg_temp.lose(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('support');
	CALL pg_temp.at('12:01:01');
END
$$;

-- It lands while a newer one is in flight
CALL pg_temp.lose('in flight');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'the crm moves on');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'the new value goes out');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the lost call shows: no edit');
SELECT is(pg_temp.ack('support'), true, 'the new one is acknowledged');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'the lost one crossed it: once more');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'its sight');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'proves nothing');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'confirmed');

-- Its value came from an acknowledged write as well: nobody knows which one shows
CALL pg_temp.at_rest('twice', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"phone": "1"}'), pg_temp.poll('support'), pg_temp.ack('support') \g /dev/null
SELECT pg_temp.saw('crm', '{"phone": "2"}'), pg_temp.poll('support'), pg_temp.ack('support') \g /dev/null
SELECT pg_temp.saw('crm', '{"phone": "1"}'), pg_temp.poll('support') \g /dev/null
CALL pg_temp.at('12:01:01');
SELECT pg_temp.saw('crm', '{"phone": "3"}'), pg_temp.poll('support'), pg_temp.ack('support') \g /dev/null
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo -> support', 'the sight of the first write, or of the lost one');
SELECT is(pg_temp.waits('support'), 'update {"phone": "3"}', 'so the newest is sent again');

-- What the lost call may have left is not dropped as a no-op, and waits until it is sure
CALL pg_temp.lose('reverted');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'the crm takes it back');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'unchanged', 'which support shows');
SELECT is(pg_temp.poll('support'), 'update {"phone": "0"}', 'it goes out all the same');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the lost call lands');
SELECT is(pg_temp.ack('support'), true, 'before or after ours');
SELECT is(pg_temp.waits('support'), 'update {"phone": "0"}', 'nobody knows: once more');

-- Forgotten: echo_window after a later write was acknowledged, if nothing crossed that
CALL pg_temp.lose('still remembered');
SELECT pg_temp.saw('crm', '{"phone": "2"}') \g /dev/null
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:11');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo -> support', 'inside of the echo window the lost call is known');
CALL pg_temp.lose('forgotten');
SELECT pg_temp.saw('crm', '{"phone": "2"}') \g /dev/null
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:11:02');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'overruled phone=overruled -> support', 'past it, it is forgotten');
CALL pg_temp.lose('crossed');
SELECT pg_temp.saw('crm', '{"phone": "2"}'), pg_temp.poll('support'), pg_temp.saw('support', '{"phone": "3"}'), pg_temp.ack('support') \g /dev/null
CALL pg_temp.at('12:30');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'where the later one was crossed, it is not');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'and the crm''s value is still to be sent');
CALL pg_temp.lose('nothing later');
CALL pg_temp.at('20:00');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'nor where no later one was acknowledged, however late');

-- Each claim is a write of its own, under one key
CALL pg_temp.lose('one key');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the same goes out again');
CALL pg_temp.at('12:02:02');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'and a third time');
SELECT is((SELECT count(DISTINCT idempotency_key) FROM sync_claim WHERE record_key = 'one key' AND target_system = 'support'
	AND change_set = '{"phone": "1"}'), 1::bigint, 'under one key');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'shown');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'the crm moves on');
SELECT pg_temp.poll('support'), pg_temp.ack('support') \g /dev/null
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo -> support', 'the second call lands late: known');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'as is the third');
SELECT is(pg_temp.golden()->>'phone', '2', 'none of them was an edit');

-- The retry is shown; the lost call itself may land still
CALL pg_temp.lose('after its retry');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the same goes out again');
SELECT is(pg_temp.ack('support'), true, 'and is acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'and shown');
SELECT pg_temp.saw('crm', '{"phone": "2"}') \g /dev/null
CALL pg_temp.deliver('support');
SELECT is(pg_temp.waits('support'), NULL, 'the crm moves on');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo -> support', 'now the lost call lands');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'and is written over');

-- What is forgotten is not looked for: what says nothing new writes nothing
CALL pg_temp.lose('nothing new');
SELECT pg_temp.poll('support'), pg_temp.ack('support') \g /dev/null
CALL pg_temp.at('12:30');
CREATE TEMP TABLE noted AS SELECT ctid || ' ' || xmax AS row_version FROM sync_state WHERE record_key = pg_temp.record_key();
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'unchanged', 'long after a lost call and its retry');
SELECT is((SELECT ctid || ' ' || xmax FROM sync_state WHERE record_key = pg_temp.record_key()), row_version, 'not even a lock is taken') FROM noted;

SELECT * FROM finish();
