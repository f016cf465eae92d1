-- A first load of two systems that know no common key: records are found by what they hold, nothing is sent, nothing is guessed.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"key": "ref", "id": "id"}, "support": {"key": "ref", "id": "id"}},
	"fields": {"email": {"normalize": ["email"]}, "phone": {}}, "match_on": ["email"]}');

CALL pg_temp.at('10:00');
SELECT is((SELECT string_agg(record_key || ' ' || verdict, ', ') FROM sync_diff('crm', 'contact', '[{"id": "c1", "email": "a@x", "phone": "1"}, {"id": "c2", "email": "b@x", "phone": "2"},
	{"id": "c3", "email": "twice@x", "phone": "3"}, {"id": "c4", "email": "twice@x", "phone": "4"}, {"id": "c5", "email": null, "phone": "5"}]', baseline => true)),
	'crm:c1 accepted, crm:c2 accepted, crm:c3 accepted, crm:c4 accepted, crm:c5 accepted', 'one side makes the records');
SELECT is((SELECT string_agg(record_key || ' ' || verdict, ', ') FROM sync_diff('support', 'contact', '[{"id": "s1", "email": " A@X ", "phone": "1"}, {"id": "s2", "email": "b@x", "phone": "22"}]', baseline => true)),
	'crm:c1 agreed, crm:c2 conflict', 'the other one finds them');
SELECT is((SELECT string_agg(native_id, ',' ORDER BY native_id) FROM sync_shadow WHERE system = 'support'), 's1,s2', 'and is linked');
SELECT is((SELECT string_agg(concat_ws(' ', record_key, field, kind), ', ') FROM sync_conflict WHERE status = 'open'), 'crm:c2 phone drift', 'what differs is a drift');
SELECT is((SELECT verdict FROM sync_diff('support', 'contact', '{"id": "s3", "email": "twice@x", "phone": "3"}', baseline => true)), 'conflict', 'what could be two is a question');
SELECT is((SELECT kind FROM sync_conflict ORDER BY id DESC LIMIT 1), 'duplicate', 'a duplicate');
SELECT is((SELECT record_key || ' ' || verdict FROM sync_diff('support', 'contact', '{"id": "s5", "email": null, "phone": "5"}', baseline => true)), 'support:s5 accepted', 'what cannot be found is new');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'nothing is sent');

-- A system that knows keys comes before one that does not: a payload with a key is looked for by that alone
SELECT is((SELECT concat_ws(' ', record_key, verdict) FROM sync_diff('support', 'contact', '{"ref": "K6", "id": "s6", "email": "c6@x"}', baseline => true)), 'K6 accepted', 'a key');
SELECT is((SELECT concat_ws(' ', record_key, verdict) FROM sync_diff('crm', 'contact', '{"id": "c6", "email": "c6@x"}', baseline => true)), 'K6 agreed', 'is found by what has none');
SELECT is((SELECT concat_ws(' ', record_key, verdict) FROM sync_diff('crm', 'contact', '{"id": "c7", "email": "c7@x"}', baseline => true)), 'crm:c7 accepted', 'in the other order');
SELECT is((SELECT concat_ws(' ', record_key, verdict) FROM sync_diff('support', 'contact', '{"ref": "K7", "id": "s7", "email": "c7@x"}', baseline => true)), 'K7 accepted', 'the key is another record');

-- Life begins
CALL pg_temp.at('12:00');
SELECT is((SELECT concat_ws(' ', record_key, verdict, targets) FROM sync_diff('crm', 'contact', '{"id": "c1", "phone": "11"}')), 'crm:c1 accepted {support}', 'an edit goes to the linked record');
SELECT is((SELECT concat_ws(' ', record_key, native_id, action, change_set) FROM sync_poll('support')), 'crm:c1 s1 update {"phone": "11"}', 'under the name it has there');
SELECT is((SELECT concat_ws(' ', record_key, verdict, nullif(targets, '{}')) FROM sync_diff('crm', 'contact', '{"id": "c5", "phone": "55"}')), 'crm:c5 accepted', 'what was missing there stays left out');

SELECT * FROM finish();
