-- The stamp in a payload names the write that it shows, at any age.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"sentinel": "meta.source"}}, "fields": {"phone": {}, "email": {}}}');

-- The payload of the newest claim, as a target that keeps what it is sent shows it.
CREATE FUNCTION pg_temp.stamp(before integer DEFAULT 0) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('meta', jsonb_build_object('source', e.idempotency_key))
	FROM sync_claim AS e WHERE e.record_key = pg_temp.record_key() AND e.target_system = 'support'
	ORDER BY e.id DESC OFFSET before LIMIT 1
$$;

-- Both show phone 0; at 12:00 the crm sets phone 1, which goes out.
CREATE PROCEDURE pg_temp.write(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('10:00');
	PERFORM pg_temp.saw('support', '{"phone": "0", "email": "a"}');
	CALL pg_temp.deliver('crm');
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
END
$$;

CALL pg_temp.write('payload');
SELECT is((SELECT payload FROM sync_poll('support')), '{"record_key": "payload", "phone": "1", "meta": {"source": "crm-to-support-contact-payload-v2"}}',
	'the payload carries its key as a stamp');

CALL pg_temp.write('in time');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'a write goes out');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}' || pg_temp.stamp()), 'echo phone=echo', 'it is shown under its stamp, before the ack');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}' || pg_temp.stamp()), 'unchanged', 'the stamp is used up');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "a"}' || pg_temp.stamp()), 'held phone=held', 'an edit under the left-over stamp is an edit: inside the window it is held');

CALL pg_temp.write('hours late');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'a write goes out');
SELECT is(pg_temp.ack('support'), true, 'and is acknowledged');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'the next one');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'goes out');
SELECT is(pg_temp.ack('support'), true, 'and is acknowledged');
CALL pg_temp.at('15:00');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "a"}' || pg_temp.stamp()), 'echo phone=echo', 'the sight of the newer write comes');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}' || pg_temp.stamp(1)), 'echo phone=echo', 'and that of the older one, three hours late');
SELECT is(pg_temp.shows('support')->>'phone', '2', 'it moves no shadow');
SELECT is(pg_temp.waits('support'), NULL, 'and sends nothing');
SELECT is(pg_temp.waits('crm'), NULL, 'nowhere');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}' || pg_temp.stamp(1)), 'accepted phone=accepted -> crm', 'seen again it is an edit');

-- Which of two writes of one value
CREATE PROCEDURE pg_temp.write_thrice(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.write(record_key);
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
	PERFORM pg_temp.saw('crm', '{"phone": "2"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
	CALL pg_temp.at('12:05');
END
$$;

CALL pg_temp.write_thrice('the older one');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}' || pg_temp.stamp(2)), 'echo phone=echo', 'the sight of the first of three writes, two of one value');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "a"}' || pg_temp.stamp(1)), 'echo phone=echo', 'that of the second is late');
SELECT is(pg_temp.saw('support', '{"phone": "3", "email": "a"}' || pg_temp.stamp(1)), 'conflict phone=conflict', 'an edit of before the third one');

CALL pg_temp.write_thrice('the newer one');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}' || pg_temp.stamp()), 'echo phone=echo', 'the stamp names the last one');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "a"}' || pg_temp.stamp()), 'accepted phone=accepted -> crm',
	'so the value of the second one, under the stamp of the last, is an edit');

CALL pg_temp.write_thrice('without a stamp');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'without a stamp it is the first one''s');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'then the second one''s');

-- A write of the very value that it replaces
CALL pg_temp.write('the same value');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'a write goes out');
CALL pg_temp.at('12:01:01');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'its lease runs out, and it is taken back');
SELECT is(pg_temp.poll('support'), 'update {"phone": "0"}', 'what the target showed before is sent to it');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'unchanged', 'what it shows tells nothing');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}' || pg_temp.stamp()), 'echo phone=echo', 'its stamp does');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}' || pg_temp.stamp()), 'unchanged', 'once');

SELECT * FROM finish();
