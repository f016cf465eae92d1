-- A call that failed goes again after a while that grows, under the same key.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}, "email": {}}, "max_attempts": 20}');

CREATE FUNCTION pg_temp.row() RETURNS TABLE (status text, attempts integer, last_error text, key text) LANGUAGE sql AS $$
	SELECT status, attempts, last_error, idempotency_key FROM sync_outbox
	WHERE record_key = pg_temp.record_key() AND target_system = 'support'
$$;
-- How long the row waits still.
CREATE FUNCTION pg_temp.wait() RETURNS interval LANGUAGE sql AS $$
	SELECT visible_at - (to_timestamp(0) + current_setting('sync_ledger.now')::bigint * interval '1 microsecond')
	FROM sync_outbox WHERE record_key = pg_temp.record_key() AND target_system = 'support'
$$;

CALL pg_temp.at_rest('failed', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is claimed');
CREATE TEMP TABLE first_try AS SELECT id, idempotency_key AS key FROM sync_outbox WHERE record_key = 'failed';
SELECT is(pg_temp.nack('support', '503 of 1'), true, 'and fails');
SELECT results_eq('SELECT status, attempts, last_error FROM pg_temp.row()', $$ VALUES ('pending', 1, '503 of 1') $$, 'its row waits, with the count and the reason');
SELECT ok(pg_temp.wait() BETWEEN '2.5 seconds' AND '5 seconds', 'for half of the curve''s 5 seconds at least');
SELECT is(pg_temp.poll('support'), NULL, 'nobody gets it meanwhile');
CALL pg_temp.at('12:00:05');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'a poll after that brings it back');
SELECT results_eq($$ SELECT id, idempotency_key FROM sync_outbox WHERE record_key = 'failed' $$, 'SELECT id, key FROM first_try', 'the same row under the same key');
SELECT is((SELECT attempts FROM pg_temp.row()), 2, 'as the second attempt');
SELECT is(pg_temp.nack('support', '503 of 2', before => 1), false, 'a nack by the first lease is too late');
SELECT is((SELECT status FROM pg_temp.row()), 'leased', 'and changes nothing');
SELECT is(pg_temp.nack('support', '503 of 2'), true, 'it fails again');
SELECT ok(pg_temp.wait() BETWEEN '5 seconds' AND '10 seconds', 'and waits twice as long');
SELECT is(pg_temp.nack('support'), false, 'one attempt fails once');
SELECT is(pg_temp.ack('support'), false, 'and is not acknowledged after that');

-- The curve, to its cap
CREATE FUNCTION pg_temp.wait_after(attempt integer) RETURNS interval LANGUAGE plpgsql AS $$
BEGIN
	UPDATE sync_outbox SET attempts = attempt - 1 WHERE record_key = pg_temp.record_key();
	PERFORM sync_redrive(id) FROM sync_outbox WHERE record_key = pg_temp.record_key();
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.nack('support');
	RETURN pg_temp.wait();
END
$$;
SELECT is_empty($$
	SELECT attempt, waited FROM generate_series(1, 19) AS attempt,
		pg_temp.wait_after(attempt) AS waited,
		least(interval '5 seconds' * 2 ^ (attempt - 1), interval '1 hour') AS curve
	WHERE waited NOT BETWEEN curve / 2 AND curve $$, 'each wait is between half and all of 5 seconds doubled, an hour at most');
SELECT cmp_ok((SELECT count(DISTINCT pg_temp.wait_after(12)) FROM generate_series(1, 5)), '>', 1::bigint, 'what failed together does not come back together');

-- retry_after
CALL pg_temp.at_rest('throttled', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is claimed');
SELECT throws_ok($$ SELECT pg_temp.nack('support', '429', '300000 years') $$, '22008', 'retry_after is out of range: 300000 years', 'no time that leads beyond all calendars');
SELECT is(pg_temp.nack('support', '429', '90 seconds'), true, 'the target names its time');
SELECT is(pg_temp.wait(), '90 seconds', 'which wins over the curve');
SELECT is((SELECT attempts FROM pg_temp.row()), 0, 'and is no failed attempt');
CALL pg_temp.at('12:01:29');
SELECT is(pg_temp.poll('support'), NULL, 'not before that');
CALL pg_temp.at('12:01:30');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'but then');
SELECT is(pg_temp.nack('support', 'Retry-After is over', '-1 seconds'), true, 'a time that is over');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'means at once');
SELECT is(pg_temp.nack('support', NULL), true, 'a nack need not say why');
SELECT is((SELECT last_error FROM pg_temp.row()), 'Retry-After is over', 'and takes no earlier reason away');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes once more');
SELECT is(pg_temp.nack('support', NULL, '0'), true, 'is put off without a word');
SELECT is((SELECT last_error FROM pg_temp.row()), 'Retry-After is over', 'which leaves the reason, too');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'another edit comes to it');
SELECT is(pg_temp.poll('support'), 'update {"email": "b", "phone": "1"}', 'so that it says more');
SELECT is(pg_temp.nack('support', NULL), true, 'and fails without a word');
SELECT is((SELECT last_error FROM pg_temp.row()), NULL, 'an old reason is not that of another content');

-- A text of any length
CALL pg_temp.at('13:00');
SELECT is(pg_temp.poll('support'), 'update {"email": "b", "phone": "1"}', 'claimed once more');
SELECT is(pg_temp.nack('support', repeat('ü', 5000)), true, 'a whole page as error');
SELECT is((SELECT last_error FROM pg_temp.row()), repeat('ü', 1000), 'is clipped to 2,000 bytes, between characters');

SELECT is(sync_nack(NULL, 1, 'x'), false, 'no row is nobody''s');
SELECT is(sync_nack(1, NULL, 'x'), false, 'nor is no lease');
SELECT is(sync_nack(-1, -1, 'x'), false, 'nor what never was');

SELECT * FROM finish();
