-- What somebody typed there before a write of ours, and is told of only when the record is
-- gone there: it is named, also where the payload bears the native id of what is gone.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v", "id": "nid"}}, "fields": {"phone": {}}, "window": "0 seconds", "delete_owner": "crm"}');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'crm has a contact');
SELECT is(pg_temp.poll('support'), 'create {"phone": "1"}', 'it goes to support');
SELECT is((SELECT sync_ack(id, lease, 's1', '{"record_key": "T1", "phone": "1", "v": 5, "nid": "s1"}') FROM claim), true, 'which had it, and says so by its version');
SELECT is((SELECT verdict FROM sync_delete('support', 'contact', '{T1}')), 'overruled', 'it is deleted there, and will be created again');
SELECT is(pg_temp.saw('support', '{"phone": "77", "v": 3, "nid": "s1"}'), 'stale phone=stale', 'what was typed there before we wrote');
SELECT is((SELECT incoming_value FROM sync_conflict WHERE kind = 'resurrect' AND status = 'resolved'), '{"phone": "77"}', 'is named');
SELECT is(pg_temp.saw('support', '{"phone": "1", "v": 5, "nid": "s1"}'), 'stale phone=stale', 'our own write, late');
SELECT is((SELECT count(*) FROM sync_conflict WHERE kind = 'resurrect'), 1::bigint, 'is nobody''s edit');

SELECT * FROM finish();
ROLLBACK;
