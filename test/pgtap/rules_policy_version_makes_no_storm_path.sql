-- A field that stands elsewhere in a payload than before is the same field: nothing differs.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "fields": {"phone": {}, "email": {}}}');
CALL pg_temp.at_rest('moved', '{"phone": "0", "email": "a"}', 'crm', 'support');
CALL pg_temp.at_rest('waits', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit waits');

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}},
	"fields": {"phone": {"path": {"crm": "properties.phone", "support": "requester.phones[0]"}}, "email": {}}}');
CALL pg_temp.record('moved');
SELECT is(pg_temp.saw('crm', '{"properties": {"phone": "0"}, "email": "a"}'), 'unchanged', 'the crm shows what it showed, in a new place');
SELECT is(pg_temp.saw('support', '{"requester": {"phones": ["0"]}, "email": "a"}'), 'unchanged', 'so does support');
SELECT is(pg_temp.saw('crm', '{"phone": "9", "email": "a"}'), 'unchanged', 'what stands in the old place is not read');
CALL pg_temp.record('waits');
SELECT is((SELECT payload FROM sync_poll('support') WHERE record_key = 'waits'), '{"requester": {"phones": ["1"]}, "record_key": "waits"}',
	'what waited goes to the new place');
CALL pg_temp.record('moved');
SELECT is(pg_temp.saw('crm', '{"properties": {"phone": "2"}, "email": "a"}'), 'accepted phone=accepted -> support', 'an edit in the new place is one');

-- Paths of keys, ids and versions move too
SELECT sync_configure('contact', '{"systems": {"crm": {"key": "ref"}, "support": {"version": "meta.rev"}},
	"fields": {"phone": {"path": {"crm": "properties.phone", "support": "requester.phone"}}, "email": {}}}');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"ref": "moved", "properties": {"phone": "2"}, "email": "a"}', verbose => true)), 'unchanged', 'a record key in a new place');

-- Under another name it is another field, of which nothing is known: it is filled, not sent
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"telephone": {"path": "phone"}, "email": {}}}');
CALL pg_temp.record('waits');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "a"}'), 'accepted telephone=accepted', 'a new name');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}'), 'agreed telephone=agreed', 'which both fill with the same');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'waits' AND status = 'pending'), 0::bigint, 'nothing goes out');

SELECT * FROM finish();
