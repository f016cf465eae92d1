-- A record of which nothing but nulls is shown is created elsewhere too, with its key alone.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {}, "billing": {}}, "window": "0",
	"fields": {"phone": {"nulls": "clear", "path": {"crm": "phone", "support": "phone"}}, "plan": {"path": {"crm": "plan", "billing": "plan"}}}}');

CALL pg_temp.record('nulls');
SELECT is((SELECT targets FROM sync_diff('crm', 'contact', '{"record_key": "nulls", "phone": null}', dry_run => true)), '{support}', 'tried');
SELECT is(pg_temp.saw('crm', '{"phone": null}'), 'accepted phone=agreed -> support', 'it goes to who carries what was shown');
SELECT is(pg_temp.waits('support'), 'create {}', 'as a create without a value');
SELECT is((SELECT idempotency_key FROM sync_outbox), 'crm-to-support-contact-nulls-v1', 'of the system that has it');
SELECT is(pg_temp.saw('crm', '{"phone": null}'), 'unchanged', 'once');
SELECT is(pg_temp.poll('support'), 'create {}', 'is claimed');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
SELECT is((SELECT concat_ws(' ', existence, data) FROM sync_shadow WHERE system = 'support'), 'there {"phone": null}', 'it shows null then');
SELECT is(pg_temp.saw('support', '{"phone": null}'), 'unchanged', 'that is nothing new');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> crm', 'an edit of it is one');

CALL pg_temp.record('lost');
SELECT is(pg_temp.saw('crm', '{"phone": null}'), 'accepted phone=agreed -> support', 'another one');
SELECT is(pg_temp.poll('support'), 'create {}', 'is called');
SELECT is((SELECT sync_nack(id, lease, 'no answer') FROM sync_outbox WHERE record_key = 'lost'), true, 'and of unknown outcome');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'what comes meanwhile');
SELECT is((SELECT sync_redrive(id) FROM sync_outbox WHERE record_key = 'lost'), true, 'when it goes again');
SELECT is((SELECT idempotency_key FROM sync_outbox WHERE record_key = 'lost'), 'crm-to-support-contact-lost-v1', 'it is the same call');
SELECT is(pg_temp.poll('support'), 'create {}', 'claimed');
SELECT is(pg_temp.ack('support'), true, 'that is answered');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'follows');
SELECT is(pg_temp.ack('support'), true, 'then');

CALL pg_temp.record('sent');
SELECT is(pg_temp.saw('crm', '{"phone": null}'), 'accepted phone=agreed -> support', 'a worker');
SELECT is((SELECT payload FROM sync_poll('support')), '{"record_key": "sent"}', 'is handed the key');

CALL pg_temp.record('cleared');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'a value');
SELECT is(pg_temp.saw('crm', '{"phone": null}'), 'accepted phone=accepted -> support', 'that is cleared before it went');
SELECT is(pg_temp.waits('support'), 'create {}', 'leaves the record');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{cleared}')), 'accepted', 'which is deleted');
SELECT is(pg_temp.waits('support'), NULL, 'and goes nowhere');

CALL pg_temp.record('discarded');
SELECT is(pg_temp.saw('crm', '{"phone": null}'), 'accepted phone=agreed -> support', 'one more');
SELECT is((SELECT sync_discard(id, 'not there') FROM sync_outbox WHERE record_key = 'discarded'), true, 'is given up');
SELECT is(pg_temp.saw('crm', '{"plan": null}'), 'agreed plan=agreed -> billing', 'a null that others carry goes to them');
SELECT is(pg_temp.waits('support'), NULL, 'and brings nothing back');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'a value does');

-- Of which no field was shown: the policy may look for them where they are not
CALL pg_temp.record('nothing');
SELECT is(pg_temp.saw('crm', '{"fone": "1"}'), 'accepted', 'nobody is told');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'nothing'), 0::bigint, 'nothing waits');

-- A first load, and a field in conflict
CALL pg_temp.record('loaded');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "loaded", "phone": null}', baseline => true)), 'accepted', 'what a first load brings');
SELECT is(pg_temp.waits('support'), NULL, 'is sent to nobody');

-- A row of a table
CREATE TABLE here (id integer PRIMARY KEY, name text);
CREATE TABLE there (id integer PRIMARY KEY, name text);
SELECT sync_configure('thing', '{"systems": {"here": {"key": "id"}, "there": {"key": "id"}}, "fields": {"name": {}}}');
SELECT sync_attach('here', 'here', 'thing'), sync_attach('there', 'there', 'thing');
INSERT INTO here VALUES (1, NULL), (2, 'two');
SELECT is(sync_apply('there'), 2, 'both rows');
SELECT results_eq('TABLE there ORDER BY id', 'TABLE here ORDER BY id', 'are in the other table');

SELECT * FROM finish();
