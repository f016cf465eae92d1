-- A delete is told while a create is on its way: nobody knows which came first, but the id that the
-- answer brings is the record's.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "desk": {}}, "fields": {"phone": {}}, "window": "0"}');

CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('desk', '{"phone": "1"}'), 'accepted phone=accepted -> crm', 'desk has a record');
SELECT is(pg_temp.poll('crm'), 'create {"phone": "1"}', 'it goes out');
SELECT alike(pg_temp.gone('crm'), 'conflict%', 'it is deleted there, for all we know');
SELECT is(sync_ack(id, lease, 'c-1'), true, 'the create is acknowledged') FROM claim;
SELECT is((SELECT native_id FROM sync_native_id WHERE system = 'crm' AND record_key = 'T1'), 'c-1', 'and its id is known');
SELECT is(count(*), 1::bigint, 'what the crm shows under that id alone')
	FROM sync_diff('crm', 'contact', '{"id": "c-1", "phone": "1"}', verbose => true) AS v WHERE v.record_key = 'T1';
SELECT is(count(*), 1::bigint, 'is no record of its own') FROM sync_record;

SELECT * FROM finish();
