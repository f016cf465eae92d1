-- An edit under the very version that an answer told of our write: which came first nobody knows, so what is
-- decided goes there.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"version": "v"}, "desk": {}}, "fields": {"phone": {}, "name": {}}, "window": "0"}');

CALL pg_temp.at('10:00');
SELECT is(pg_temp.saw('crm', '{"v": 1, "phone": "1"}'), 'accepted phone=accepted -> desk', 'the crm has a record');
SELECT alike(pg_temp.poll('desk'), 'create%', 'it goes out');
SELECT is(pg_temp.ack('desk'), true, 'and is acknowledged');
SELECT is(pg_temp.saw('desk', '{"phone": "1"}'), 'echo phone=echo', 'and seen');
SELECT is(pg_temp.saw('desk', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'desk edits it');
SELECT is(pg_temp.poll('crm'), 'update {"phone": "2"}', 'which goes out');
SELECT is(pg_temp.nack('crm'), true, 'and is lost, for all we know');
CALL pg_temp.at('10:01');
SELECT is(pg_temp.poll('crm'), 'update {"phone": "2"}', 'so it goes again');
SELECT is(pg_temp.saw('crm', '{"v": 1, "phone": "2"}'), 'echo phone=echo', 'is seen');
SELECT is(pg_temp.ack('crm'), true, 'and acknowledged');
SELECT is(pg_temp.saw('crm', '{"v": 1, "phone": "5"}'), 'accepted phone=accepted -> crm,desk', 'somebody in the crm edits it at once');
SELECT is(pg_temp.poll('crm'), 'update {"phone": "5"}', 'which goes there again, lest our write came after it');
SELECT is(pg_temp.saw('crm', '{"v": 2, "phone": "5", "name": "a"}'), 'accepted name=accepted -> desk', 'version 2 is an edit of another field');
SELECT is(pg_temp.ack('crm', '{"v": 2, "phone": "5"}'), true, 'and our write');
SELECT is(pg_temp.saw('crm', '{"v": 2, "phone": "9", "name": "a"}'), 'conflict phone=conflict -> desk', 'and one more edit');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => '"5"'), true, 'a human decides for the golden value');
SELECT is(pg_temp.waits('crm'), 'update {"phone": "5"}', 'which the crm may not show');

SELECT * FROM finish();
