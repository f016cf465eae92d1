-- Somebody types back what stood there, over our write, and that is shown before our call's answer comes:
-- the answer's older version tells that it is an edit.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"version": "v"}, "desk": {}}, "fields": {
	"a": {}, "b": {}, "street": {"group": "address"}, "city": {"group": "address"}}, "window": "0"}');

CALL pg_temp.at('10:00');
SELECT alike(pg_temp.saw('crm', '{"v": 1, "a": "1", "b": "x", "street": "s", "city": "c"}'), 'accepted% -> desk', 'the crm has a record');
SELECT alike(pg_temp.poll('desk'), 'create%', 'which goes out');
SELECT is(pg_temp.ack('desk'), true, 'and is acknowledged');
SELECT alike(pg_temp.saw('desk', '{"a": "1", "b": "x", "street": "s", "city": "c"}'), 'echo%', 'and seen');
SELECT alike(pg_temp.saw('desk', '{"a": "1", "b": "y", "street": "t", "city": "d"}'), 'accepted% -> crm', 'desk edits it');
SELECT is(pg_temp.poll('crm'), 'update {"b": "y", "city": "d", "street": "t"}', 'a worker of the crm has that');
SELECT is(pg_temp.saw('crm', '{"v": 6, "a": "2", "b": "x", "street": "s", "city": "c"}'), 'accepted a=accepted -> desk', 'the rest looks as before');
SELECT is(pg_temp.ack('crm', '{"v": 5, "b": "y", "street": "t", "city": "d"}'), true, 'but our write was version 5');
SELECT is(pg_temp.golden(), '{"a": "2", "b": "x", "street": "s", "city": "c"}', 'so it was typed over');
SELECT is(pg_temp.waits('desk'), 'update {"a": "2", "b": "x", "city": "c", "street": "s"}', 'which desk must be told');
SELECT is(pg_temp.waits('crm'), NULL, 'and the crm shows already');
SELECT is(pg_temp.saw('crm', '{"v": 6, "a": "2", "b": "x", "street": "s", "city": "c"}'), 'unchanged', 'shown again it is nothing new');

-- Answered under the newest version it is the write that stands
CALL pg_temp.record('in order');
SELECT alike(pg_temp.saw('crm', '{"v": 1, "a": "1", "b": "x"}'), 'accepted% -> desk', 'another record');
SELECT alike(pg_temp.poll('desk'), 'create%', 'goes out');
SELECT is(pg_temp.ack('desk'), true, 'and is acknowledged');
SELECT alike(pg_temp.saw('desk', '{"a": "1", "b": "x"}'), 'echo%', 'and seen');
SELECT is(pg_temp.saw('desk', '{"a": "1", "b": "y"}'), 'accepted b=accepted -> crm', 'desk edits it');
SELECT is(pg_temp.poll('crm'), 'update {"b": "y"}', 'a worker of the crm has that');
SELECT is(pg_temp.saw('crm', '{"v": 2, "a": "2", "b": "x"}'), 'accepted a=accepted -> desk', 'an edit of the other field');
SELECT is(pg_temp.ack('crm', '{"v": 3, "b": "y"}'), true, 'our write came after that');
SELECT is(pg_temp.golden()->>'b', 'y', 'and stands');
SELECT is(pg_temp.saw('crm', '{"v": 2, "a": "2", "b": "x"}'), 'stale b=stale', 'told again, the edit is older');

-- Beside it the answer tells of a field that nobody has shown: the book has both
CALL pg_temp.record('both');
SELECT alike(pg_temp.saw('crm', '{"v": 1, "a": "1", "b": "x"}'), 'accepted% -> desk', 'another record');
SELECT alike(pg_temp.poll('desk'), 'create%', 'goes out');
SELECT is(pg_temp.ack('desk'), true, 'and is acknowledged');
SELECT is(pg_temp.saw('desk', '{"a": "1", "b": "x"}'), 'echo a=echo,b=echo', 'and seen');
SELECT is(pg_temp.saw('desk', '{"a": "1", "b": "y"}'), 'accepted b=accepted -> crm', 'desk edits it');
SELECT is(pg_temp.poll('crm'), 'update {"b": "y"}', 'a worker of the crm has that');
SELECT is(pg_temp.saw('crm', '{"v": 6, "b": "x", "city": "c", "street": "s"}'), 'accepted city=accepted,street=accepted -> desk', 'a part is shown');
SELECT is(pg_temp.ack('crm', '{"v": 5, "a": "7", "b": "y"}'), true, 'the answer is older, and tells of another edit');
SELECT is(pg_temp.golden(), '{"a": "7", "b": "x", "city": "c", "street": "s"}', 'both edits are golden');
SELECT is((SELECT change_set FROM sync_change WHERE record_key = 'both' ORDER BY version DESC LIMIT 1), '{"a": "7", "b": "x"}', 'and both are in the book');

-- What is there no more is not brought back by what was shown before
CALL pg_temp.record('gone');
SELECT alike(pg_temp.saw('crm', '{"v": 1, "a": "1", "b": "x"}'), 'accepted% -> desk', 'another record');
SELECT alike(pg_temp.poll('desk'), 'create%', 'goes out');
SELECT is(pg_temp.ack('desk'), true, 'and is acknowledged');
SELECT is(pg_temp.saw('desk', '{"a": "1", "b": "x"}'), 'echo a=echo,b=echo', 'and seen');
SELECT is(pg_temp.saw('desk', '{"a": "1", "b": "y"}'), 'accepted b=accepted -> crm', 'desk edits it');
SELECT is(pg_temp.poll('crm'), 'update {"b": "y"}', 'a worker of the crm has that');
SELECT is(pg_temp.saw('crm', '{"v": 6, "a": "2", "b": "x"}'), 'accepted a=accepted -> desk', 'typed over, and another edit');
SELECT is(count(*), 1::bigint, 'then it is deleted there') FROM sync_delete('crm', 'contact', ARRAY['gone']) WHERE verdict = 'conflict';
SELECT is(pg_temp.ack('crm', '{"v": 5, "b": "y"}'), true, 'only then the answer comes');
SELECT is((SELECT count(*) FROM sync_conflict WHERE record_key = 'gone' AND kind = 'delete' AND status = 'open'), 1::bigint, 'the delete is still to be decided');
SELECT is((SELECT existence FROM sync_shadow WHERE record_key = 'gone' AND system = 'crm'), 'gone', 'and the record is not there');

SELECT * FROM finish();
