-- The trace of a record tells, in order, what became of calls that failed.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}}, "max_attempts": 3}');
CREATE FUNCTION pg_temp.row_id() RETURNS bigint LANGUAGE sql AS $$
	SELECT id FROM sync_outbox WHERE record_key = pg_temp.record_key()
$$;

CALL pg_temp.at_rest('T', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is claimed');
SELECT is(sync_extend((SELECT lease FROM claim ORDER BY n DESC LIMIT 1), '1 minute'), 1, 'its worker needs longer');
SELECT is(sync_extend((SELECT lease FROM claim ORDER BY n LIMIT 1), '1 minute'), 0, 'a lease that is over has no rows');
CALL pg_temp.at('12:01:59');
SELECT is(pg_temp.poll('support'), NULL, 'so long nobody else has it');
SELECT is(pg_temp.nack('support', '503'), true, 'the call fails');
SELECT is(sync_redrive(pg_temp.row_id()), true, 'an operator lets it go at once');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'so it does');
SELECT is(pg_temp.nack('support', '429', '1 minute'), true, 'and is put off');
CALL pg_temp.at('12:03');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes again');
SELECT is(pg_temp.nack('support', '422', permanent => true), true, 'and fails for good');
SELECT alike((SELECT detail FROM sync_trace('contact', 'T') WHERE event = 'dead letter'), 'update phone failed 2 times: crm-to-support-contact-T-v2', 'the trace tells of the dead letter');
SELECT is(sync_discard(pg_temp.row_id(), 'wrong number'), true, 'which is discarded');

SELECT results_eq($$ SELECT event, detail FROM sync_trace('contact', 'T') WHERE at >= '2026-03-01 12:00+00' AND event <> 'arrived' $$, $$ VALUES
	('claimed', 'attempt 1 of crm-to-support-contact-T-v2: update phone'),
	('lease extended', 'attempt 1 of crm-to-support-contact-T-v2 goes on'),
	('failed', 'attempt 1 of crm-to-support-contact-T-v2: 503'),
	('redriven', 'crm-to-support-contact-T-v2 goes now'),
	('claimed', 'attempt 2 of crm-to-support-contact-T-v2: update phone'),
	('put off', 'crm-to-support-contact-T-v2, as it asked: 429'),
	('claimed', 'attempt 2 of crm-to-support-contact-T-v2: update phone'),
	('failed for good', 'attempt 2 of crm-to-support-contact-T-v2: 422'),
	('discarded', 'crm-to-support-contact-T-v2 is not sent: update phone: wrong number') $$, 'all of it, in order');

SELECT throws_ok($$ SELECT sync_extend(1, '0') $$, '22023', 'a lease can only be extended by more than zero', 'no time is no extension');
SELECT throws_ok($$ SELECT sync_extend(1, NULL) $$, '22023', 'a lease can only be extended by more than zero', 'nor is nothing');
SELECT is(sync_extend(NULL, '1 minute'), 0, 'no lease has no rows');

SELECT * FROM finish();
