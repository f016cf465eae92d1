-- A record is deleted while something of it is in flight to the others, or may have arrived.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

CALL pg_temp.at_rest('update in flight', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is in flight');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'its author deletes');
SELECT is(pg_temp.pending('support'), 'delete', 'the delete waits');
SELECT is(pg_temp.polled('support'), NULL, 'for the call before it');
SELECT is(pg_temp.ack('support'), true, 'which is acknowledged');
SELECT is(pg_temp.polled('support'), 'delete', 'then it goes');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the echo of the edit comes after the delete');
SELECT is(pg_temp.life(), 'dead', 'and revives nothing');
SELECT is(pg_temp.life_conflicts(), NULL, 'nor asks anybody');
SELECT is(pg_temp.ack('support'), true, 'the delete is acknowledged');
SELECT is(pg_temp.gone('support'), 'echo', 'and shown');

CALL pg_temp.at_rest('update lost', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is in flight');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'its author deletes');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.polled('support'), 'delete', 'the worker died: what goes next is the delete, not the edit');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.polled('support'), NULL, 'and that is all');

CALL pg_temp.at_rest('update waits', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit waits');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'its author deletes');
SELECT is(pg_temp.polled('support'), 'delete', 'only the delete goes');
SELECT is(pg_temp.polled('support'), NULL, 'and nothing else');

-- A create that nobody has claimed, one in flight, one of unknown outcome
CALL pg_temp.record('create waits');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'a new record');
SELECT is(pg_temp.gone('crm'), 'accepted delete', 'deleted at once');
SELECT is(pg_temp.polled('support'), NULL, 'support never hears of it');

CALL pg_temp.record('create in flight');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'a new record');
SELECT is(pg_temp.poll('support'), 'create {"phone": "0"}', 'is in flight');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'deleted');
SELECT is(pg_temp.polled('support'), NULL, 'one call at a time');
SELECT is(pg_temp.ack('support'), true, 'it was created there');
SELECT is(pg_temp.polled('support'), 'delete', 'so it is deleted there');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.polled('support'), NULL, 'at rest');

CALL pg_temp.record('create lost');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'a new record');
SELECT is(pg_temp.poll('support'), 'create {"phone": "0"}', 'is in flight');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'deleted, and nobody knows whether it was created there');
SELECT is(pg_temp.polled('support'), 'delete', 'it is deleted there');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.polled('support'), NULL, 'at rest');

SELECT * FROM finish();
