-- Who holds a lease that is no longer the row's changes nothing.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

CREATE FUNCTION pg_temp.book() RETURNS text LANGUAGE sql AS $$
	SELECT md5(concat((SELECT array_agg(s ORDER BY s) FROM sync_state AS s), (SELECT array_agg(o ORDER BY id) FROM sync_outbox AS o),
		(SELECT array_agg(l ORDER BY l) FROM sync_ledger AS l)))
$$;

-- A second worker has it
CALL pg_temp.at_rest('fenced', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'a worker has it');
CALL pg_temp.at('12:01:01');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'its lease ran out: another worker has it');
SELECT pg_temp.book() AS before \gset
SELECT is(pg_temp.ack('support', before => 1), false, 'the first one comes too late');
SELECT is((SELECT sync_ack(lease) FROM claim WHERE record_key = 'fenced' ORDER BY n LIMIT 1), 0, 'by the whole lease too');
SELECT is((SELECT sync_ack(lease, ARRAY[id]) FROM claim WHERE record_key = 'fenced' ORDER BY n LIMIT 1), 0, 'or by its ids');
SELECT is(pg_temp.book(), :'before', 'and changes nothing');
SELECT is(pg_temp.ack('support'), true, 'the second one is the row''s');
SELECT pg_temp.book() AS before \gset
SELECT is(pg_temp.ack('support'), false, 'but not twice');
SELECT is(pg_temp.book(), :'before', 'that changes nothing');
SELECT is(sync_ack(987654321), 0, 'no such lease');
SELECT is(sync_ack(987654321, 987654321, NULL), false, 'no such row');

-- Several rows of one lease
CALL pg_temp.at('13:00');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '[{"record_key": "A", "phone": "1"}, {"record_key": "B", "phone": "1"},
	{"record_key": "C", "phone": "1"}, {"record_key": "D", "phone": "1"}]')), 4::bigint, 'four records');
CREATE TEMP TABLE batch AS SELECT * FROM sync_poll('support');
SELECT is((SELECT count(*) FROM batch), 4::bigint, 'are polled');
SELECT is((SELECT count(DISTINCT lease) FROM batch), 1::bigint, 'under one lease');
SELECT is((SELECT sync_ack(max(lease), array_agg(id) FILTER (WHERE record_key IN ('A', 'B'))) FROM batch), 2, 'two of them are acknowledged');
SELECT is((SELECT array_agg(record_key ORDER BY record_key) FROM sync_outbox), '{C,D}', 'the others are still out');
SELECT is((SELECT sync_ack(max(lease), array_agg(id)) FROM batch WHERE record_key IN ('A', 'C')), 1, 'only what is still this lease''s counts');
SELECT is((SELECT sync_ack(max(lease)) FROM batch), 1, 'the whole lease is what is left of it');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'all are acknowledged');
SELECT is((SELECT sync_ack(max(lease), '{}') FROM batch), 0, 'an empty list is no null: nothing');

-- An id of another lease
CALL pg_temp.at_rest('one', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is out');
CALL pg_temp.at_rest('other', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'another one');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is out under another lease');
SELECT is((SELECT sync_ack(one.id, other.lease, NULL) FROM claim AS one, claim AS other
	WHERE one.record_key = 'one' AND other.record_key = 'other' ORDER BY one.n DESC, other.n DESC LIMIT 1), false, 'the one is not the other lease''s');
SELECT is(pg_temp.ack('support'), true, 'each has its own');

-- A rolled back ack did not happen
CALL pg_temp.record('one');
BEGIN;
SELECT pg_temp.ack('support');
ROLLBACK;
SELECT is((SELECT status FROM sync_outbox WHERE record_key = 'one'), 'leased', 'after a rollback the row is leased as before');
SELECT is(pg_temp.ack('support'), true, 'and can be acknowledged');

SELECT * FROM finish();
