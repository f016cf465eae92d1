-- An update from before a delete lands on the record that was created again since: where the new life has
-- no value for a field, what it left there is taken back.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id", "version": "v", "deleted": "gone"}, "support": {"id": "id", "version": "v", "deleted": "gone"}},
	"window": "0 s", "deletes": "review", "fields": {"phone": {"owner": "support"}, "email": {}}}');

SELECT is(pg_temp.saw('crm', '{"id": "c1", "v": 1, "phone": null, "email": "a"}'), 'accepted email=accepted,phone=agreed -> support', 'a record');
SELECT is(pg_temp.poll('support'), 'create {"email": "a"}', 'is created');
SELECT is(sync_ack(id, lease, 's1', '{"id": "s1", "v": 1, "phone": null, "email": "a"}'), true, 'acknowledged') FROM claim ORDER BY n DESC LIMIT 1;
SELECT is(pg_temp.saw('support', '{"id": "s1", "v": 1, "email": "a"}'), 'echo email=echo', 'and seen');
SELECT is(pg_temp.saw('crm', '{"id": "c1", "v": 2, "phone": "1", "email": "b"}'), 'accepted email=accepted,phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"email": "b", "phone": "1"}', 'is on its way');
SELECT is(pg_temp.saw('support', '{"id": "s1", "v": 2, "gone": true}'), 'conflict', 'support deletes');
SELECT is(pg_temp.saw('crm', '{"id": "c1", "v": 3, "gone": true}'), 'accepted', 'so does the crm');
SELECT is(sync_ack(id, lease, 's2', '{"id": "s2", "v": 4, "phone": "1", "email": "b"}'), true, 'the edit has landed on what support created anew') FROM claim ORDER BY n DESC LIMIT 1;
SELECT alike(pg_temp.saw('support', '{"id": "s2", "v": 3, "phone": null, "email": "c"}'), 'accepted email=accepted,phone=agreed%', 'which is told now');
SELECT is(pg_temp.saw('support', '{"id": "s2", "v": 4, "phone": "1", "email": "b"}'), 'echo email=echo,phone=echo -> support', 'and then with the edit');
SELECT is(pg_temp.golden(), '{"email": "c", "phone": null}', 'its values are golden');
SELECT is(pg_temp.poll('support'), 'update {"email": "c", "phone": null}', 'and go back there, the empty one too');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is((SELECT count(*) FROM sync_outbox WHERE target_system = 'support'), 0::bigint, 'at rest');

SELECT * FROM finish();
