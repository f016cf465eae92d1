-- Creates and deletes that fail for good, and that a human discards.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}, "email": {"owner": "crm"}}, "window": "0"}');

CREATE FUNCTION pg_temp.row_id() RETURNS bigint LANGUAGE sql AS $$
	SELECT id FROM sync_outbox WHERE record_key = pg_temp.record_key() AND target_system = 'support' AND status <> 'leased'
$$;
CREATE FUNCTION pg_temp.row_key() RETURNS text LANGUAGE sql AS $$
	SELECT idempotency_key FROM sync_outbox WHERE record_key = pg_temp.record_key() AND target_system = 'support'
$$;
CREATE FUNCTION pg_temp.deleted(system text) RETURNS text LANGUAGE sql AS $$
	SELECT verdict FROM sync_delete(system, 'contact', ARRAY[pg_temp.record_key()])
$$;
CREATE PROCEDURE pg_temp.create_refused(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "bad", "email": "a"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.nack('support', '422', permanent => true);
END
$$;

CALL pg_temp.create_refused('goes again');
CREATE TEMP TABLE refused AS SELECT pg_temp.row_id() AS id, pg_temp.row_key() AS key;
SELECT is(pg_temp.poll('support'), NULL, 'a create that was refused for good is not handed out');
SELECT alike(pg_temp.saw('crm', '{"phone": "good"}'), 'accepted phone=accepted%', 'a value is mended');
SELECT is(pg_temp.poll('support'), 'create {"email": "a", "phone": "bad"}', 'it may have landed, so it goes again as it was');
SELECT results_eq($$ SELECT id, idempotency_key FROM sync_outbox WHERE record_key = 'goes again' AND status = 'leased' $$, 'SELECT id, key FROM refused', 'the same row under the same key: no second create');
SELECT is(pg_temp.ack('support'), true, 'the target knows it by its key');
SELECT is(pg_temp.poll('support'), 'update {"phone": "good"}', 'and what changed since follows');

CALL pg_temp.create_refused('created anew');
SELECT is(sync_discard(pg_temp.row_id(), 'it never landed'), true, 'or a human knows that it never landed');
SELECT is(pg_temp.poll('support'), NULL, 'nothing waits then');
SELECT is(pg_temp.saw('crm', '{"phone": "bad", "email": "a"}'), 'unchanged', 'and what is unchanged');
SELECT is(pg_temp.poll('support'), NULL, 'creates nothing');
SELECT is(pg_temp.saw('crm', '{"phone": "good"}'), 'accepted phone=accepted -> support', 'the next change of the record');
SELECT is(pg_temp.poll('support'), 'create {"email": "a", "phone": "good"}', 'creates it as it is now');
SELECT is(pg_temp.ack('support'), true, 'and arrives');
SELECT is(pg_temp.saw('support', '{"phone": "good", "email": "a"}'), 'echo email=echo,phone=echo', 'and is shown');

CALL pg_temp.create_refused('it had landed');
SELECT is(sync_discard(pg_temp.row_id(), 'enough'), true, 'discarded');
SELECT is(pg_temp.saw('support', '{"phone": "bad", "email": "a"}'), 'agreed email=echo,phone=echo', 'it shows the record: the create had landed');
SELECT is(pg_temp.saw('crm', '{"phone": "good"}'), 'accepted phone=accepted -> support', 'the next change of the record');
SELECT is(pg_temp.poll('support'), 'update {"phone": "good"}', 'is an update');

CALL pg_temp.at_rest('delete', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.deleted('crm'), 'accepted', 'a record is deleted');
SELECT is(pg_temp.poll('support'), 'delete {}', 'support is told');
SELECT is(pg_temp.nack('support', '403', permanent => true), true, 'and refuses');
SELECT is(sync_discard(pg_temp.row_id(), 'it stays there'), true, 'a human lets it be');
SELECT is(pg_temp.poll('support'), NULL, 'nothing waits');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'unchanged', 'support shows the record as before');
SELECT is(pg_temp.poll('support'), NULL, 'and nothing is sent');
SELECT is(pg_temp.saw('support', '{"phone": "5"}'), 'held phone=held', 'an edit there is a human''s to decide');

SELECT * FROM finish();
