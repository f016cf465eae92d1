-- A lost delete may have landed: where the record is created again, all of it goes there.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

CALL pg_temp.at_rest('created after the loss', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
SELECT is(pg_temp.polled('support'), 'delete', 'a worker has it, and dies');
CALL pg_temp.at('12:10');
SELECT alike(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted% -> support', 'created again as it was: support may have lost it');
SELECT alike(pg_temp.polled('support'), '% {"email": "a", "phone": "0"}', 'so all of it goes there');

CALL pg_temp.at_rest('created before the loss', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
SELECT is(pg_temp.polled('support'), 'delete', 'a worker has it');
SELECT alike(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted% -> support', 'created again meanwhile');
CALL pg_temp.at('12:10');
SELECT alike(pg_temp.polled('support'), '% {"email": "a", "phone": "0"}', 'the worker died: all of it goes there');

-- Where support shows the delete, it is created
CALL pg_temp.at_rest('shown', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
SELECT is(pg_temp.polled('support'), 'delete', 'a worker has it, and dies');
CALL pg_temp.at('12:10');
SELECT alike(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted%', 'created again as it was');
SELECT alike(pg_temp.gone('support'), 'echo%', 'the lost delete did land');
SELECT is(pg_temp.polled('support'), 'create {"email": "a", "phone": "0"}', 'then it is created there');

SELECT * FROM finish();
