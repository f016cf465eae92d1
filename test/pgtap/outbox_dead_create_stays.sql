-- A create that failed for good goes again as it was, if at all: an edit that waited behind it does not
-- revive it, whenever that was put into the outbox; one that comes later does.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "desk", "billing"], "fields": {"phone": {}}, "window": "0"}');

CALL pg_temp.record('edited while on its way');
CALL pg_temp.at('10:00');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted%', 'a record');
SELECT is(pg_temp.poll('desk'), 'create {"phone": "1"}', 'is on its way');
SELECT alike(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted%', 'an edit waits behind that');
SELECT is(pg_temp.waits('desk'), 'update {"phone": "2"}', 'as an update');
SELECT is(pg_temp.nack('desk', permanent => true), true, 'the create fails for good');
SELECT is(pg_temp.poll('desk'), NULL, 'and does not go again by itself');
SELECT is((SELECT status FROM sync_outbox WHERE record_key = pg_temp.record_key() AND target_system = 'desk'), 'dead', 'it is a dead letter');
SELECT alike(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted%', 'another edit');
SELECT is(pg_temp.poll('desk'), 'create {"phone": "1"}', 'brings it back');

CALL pg_temp.record('edited between two claims');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted%', 'a record');
SELECT is(pg_temp.poll('desk'), 'create {"phone": "1"}', 'is on its way to desk');
CALL pg_temp.at('10:30');
SELECT alike(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted%', 'an edit, after the lease ran out');
SELECT is(pg_temp.poll('desk'), 'create {"phone": "1"}', 'the create goes again');
SELECT is(pg_temp.poll('billing'), 'create {"phone": "2"}', 'something else happens to the record');
SELECT is(pg_temp.nack('desk', permanent => true), true, 'the create fails for good');
SELECT is(pg_temp.poll('desk'), NULL, 'and does not go again by itself');
SELECT is((SELECT attempts FROM sync_outbox WHERE record_key = pg_temp.record_key() AND target_system = 'desk'), 2, 'its attempts are known');

-- What is no create takes in what waited behind it, and goes with that
CALL pg_temp.at_rest('an update', '{"phone": "1"}', 'crm', 'desk');
SELECT alike(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted%', 'an edit');
SELECT is(pg_temp.poll('desk'), 'update {"phone": "2"}', 'is on its way');
SELECT alike(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted%', 'another one waits behind it');
SELECT is(pg_temp.nack('desk', permanent => true), true, 'the first fails for good');
SELECT is(pg_temp.poll('desk'), 'update {"phone": "3"}', 'the second is something else, and goes');

-- Of a frozen record no row stays, a dead letter neither: it would be passed over, and not looked for again
CALL pg_temp.record('frozen while on its way');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted%', 'a record');
SELECT is(pg_temp.poll('desk'), 'create {"phone": "1"}', 'is on its way to desk');
SELECT is(pg_temp.poll('billing'), 'create {"phone": "1"}', 'and to billing');
SELECT is(pg_temp.ack('billing'), true, 'which has it');
SELECT alike(pg_temp.gone('billing'), 'conflict%', 'it is deleted there, unseen');
SELECT is(pg_temp.nack('desk', permanent => true), true, 'the create fails for good');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = pg_temp.record_key()), 0::bigint, 'nothing waits of what is frozen');
SELECT is(pg_temp.poll('desk'), NULL, 'and nothing goes');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'delete'), true, 'a human decides');
SELECT is(pg_temp.poll('desk'), 'delete {}', 'what may be there is deleted');

SELECT * FROM finish();
