-- Our delete was acknowledged, and the record lives anew.  A webhook from before bears only the
-- native id that it had there: it is known, begins no record of its own, and brings nothing back.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {}}, "fields": {"phone": {}, "name": {}}, "window": "0"}');
CALL pg_temp.at('10:00');
SELECT is(pg_temp.came('support', '{"record_key": "1", "phone": "1", "name": "ann"}'), '1 accepted -> crm', 'a record');
CALL pg_temp.carry('crm');
SELECT is(pg_temp.came('crm', '{"id": "new 1", "phone": "1", "name": "ann"}'), '1 echo (found by native id new 1)', 'which crm shows');
SELECT is((SELECT verdict FROM sync_delete('support', 'contact', '{1}')), 'accepted', 'support deletes it');
CALL pg_temp.carry('crm');
SELECT is(pg_temp.came('support', '{"record_key": "1", "phone": "2", "name": null}'), '1 accepted -> crm', 'and creates it again');
SELECT is((SELECT native_id FROM sync_shadow WHERE system = 'crm'), NULL, 'crm has no name for it any more');

SELECT is(pg_temp.came('crm', '{"id": "new 1", "phone": "1", "name": "ann"}'), '1 stale (found by native id new 1)', 'a webhook from before');
SELECT is((SELECT count(*) FROM sync_conflict), 0::bigint, 'tells nothing that was not known');
SELECT is(pg_temp.came('crm', '{"id": "new 1", "phone": "3", "name": "ann"}'), '1 stale (found by native id new 1)', 'one with an edit');
SELECT is((SELECT kind || ' ' || status || ' ' || (incoming_value->>'phone') FROM sync_conflict), 'resurrect resolved 3', 'is named');
SELECT is((SELECT data FROM sync_record WHERE record_key = '1'), '{"name": null, "phone": "2"}', 'and moves nothing');
SELECT is(pg_temp.waiting('crm'), 'create 1 {"phone": "2"}', 'the create still waits');

SELECT is((SELECT native_id FROM sync_poll('crm')), NULL, 'it goes without a native id');
SELECT is((SELECT sync_ack(id, lease, 'c_2') FROM sync_outbox WHERE target_system = 'crm'), true, 'and is answered with another one');
SELECT is(pg_temp.came('crm', '{"id": "new 1", "phone": "1", "name": "ann"}'), '1 stale (found by native id new 1)', 'the old one is still known');
SELECT is(pg_temp.came('crm', '{"record_key": "1", "id": "new 1", "phone": "1", "name": "ann"}'), '1 stale', 'beside the key too');
SELECT is((SELECT native_id FROM sync_shadow WHERE system = 'crm'), 'c_2', 'and takes no other''s place');
SELECT is(pg_temp.links('crm'), 'c_2=1 new 1=1', 'both name the record');

SELECT * FROM finish();
