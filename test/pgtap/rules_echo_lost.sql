-- A lease that ran out leaves a write of unknown outcome: it may still land.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}, "email": {}}}');

-- Both show phone 0; the crm sets phone 1, a worker claims it at 12:00 and is never heard of.
CREATE PROCEDURE pg_temp.lose_a_write(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('support');
	CALL pg_temp.at('12:01:01');
END
$$;

CALL pg_temp.lose_a_write('it landed');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'a write of unknown outcome that is shown is an echo');
SELECT is(pg_temp.waits('crm'), NULL, 'and no edit');
SELECT is(pg_temp.poll('support'), NULL, 'what is shown needs no retry');

CALL pg_temp.lose_a_write('it landed while it was tried again');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it is tried again');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'and shown');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'nothing is left to send');

CALL pg_temp.lose_a_write('it did not land');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'unchanged', 'the target shows what it showed before');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the write is tried again');

-- While the outcome is unknown the value moves on
CALL pg_temp.lose_a_write('overtaken');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'the crm edits again');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'the new value goes out in its place');
SELECT is(pg_temp.ack('support'), true, 'and is acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'and shown');
SELECT is(pg_temp.waits('support'), NULL, 'all is well');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo -> support', 'now the lost write shows: a late echo, no edit to overrule');
SELECT is(pg_temp.golden()->>'phone', '2', 'the golden value stays');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'nobody knows what the target shows now: the value is sent again');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'it goes out');
SELECT isnt((SELECT idempotency_key FROM sync_outbox WHERE status = 'leased' AND record_key = pg_temp.record_key()),
	(SELECT idempotency_key FROM sync_ledger WHERE record_key = pg_temp.record_key() ORDER BY synced_at DESC LIMIT 1),
	'under a key of its own, or the target would take it for the call that it knows');
SELECT is(pg_temp.ack('support'), true, 'and is acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'confirmed: all is well');

-- Back to what the target shows: no no-op while a lost write may land
CALL pg_temp.lose_a_write('reverted');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'the crm takes its edit back');
SELECT is(pg_temp.poll('support'), 'update {"phone": "0"}', 'which has to be sent: the lost write may land, or have landed');
CALL pg_temp.at_rest('reverted in time', '{"phone": "0"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"phone": "1"}');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted', 'taken back before any worker had it');
SELECT is(pg_temp.poll('support'), NULL, 'there is nothing to send');

-- Forgotten, past the echo window of a later write that was acknowledged
CALL pg_temp.lose_a_write('forgotten');
SELECT pg_temp.saw('crm', '{"phone": "2"}');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:12');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'overruled phone=overruled -> support', 'after that its value is an edit as any other');

-- Without an owner: an edit there, while the outcome is unknown, has not seen the write
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');
CALL pg_temp.lose_a_write('collision');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'conflict phone=conflict', 'an edit collides with a write of unknown outcome, however long ago');

SELECT * FROM finish();
