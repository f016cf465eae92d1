-- A row that failed too often, or for good, is a dead letter: seen, not handed out, and
-- brought back by a human or by the next change of its record.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}, "email": {"owner": "crm"}}, "max_attempts": 2}');

CREATE FUNCTION pg_temp.row() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', status, attempts, last_error) FROM sync_outbox
	WHERE record_key = pg_temp.record_key() AND target_system = 'support'
$$;
CREATE FUNCTION pg_temp.row_id() RETURNS bigint LANGUAGE sql AS $$
	SELECT id FROM sync_outbox WHERE record_key = pg_temp.record_key() AND target_system = 'support'
$$;
CREATE FUNCTION pg_temp.row_key() RETURNS text LANGUAGE sql AS $$
	SELECT idempotency_key FROM sync_outbox WHERE record_key = pg_temp.record_key() AND target_system = 'support'
$$;
-- A record at rest whose update of its phone support has refused for good, at 12:00.
CREATE PROCEDURE pg_temp.refused(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.nack('support', '422', permanent => true);
END
$$;

CALL pg_temp.at_rest('too often', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is claimed');
SELECT is(pg_temp.nack('support', '500'), true, 'fails');
CALL pg_temp.at('12:01');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is claimed again');
SELECT is(pg_temp.nack('support', '429', '0 seconds'), true, 'is put off, which is no failed attempt');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'so it is claimed again');
SELECT is(pg_temp.nack('support', '500 again'), true, 'and fails a second time');
SELECT is(pg_temp.row(), 'dead 2 500 again', 'after max_attempts it is a dead letter, with count and reason');
CALL pg_temp.at('23:00');
SELECT is(pg_temp.poll('support'), NULL, 'nobody gets it, however late');
SELECT is(sync_redrive(pg_temp.row_id()), true, 'a human redrives it');
SELECT is(pg_temp.row(), 'pending 0 500 again', 'its attempts start anew');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'and it goes at once');
SELECT is(sync_redrive(pg_temp.row_id()), false, 'what a worker has is not redriven');
SELECT is(pg_temp.ack('support'), true, 'it arrives');
SELECT is(pg_temp.row_id(), NULL, 'and is gone');
SELECT is(sync_redrive(-1), false, 'nor what is not there');
SELECT is(sync_redrive(NULL), false, 'nor nothing');

CALL pg_temp.refused('revived');
SELECT is(pg_temp.row(), 'dead 1 422', 'refused for good at the first attempt');
CREATE TEMP TABLE refused AS SELECT pg_temp.row_id() AS id, pg_temp.row_key() AS key;
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'unchanged', 'what is unchanged');
SELECT is(pg_temp.row(), 'dead 1 422', 'revives nothing');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'the next change of the record');
SELECT is(pg_temp.row(), 'pending 0 422', 'revives it');
SELECT is(pg_temp.row_id(), (SELECT id FROM refused), 'as the same row');
SELECT isnt(pg_temp.row_key(), (SELECT key FROM refused), 'under a new key');
SELECT is(pg_temp.poll('support'), 'update {"email": "b", "phone": "1"}', 'with all that is still to be sent');
SELECT is(pg_temp.ack('support'), true, 'it arrives');

CALL pg_temp.refused('landed after all');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'its call has landed all the same');
SELECT is(pg_temp.row_id(), NULL, 'nothing waits then');

CALL pg_temp.at_rest('changed meanwhile', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "bad"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "bad"}', 'is claimed');
SELECT is(pg_temp.saw('crm', '{"phone": "good"}'), 'accepted phone=accepted -> support', 'and mended while the call is on its way');
SELECT is(pg_temp.nack('support', '422', permanent => true), true, 'which is refused for good');
SELECT is(pg_temp.poll('support'), 'update {"phone": "good"}', 'the newer content is not dead with it');
SELECT is(pg_temp.ack('support'), true, 'it arrives');

CALL pg_temp.refused('another record');
CALL pg_temp.at_rest('beside it', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit of another record');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is not blocked by a dead letter');

SELECT * FROM finish();
