-- The ledger: what crossed a gate, and when.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

CALL pg_temp.at('10:00');
SELECT is(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted email=accepted,phone=accepted -> support', 'a new record');
SELECT is((SELECT count(*) FROM sync_ledger), 0::bigint, 'what waits has not crossed');
CALL pg_temp.at('10:00:10');
SELECT is(pg_temp.poll('support'), 'create {"email": "a", "phone": "0"}', 'it goes out');
SELECT is((SELECT count(*) FROM sync_ledger), 0::bigint, 'nor has what is in flight');
CALL pg_temp.at('10:00:20');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is((SELECT concat_ws(' ', record_key, entity, source_system, target_system, direction, idempotency_key, writes) FROM sync_ledger),
	'T1 contact crm support crm->support crm-to-support-contact-T1-v1 1', 'it has crossed');
SELECT is((SELECT change_set FROM sync_ledger), '{"phone": "0", "email": "a"}', 'with its change-set');
SELECT is((SELECT field_hash FROM sync_ledger), sync_hash('{"phone": "0", "email": "a"}'), 'and the hash of the record there');
SELECT is((SELECT sent_at FROM sync_ledger), '2026-03-01 10:00:10+00'::timestamptz, 'sent when it was claimed');
SELECT is((SELECT synced_at FROM sync_ledger), '2026-03-01 10:00:20+00'::timestamptz, 'synced when it was acknowledged');

SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'echo email=echo,phone=echo', 'an echo');
SELECT is((SELECT count(*) FROM sync_ledger), 1::bigint, 'is no crossing');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> crm', 'an edit of the other side');
CALL pg_temp.deliver('crm');
SELECT is((SELECT change_set FROM sync_ledger WHERE direction = 'support->crm'), '{"phone": "1"}', 'crosses the other gate');
SELECT is((SELECT field_hash FROM sync_ledger WHERE direction = 'support->crm'), sync_hash('{"phone": "1", "email": "a"}'), 'its hash is of the whole record');

-- A lost call leaves nothing; its retry one crossing
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'goes out and is lost');
CALL pg_temp.at('13:02');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'its retry');
CALL pg_temp.at('13:02:30');
SELECT is(pg_temp.ack('support'), true, 'is acknowledged');
SELECT is((SELECT format('%s %s', writes, sent_at) FROM sync_ledger WHERE change_set = '{"phone": "2"}'),
	format('1 %s', '2026-03-01 13:02:00+00'::timestamptz), 'the ledger knows the call that was answered');

-- The same state again is the same tuple, with the newest write
CALL pg_temp.deliver('support');
SELECT pg_temp.saw('support', '{"phone": "2"}');
CALL pg_temp.at('14:00');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> crm', 'back to a value of before');
CALL pg_temp.deliver('crm');
SELECT is((SELECT format('%s %s', writes, synced_at) FROM sync_ledger WHERE direction = 'support->crm'),
	format('2 %s', '2026-03-01 14:00:00+00'::timestamptz), 'is the same tuple, written twice');
SELECT is((SELECT count(DISTINCT idempotency_key) FROM sync_ledger), (SELECT count(*) FROM sync_ledger), 'each tuple has its own key');

SELECT * FROM finish();
