-- The hash of what waits is of the record as it will stand in the target: it follows what the
-- target shows beside.
BEGIN;
SELECT * FROM no_plan();
SELECT sync_configure('contact', '{"systems": ["crm", "desk"], "window": "0", "fields": {"a": {}, "b": {}}, "max_attempts": 1}');
CREATE FUNCTION pg_temp.hash(OUT hash text) LANGUAGE sql AS $$ SELECT field_hash FROM sync_outbox WHERE target_system = 'desk' AND status <> 'leased' $$;
SELECT sync_diff('crm', 'contact', '{"record_key": "1", "a": "1", "b": "1"}', baseline => true);
SELECT sync_diff('desk', 'contact', '{"record_key": "1", "a": "1", "b": "1"}', baseline => true);

-- What waits
SELECT sync_diff('crm', 'contact', '{"record_key": "1", "a": "2"}');
SELECT is(pg_temp.hash(), sync_hash('{"a": "2", "b": "1"}'), 'a change waits');
SELECT count(*) FROM sync_diff('desk', 'contact', '{"record_key": "1", "b": "3"}');
SELECT is(pg_temp.hash(), sync_hash('{"a": "2", "b": "3"}'), 'what desk shows beside it is in its hash');
SELECT is(idempotency_key, 'crm-to-desk-contact-1-v2', 'under the same key') FROM sync_outbox WHERE target_system = 'desk';
SELECT is(field_hash, sync_hash('{"a": "2", "b": "3"}'), 'and so it is handed out') FROM sync_poll('desk');

-- What comes back
SELECT count(*) FROM sync_diff('desk', 'contact', '{"record_key": "1", "b": "4"}');
SELECT sync_nack(id, lease, 'busy', retry_after => '1 hour') FROM sync_outbox WHERE target_system = 'desk';
SELECT is(pg_temp.hash(), sync_hash('{"a": "2", "b": "4"}'), 'what came back has the hash of now');
SELECT count(*) FROM sync_diff('desk', 'contact', '{"record_key": "1", "b": "5"}');
SELECT is(pg_temp.hash(), sync_hash('{"a": "2", "b": "5"}'), 'and follows while it waits for its retry');
SELECT ok(retry_at > now() AND place IS NULL, 'which it still does') FROM sync_outbox WHERE target_system = 'desk';

-- A dead letter stays one
SELECT sync_diff('crm', 'contact', '{"record_key": "2", "a": "1", "b": "1"}', baseline => true), sync_diff('desk', 'contact', '{"record_key": "2", "a": "1", "b": "1"}', baseline => true);
SELECT sync_diff('crm', 'contact', '{"record_key": "2", "a": "2"}');
SELECT sync_nack(id, lease, 'no', permanent => true) FROM sync_poll('desk');
SELECT count(*) FROM sync_diff('desk', 'contact', '{"record_key": "2", "b": "3"}');
SELECT results_eq($$ SELECT status, field_hash FROM sync_outbox WHERE target_system = 'desk' AND record_key = '2' $$,
	$$ VALUES ('dead' COLLATE "C", sync_hash('{"a": "2", "b": "3"}')) $$, 'what the target shows revives no dead letter');

-- What a human places shows something too
SELECT sync_configure('placed', '{"systems": {"crm": {}, "desk": {"id": "id"}}, "window": "0", "fields": {"a": {}, "b": {}}}');
SELECT count(*) FROM sync_diff('crm', 'placed', '[{"record_key": "1", "a": "1", "b": "1"}, {"record_key": "2", "a": "1", "b": "1"}]', baseline => true);
SELECT count(*) FROM sync_diff('desk', 'placed', '[{"record_key": "1", "id": "n1", "a": "1", "b": "1"}, {"record_key": "2", "id": "n2", "a": "1", "b": "1"}]', baseline => true);
SELECT count(*) FROM sync_diff('crm', 'placed', '{"record_key": "2", "a": "2"}');
SELECT count(*) FROM sync_diff('desk', 'placed', '{"record_key": "1", "id": "n2", "b": "7"}');
SELECT sync_resolve(id, value => '"2"') FROM sync_open_conflicts WHERE kind = 'duplicate';
SELECT is(field_hash, sync_hash('{"a": "2", "b": "7"}'), 'of what was held too') FROM sync_poll('desk', entity => 'placed');

-- A record that is created shows all that is mapped
SELECT count(*) FROM sync_diff('crm', 'contact', '{"record_key": "3", "a": "1"}');
SELECT is(field_hash, sync_hash('{"a": "1", "b": null}'), 'a create waits under the hash of what the target will show') FROM sync_outbox WHERE record_key = '3';
SELECT is(field_hash, sync_hash('{"a": "1", "b": null}'), 'is claimed under it') FROM sync_poll('desk', 1000) WHERE record_key = '3';
SELECT sync_ack(id, lease, NULL, NULL) FROM sync_outbox WHERE record_key = '3';
SELECT is(field_hash, sync_hash('{"a": "1", "b": null}'), 'and stands in the ledger under it') FROM sync_ledger WHERE record_key = '3';
SELECT * FROM finish();
ROLLBACK;
