-- A worker whose row was taken back changes nothing, and is counted; until then its lease may be over.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}}}');
CREATE FUNCTION pg_temp.too_late() RETURNS bigint LANGUAGE sql AS $$
	SELECT coalesce(sum(records), 0)::bigint FROM sync_stat WHERE counted = 'too late' AND system = 'support' AND entity = 'contact'
$$;
CREATE FUNCTION pg_temp.row() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', status, attempts, lease = (SELECT max(lease) FROM claim), last_error) FROM sync_outbox
$$;

CALL pg_temp.at_rest('L', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is claimed');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'and, its lease being over, by another worker');
SELECT is(pg_temp.row(), 'leased 2 t the lease ran out', 'whose it is now');
SELECT is(pg_temp.too_late(), 0::bigint, 'so far nobody was late');
SELECT is(pg_temp.ack('support', before => 1), false, 'the ack of the first one');
SELECT is(pg_temp.nack('support', before => 1), false, 'its nack');
SELECT is((SELECT sync_ack(min(lease), array_agg(DISTINCT id)) FROM claim WHERE n > 1), 0, 'and its ack of several rows');
SELECT is(pg_temp.row(), 'leased 2 t the lease ran out', 'change nothing');
SELECT is(pg_temp.too_late(), 3::bigint, 'and are counted');
SELECT is(pg_temp.ack('support'), true, 'the other one''s ack');
SELECT is(pg_temp.too_late(), 3::bigint, 'is not');

SELECT is_empty($$ SELECT FROM sync_activity WHERE verdict = 'too late' $$, 'no record arrived late');

-- A lease that is over, of a row that nobody has taken back
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'another edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'is claimed');
CALL pg_temp.at('12:10');
SELECT is(sync_extend((SELECT max(lease) FROM claim), '1 minute'), 1, 'its worker may have longer');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.nack('support', '503', '0'), true, 'give it back');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'or, once more');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.ack('support'), true, 'acknowledge it');
SELECT is(pg_temp.too_late(), 3::bigint, 'and is not late');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> support', 'one more');
SELECT is(pg_temp.poll('support'), 'update {"phone": "3"}', 'is claimed');
CALL pg_temp.at('12:40');
SELECT is(sync_maintain() ->> 'leases', '1', 'what maintenance has taken back');
SELECT is(pg_temp.ack('support'), false, 'is not acknowledged');
SELECT is(pg_temp.too_late(), 4::bigint, 'and that is late');

-- A worker that speaks of its whole lease
SELECT is(pg_temp.saw('crm', '{"phone": "4"}'), 'accepted phone=accepted -> support', 'another edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "4"}', 'is claimed');
CALL pg_temp.at('12:50');
SELECT is(sync_maintain() ->> 'leases', '1', 'its lease is over, and nobody else has it');
SELECT is((SELECT sync_extend(max(lease), '1 min') FROM claim), 0, 'it is too late to extend it');
SELECT is((SELECT sync_ack(max(lease)) FROM claim), 0, 'and to acknowledge it');
SELECT is(pg_temp.too_late(), 6::bigint, 'both are counted');
SELECT is(pg_temp.poll('support'), 'update {"phone": "4"}', 'it goes again');
SELECT is((SELECT sync_ack(max(lease)) FROM claim), 1, 'and is acknowledged');
SELECT is((SELECT sync_ack(max(lease)) FROM claim), 0, 'once');
SELECT is(pg_temp.too_late(), 6::bigint, 'who says so twice is not late');

-- Who gives back what failed, and then acknowledges the rest, is not late
SELECT sync_configure('lead', '{"systems": ["crm", "desk"], "window": "0", "fields": {"phone": {}}}');
SELECT count(*) FROM sync_diff('crm', 'lead', '[{"record_key": "1", "phone": "1"}, {"record_key": "2", "phone": "1"}]');
CREATE TEMP TABLE batch AS SELECT lease, id FROM sync_poll('desk');
SELECT is((SELECT sync_nack(min(id), max(lease), '503') FROM batch), true, 'one of a lease has failed');
SELECT is((SELECT sync_ack(max(lease)) FROM batch), 1, 'the rest is acknowledged');
SELECT is((SELECT sync_ack(max(lease)) FROM batch), 0, 'once');
SELECT is((SELECT sync_extend(max(lease), '1 min') FROM batch), 0, 'there is nothing to extend');
SELECT count(*) FROM sync_diff('crm', 'lead', '{"record_key": "2", "phone": "2"}');
SELECT is_empty($$ SELECT FROM sync_stat WHERE counted = 'too late' AND entity = 'lead' $$, 'nobody was late');

-- Who speaks of a row that nobody ever had is not late, but wrong
SELECT is((SELECT sync_nack(id, 77, 'x') FROM sync_outbox WHERE entity = 'lead' AND target_system = 'desk' AND attempts = 0), false, 'a lease that never was');
SELECT is_empty($$ SELECT FROM sync_stat WHERE counted = 'too late' AND entity = 'lead' $$, 'is no lease that is over');

SELECT * FROM finish();
