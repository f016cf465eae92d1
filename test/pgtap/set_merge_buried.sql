-- An edit of a set that our write buried is a conflict: it is never merged.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "fields": {"tags": {"type": "set", "merge": "set"}}}');

CALL pg_temp.record('buried');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"tags": ["a"]}'), 'accepted tags=accepted -> support', 'a new record');
SELECT is(pg_temp.poll('support'), 'create {"tags": ["a"]}', 'goes out');
SELECT is(pg_temp.ack('support', '{"tags": ["a"], "v": 1}'), true, 'is created as version 1');
SELECT is(pg_temp.saw('support', '{"tags": ["a"], "v": 1}'), 'echo tags=echo', 'and shown');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b"]}'), 'accepted tags=accepted -> support', 'the crm adds b');
SELECT is(pg_temp.poll('support'), 'update {"tags": ["a", "b"]}', 'which goes out');
SELECT is(pg_temp.ack('support', '{"tags": ["a", "b"], "v": 3}'), true, 'as version 3');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "c"], "v": 2}'), 'conflict tags=conflict', 'version 2 was a human''s, written over unseen');
SELECT is(pg_temp.conflicts(), 'tags collision open: ["a", "b"] (crm) against ["a", "c"] (support)', 'and needs a human');
SELECT is(pg_temp.golden()->'tags', '["a", "b"]', 'nothing is merged');

-- A later edit adds to it
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b", "d"], "v": 4}'), 'conflict tags=conflict', 'a later edit there');
SELECT is((SELECT sides->'support' FROM sync_conflict WHERE id = pg_temp.open_conflict()), '[["a", "c"], ["a", "b", "d"]]', 'stands beside it');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b", "e"]}'), 'conflict tags=conflict', 'the author''s moves the golden set');
SELECT is(pg_temp.golden()->'tags', '["a", "b", "e"]', 'which is sent to nobody');
SELECT is(pg_temp.waits('support'), NULL, 'while it is frozen');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => '["a", "b", "c", "d", "e"]'), true, 'a human takes all of it');
SELECT is(pg_temp.waits('support'), 'update {"tags": ["a", "b", "c", "d", "e"]}', 'and it goes on');

SELECT * FROM finish();
