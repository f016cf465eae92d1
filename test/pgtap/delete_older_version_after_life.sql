-- Decided for life after our delete: the version that was known before the delete was acknowledged proves
-- nothing, however late it is told again, and the delete's own echo is still to come.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "desk": {"version": "v"}}, "fields": {"a": {}, "b": {}}, "window": "0"}');

CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('desk', '{"v": 1, "a": "1", "b": "2"}'), 'accepted a=accepted,b=accepted -> crm', 'desk has a record');
SELECT alike(pg_temp.poll('crm'), 'create%', 'it goes out');
SELECT is(pg_temp.saw('crm', '{"a": "1", "b": "2"}'), 'echo a=echo,b=echo', 'and is seen');
SELECT alike(pg_temp.gone('crm'), 'accepted% -> desk', 'the crm deletes it');
SELECT is(pg_temp.poll('desk'), 'delete {}', 'a worker of desk has that');
SELECT is(pg_temp.ack('desk'), true, 'it is acknowledged');
SELECT alike(pg_temp.saw('desk', '{"v": 2, "a": "1", "b": "3"}'), 'held%', 'what somebody typed there just before is held');
CALL pg_temp.at('12:30');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'desk'), true, 'a human decides for it, much later');
SELECT is(pg_temp.waits('desk'), 'create {"a": "1", "b": "3"}', 'desk must have it again');
SELECT alike(pg_temp.saw('desk', '{"v": 2, "a": "1", "b": "3"}'), 'stale%', 'its old webhook says nothing new');
SELECT is(pg_temp.waits('desk'), 'create {"a": "1", "b": "3"}', 'it still goes there');
SELECT alike(pg_temp.gone('desk'), 'echo%', 'the echo of our delete');
SELECT is(pg_temp.life(), 'alive', 'kills nobody');
SELECT alike(pg_temp.saw('desk', '{"v": 3, "a": "1", "b": "3"}'), 'agreed%', 'somebody creates it there, as a new version');
SELECT is(pg_temp.waits('desk'), NULL, 'so nothing goes there');

-- The same of a record that stays dead: who has it there anew, without having deleted it, is asked about
CALL pg_temp.record('dead');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"a": "1", "b": "2"}'), 'accepted a=accepted,b=accepted -> desk', 'the crm has a record');
SELECT alike(pg_temp.poll('desk'), 'create%', 'it goes out');
SELECT is(pg_temp.ack('desk', '{"v": 7, "a": "1", "b": "2"}'), true, 'and is acknowledged as version 7');
SELECT alike(pg_temp.gone('crm'), 'accepted% -> desk', 'the crm deletes it');
SELECT is(pg_temp.poll('desk'), 'delete {}', 'a worker of desk has that');
SELECT is(pg_temp.ack('desk'), true, 'it is acknowledged');
CALL pg_temp.at('12:30');
SELECT alike(pg_temp.saw('desk', '{"v": 7, "a": "1", "b": "2"}'), 'stale%', 'version 7 is older than our delete');
SELECT alike(pg_temp.gone('desk'), 'echo%', 'the delete is told');
SELECT alike(pg_temp.saw('desk', '{"v": 9, "a": "3", "b": "4"}'), 'held%', 'a record of desk''s own is held');
SELECT is(pg_temp.life(), 'dead', 'and a human is asked');

SELECT * FROM finish();
