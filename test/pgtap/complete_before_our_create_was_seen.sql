-- A listing that lacks what we have just created there may have been made before: where
-- only another system deletes, no second create goes out because of it.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

CREATE FUNCTION pg_temp.listed(records jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', v.record_key, v.verdict, v.action), '; ')
	FROM sync_diff('support', 'contact', records, complete => true) AS v
$$;
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "delete_owner": "crm", "max_change": 1}');
CALL pg_temp.at_rest('old', '{"phone": "1"}', 'crm', 'support');
CALL pg_temp.record('new');
SELECT pg_temp.saw('crm', '{"phone": "2"}');
SELECT is(pg_temp.poll('support'), 'create {"phone": "2"}', 'a create goes out');
SELECT pg_temp.ack('support');

CALL pg_temp.at('12:01');
SELECT is(pg_temp.listed('[{"record_key": "old", "phone": "1"}]'), 'new stale', 'the listing is older than the create');
SELECT is(pg_temp.waits('support'), NULL, 'and no second create waits');
CALL pg_temp.at('12:11');
SELECT is(pg_temp.listed('[{"record_key": "old", "phone": "1"}]'), 'new overruled', 'when no sight is owed any more it was deleted there');
SELECT is(pg_temp.waits('support'), 'create {"phone": "2"}', 'and is created again, for only crm deletes');
SELECT pg_temp.poll('support');
SELECT pg_temp.ack('support');
SELECT pg_temp.saw('support', '{"phone": "2"}');
SELECT is(pg_temp.listed('[{"record_key": "old", "phone": "1"}]'), 'new overruled', 'seen there, a listing without it is a delete at once');

-- A call that failed is no create where the record is there
SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"unseen": "send"}}, "fields": {"phone": {}, "email": {}}, "delete_owner": "crm", "max_change": 1, "window": "0"}');
CALL pg_temp.at('13:00');
SELECT pg_temp.saw('support', '{"phone": "2"}');
CALL pg_temp.record('theirs');
SELECT pg_temp.saw('support', '{"phone": "3"}');
CALL pg_temp.deliver('crm');
SELECT is(pg_temp.saw('crm', '{"email": "a"}'), 'accepted email=accepted -> support', 'a field that support never showed of its record');
SELECT is(pg_temp.poll('support'), 'update {"email": "a"}', 'goes there');
SELECT pg_temp.nack('support', 'no such record', '1 second');
SELECT is(pg_temp.listed('[{"record_key": "old", "phone": "1"}, {"record_key": "new", "phone": "2"}]'), 'theirs overruled', 'it was deleted there');
SELECT is(pg_temp.waits('support'), 'create {"email": "a", "phone": "3"}', 'and is created again');

SELECT * FROM finish();
ROLLBACK;
