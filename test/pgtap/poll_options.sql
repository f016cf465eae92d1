-- A worker takes as much as it wants, of which entity it wants, for as long as it says.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');
SELECT sync_configure('invoice', '{"systems": ["crm", "support", "billing"], "fields": {"total": {"type": "number"}}}');

CALL pg_temp.at('12:00');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', (SELECT jsonb_agg(jsonb_build_object('record_key', 'C' || i, 'phone', '0')) FROM generate_series(1, 5) AS i))), 5::bigint, 'five contacts');
CALL pg_temp.at('12:00:01');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'invoice', (SELECT jsonb_agg(jsonb_build_object('record_key', 'I' || i, 'total', i)) FROM generate_series(1, 3) AS i))), 3::bigint, 'three invoices');

SELECT is((SELECT array_agg(record_key ORDER BY record_key) FROM sync_poll('support', max_changes => 2)), '{C1,C2}', 'as much as it wants, the oldest first');
SELECT is((SELECT array_agg(record_key ORDER BY record_key) FROM sync_poll('support', entity => 'invoice')), '{I1,I2,I3}', 'of one entity');
SELECT is((SELECT count(*) FROM sync_poll('support', entity => 'invoice')), 0::bigint, 'nothing is handed out twice');
SELECT is((SELECT array_agg(record_key ORDER BY record_key) FROM sync_poll('support', max_changes => 100, worker => 'w1')), '{C3,C4,C5}', 'the rest');
SELECT is((SELECT array_agg(record_key ORDER BY record_key) FROM sync_outbox WHERE worker = 'w1'), '{C3,C4,C5}', 'with the worker''s name');
SELECT is((SELECT count(*) FROM sync_poll('support')), 0::bigint, 'and then there is nothing');
SELECT is((SELECT count(*) FROM sync_poll('billing')), 3::bigint, 'each target has its own');
SELECT is((SELECT count(*) FROM sync_poll('crm')), 0::bigint, 'who sent them is not told');

-- What a claim says
CALL pg_temp.at('12:00:30');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '{"record_key": "D", "phone": "0"}')), 1::bigint, 'one more');
SELECT results_eq($$ SELECT entity, record_key, native_id, action, change_set, payload, source_system, target_system, direction, idempotency_key, field_hash, attempt, created_at
		FROM sync_poll('support') $$,
	$$ VALUES ('contact', 'D', NULL::text, 'create', '{"phone": "0"}'::jsonb, '{"record_key": "D", "phone": "0"}'::jsonb, 'crm', 'support', 'crm->support',
		'crm-to-support-contact-D-v1', sync_hash('{"phone": "0"}'), 1, '2026-03-01 12:00:30+00'::timestamptz) $$, 'all that a worker has to know');
SELECT is((SELECT format('%s %s', status, attempts) FROM sync_outbox WHERE record_key = 'D'), 'leased 1', 'the row is leased');
SELECT is((SELECT visible_at FROM sync_outbox WHERE record_key = 'D'), '2026-03-01 12:01:30+00'::timestamptz, 'for 60 seconds by default');

-- A claim that is rolled back did not happen
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '{"record_key": "E", "phone": "0"}')), 1::bigint, 'one more');
BEGIN;
SELECT count(*) AS claimed FROM sync_poll('support') \gset
ROLLBACK;
SELECT is(:claimed, 1, 'is claimed, and rolled back');
SELECT is((SELECT array_agg(record_key) FROM sync_poll('support')), '{E}', 'it is there for the next one');

-- A diff and a poll in one transaction
BEGIN;
SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "F", "phone": "0"}');
SELECT array_agg(record_key) AS claimed FROM sync_poll('support') \gset
COMMIT;
SELECT is(:'claimed', '{F}'::text, 'a poll sees what its own transaction wrote');

-- Exactly in order per record, whatever else waits
CALL pg_temp.at('12:10');
SELECT is((SELECT count(*) FROM sync_poll('support')), 11::bigint, 'leases that ran out come back: all of them');
SELECT is((SELECT count(DISTINCT lease) FROM sync_outbox WHERE target_system = 'support'), 1::bigint, 'under one lease a call');
SELECT is((SELECT sync_ack(max(lease)) FROM sync_outbox WHERE target_system = 'support'), 11, 'acknowledged');
SELECT is((SELECT count(*) FROM sync_outbox WHERE target_system = 'support'), 0::bigint, 'at rest');

SELECT throws_ok($$ SELECT * FROM sync_poll('support', entity => 'contcat') $$, '42704', NULL, 'an unknown entity is an error');
SELECT throws_ok($$ SELECT * FROM sync_poll(NULL) $$, NULL, NULL, 'no target');

SELECT * FROM finish();
