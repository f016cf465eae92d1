-- Each delete of ours is owed its own sight: the webhooks of two generations come late, and ask nobody.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

CALL pg_temp.at_rest('twice', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
CALL pg_temp.delete_there('support');
SELECT alike(pg_temp.saw('crm', '{"phone": "1", "email": "a"}'), 'accepted% -> support', 'creates');
SELECT is(pg_temp.polled('support'), 'create {"email": "a", "phone": "1"}', 'created there');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'deletes again');
CALL pg_temp.delete_there('support');
SELECT alike(pg_temp.saw('crm', '{"phone": "2", "email": "a"}'), 'accepted% -> support', 'and creates again');
SELECT is(pg_temp.polled('support'), 'create {"email": "a", "phone": "2"}', 'created there');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');

CALL pg_temp.at('12:05');
SELECT is(pg_temp.gone('support'), 'echo', 'the webhooks come late: our first delete');
SELECT alike(pg_temp.saw('support', '{"phone": "1", "email": "a"}'), 'echo%', 'our first create');
SELECT is(pg_temp.gone('support'), 'echo', 'our second delete');
SELECT alike(pg_temp.saw('support', '{"phone": "2", "email": "a"}'), 'echo%', 'our second create');
SELECT is(pg_temp.life_conflicts(), NULL, 'nobody has to look');
SELECT is(pg_temp.life(), 'alive', 'it lives');
SELECT is(pg_temp.pending('crm'), NULL, 'and nothing is sent');

SELECT * FROM finish();
