-- A system takes its delete back, and leaves a field empty that a lost create of ours may have left empty
-- too: empty is what it shows, not what it showed in its former life.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "desk"], "fields": {"phone": {}, "email": {}}, "window": "0"}');

CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('desk', '{"phone": "1", "email": null}'), 'accepted email=agreed,phone=accepted -> crm', 'desk has a record');
SELECT is(pg_temp.poll('crm'), 'create {"phone": "1"}', 'it goes out');
SELECT is(pg_temp.nack('crm'), true, 'nobody knows whether it landed');
CALL pg_temp.at('12:01');
SELECT is(pg_temp.polled('crm'), 'create {"phone": "1"}', 'it goes out again');
SELECT is(pg_temp.ack('crm'), true, 'and is acknowledged');
SELECT is(pg_temp.saw('crm', '{"phone": "3", "email": null}'), 'conflict phone=conflict', 'somebody there has typed over it');
SELECT is(pg_temp.saw('crm', '{"phone": "3", "email": "e"}'), 'accepted email=accepted -> desk', 'and filled the other field');
SELECT alike(pg_temp.gone('crm'), 'conflict%', 'deleted there, while a field is in conflict');
SELECT is(pg_temp.saw('crm', '{"phone": "4", "email": null}'), 'conflict phone=conflict -> crm,desk', 'and created there anew');
SELECT is(pg_temp.shows('crm'), '{"phone": "4", "email": null}', 'all that it shows is of now');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'a human decides');
SELECT is(pg_temp.polled('crm'), 'update {"email": "e", "phone": "4"}', 'what is golden goes there');
SELECT is(pg_temp.ack('crm'), true, 'and is acknowledged');
SELECT is(pg_temp.saw('crm', '{"phone": "4", "email": "e"}'), 'echo email=echo', 'all agree');

SELECT * FROM finish();
