-- Our delete was acknowledged and the record decided to live: what a lost write had replaced is shown, under
-- a version newer than any that was told. It is what the system shows now, and written over.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"version": "v"}, "desk": {}}, "fields": {"a": {}, "b": {}}, "window": "0"}');

CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"v": 3, "a": "1", "b": "4"}'), 'accepted a=accepted,b=accepted -> desk', 'the crm has a record');
SELECT alike(pg_temp.poll('desk'), 'create%', 'it goes out');
SELECT is(pg_temp.ack('desk'), true, 'is acknowledged');
SELECT is(pg_temp.saw('desk', '{"a": "1", "b": "4"}'), 'echo a=echo,b=echo', 'and seen');
SELECT is(pg_temp.saw('desk', '{"a": "1", "b": "3"}'), 'accepted b=accepted -> crm', 'desk edits it');
SELECT is(pg_temp.poll('crm'), 'update {"b": "3"}', 'which goes out');
SELECT is(pg_temp.nack('crm'), true, 'and is lost');
SELECT is(pg_temp.saw('crm', '{"v": 5, "a": "1", "b": "7"}'), 'conflict b=conflict', 'the crm has another value');
SELECT alike(pg_temp.gone('desk'), 'conflict%', 'desk deletes the record');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'delete'), true, 'a human decides for that');
SELECT is(pg_temp.polled('crm'), 'delete', 'it is deleted in the crm');
SELECT is(pg_temp.ack('crm'), true, 'as is acknowledged');
SELECT is(pg_temp.saw('crm', '{"v": 9, "a": "1", "b": "11"}'), 'held b=held', 'of just before, an edit');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'crm'), true, 'a human decides for it');
SELECT alike(pg_temp.saw('crm', '{"v": 10, "a": "1", "b": "4"}'), '%b=echo%', 'then the old value, typed again');
SELECT is(pg_temp.shows('crm')->>'b', '4', 'is what the crm shows');
SELECT is(pg_temp.waits('crm'), 'update {"b": "11"}', 'and what is written over');

SELECT * FROM finish();
