-- No second create of a record goes to a target while the first is in flight, or nobody knows what became of it.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"key": "ref", "id": "id"}}, "fields": {"email": {}, "phone": {}}, "match_on": ["email"]}');

CREATE FUNCTION pg_temp.support(payload text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, verdict, nullif(targets, '{}')), '; ') FROM sync_diff('support', 'contact', payload, verbose => true)
$$;

-- The crm creates a record, a worker of support has it.
CREATE FUNCTION pg_temp.creates(record_key text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', jsonb_build_object('email', record_key, 'phone', '1'));
	RETURN pg_temp.poll('support');
END
$$;

SELECT is(pg_temp.creates('shown'), 'create {"email": "shown", "phone": "1"}', 'a create in flight');
SELECT is(pg_temp.support('{"id": "s1", "email": "shown", "phone": "1"}'), 'shown echo', 'its webhook, which knows no key of ours, is found by what it holds');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is((SELECT native_id FROM sync_shadow WHERE record_key = 'shown' AND system = 'support'), 's1', 'one record, linked');
SELECT is((SELECT count(*) FROM sync_record), 1::bigint, 'and no other');

SELECT is(pg_temp.creates('edited'), 'create {"email": "edited", "phone": "1"}', 'a create in flight');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'while the record is edited');
SELECT is(pg_temp.poll('support'), NULL, 'waits for its answer');
SELECT is(pg_temp.ack('support'), true, 'after which');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'the edit is an update');

SELECT is(pg_temp.creates('lost'), 'create {"email": "lost", "phone": "1"}', 'a create in flight');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'while the record is edited');
SELECT idempotency_key AS key FROM sync_outbox WHERE record_key = 'lost' AND status = 'leased' \gset
CALL pg_temp.at('12:30');
SELECT is((SELECT action || ' ' || change_set FROM sync_poll('support') WHERE idempotency_key = :'key'), 'create {"email": "lost", "phone": "1"}',
	'lost, it goes again with its old content and key');
SELECT is(pg_temp.poll('support'), NULL, 'alone');
SELECT is((SELECT sync_ack(id, lease, 's3') FROM sync_outbox WHERE record_key = 'lost' AND status = 'leased'), true, 'acknowledged');
SELECT is((SELECT concat_ws(' ', action, change_set, native_id) FROM sync_poll('support')), 'update {"phone": "2"} s3', 'what changed since follows as an update');

-- The lost create is shown: it was created
SELECT is(pg_temp.creates('landed'), 'create {"email": "landed", "phone": "1"}', 'a create in flight');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.support('{"id": "s4", "email": "landed", "phone": "1"}'), 'landed echo', 'whose worker died is shown');
SELECT is(pg_temp.poll('support'), NULL, 'so it does not go again');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is((SELECT concat_ws(' ', action, change_set, native_id) FROM sync_poll('support')), 'update {"phone": "2"} s4', 'is an update of what it made');

SELECT * FROM finish();
