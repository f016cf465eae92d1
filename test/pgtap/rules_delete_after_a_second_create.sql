-- Our delete was acked, and then our create was acked or lost: where the record is deleted once
-- more and created again before a worker comes, no second one is created.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "window": "0"}');

CALL pg_temp.at_rest('deleted and created', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
SELECT is(pg_temp.polled('support'), 'delete', 'a worker deletes it');
SELECT ok(pg_temp.ack('support'), 'and says so');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted% -> support', 'created again');
SELECT is(pg_temp.polled('support'), 'create {"phone": "1"}', 'it is created');
SELECT ok(pg_temp.ack('support'), 'and acknowledged');

SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'deleted once more');
SELECT alike(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted% -> support', 'and created, before a worker came');
SELECT is(pg_temp.polled('support'), 'update {"phone": "2"}', 'it is there: an update');
SELECT ok(pg_temp.ack('support'), 'and acknowledged');

SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'deleted a third time');
SELECT is(pg_temp.polled('support'), 'delete', 'a worker deletes it');
SELECT ok(pg_temp.ack('support'), 'and says so');
SELECT alike(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted% -> support', 'created again');
SELECT is(pg_temp.polled('support'), 'create {"phone": "3"}', 'it is gone there: a create');

-- While a create may still land, no second one goes out either.
CALL pg_temp.at_rest('created and lost', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
CALL pg_temp.delete_there('support');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted% -> support', 'created again');
SELECT is(pg_temp.polled('support'), 'create {"phone": "1"}', 'a worker has the create, and dies');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'deleted meanwhile');
SELECT alike(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted% -> support', 'and created');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.polled('support'), 'create {"phone": "1"}', 'the lost create goes again as it was');
SELECT ok(pg_temp.ack('support'), 'and is acknowledged');
SELECT is(pg_temp.polled('support'), 'update {"phone": "2"}', 'what changed since follows');

SELECT * FROM finish();
