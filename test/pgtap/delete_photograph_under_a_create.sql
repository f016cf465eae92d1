-- Our delete was acknowledged, and a create of the same values is on its way: a webhook that shows them
-- may be from before both, and a delete that is told twice is ours the first time.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "desk": {"version": "v"}}, "fields": {"a": {}, "b": {}}, "window": "0"}');

CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('desk', '{"v": 1, "a": "1", "b": "2"}'), 'accepted a=accepted,b=accepted -> crm', 'desk has a record');
SELECT alike(pg_temp.poll('crm'), 'create%', 'it goes out');
SELECT is(pg_temp.ack('crm'), true, 'and is acknowledged');
SELECT alike(pg_temp.gone('desk'), 'accepted%', 'desk deletes it');
SELECT is(pg_temp.poll('crm'), 'delete {}', 'a worker of the crm has that');
SELECT is(pg_temp.saw('crm', '{"a": "1", "b": "2"}'), 'echo a=echo,b=echo', 'our create is seen');
SELECT alike(pg_temp.saw('crm', '{"a": "1", "b": "3"}'), 'held%', 'and an edit of the dead record');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'crm'), true, 'a human decides for life');
SELECT is(pg_temp.ack('crm'), true, 'the delete has landed all the same');
SELECT is(pg_temp.poll('crm'), 'create {"a": "1", "b": "3"}', 'so it is created again');
SELECT alike(pg_temp.saw('crm', '{"a": "1", "b": "3"}'), 'echo%', 'shown again, from before the delete for all we know');
SELECT alike(pg_temp.saw('crm', '{"a": "1", "b": "3"}'), 'echo%', 'and again');
SELECT alike(pg_temp.gone('crm'), 'echo%', 'our delete is told');
SELECT alike(pg_temp.gone('crm'), 'conflict%', 'told again, before anybody saw the create, a human is asked');
SELECT is(pg_temp.life(), 'alive', 'it lives');

-- Of another value it is the create that is seen
CALL pg_temp.record('T2');
SELECT alike(pg_temp.saw('desk', '{"v": 1, "a": "1", "b": "2"}'), 'accepted%', 'another record');
SELECT alike(pg_temp.poll('crm'), 'create%', 'goes out');
SELECT is(pg_temp.ack('crm'), true, 'and is acknowledged');
SELECT alike(pg_temp.gone('desk'), 'accepted%', 'desk deletes it');
SELECT is(pg_temp.poll('crm'), 'delete {}', 'it is deleted in the crm');
SELECT is(pg_temp.ack('crm'), true, 'as is acknowledged');
SELECT alike(pg_temp.saw('desk', '{"v": 3, "a": "1", "b": "7"}'), 'accepted% -> crm', 'desk creates it again');
SELECT is(pg_temp.poll('crm'), 'create {"a": "1", "b": "7"}', 'which goes out');
SELECT is(pg_temp.saw('crm', '{"a": "1", "b": "7"}'), 'echo a=echo,b=echo', 'and is seen');

-- An empty record is nothing that our delete removed
CALL pg_temp.record('T3');
SELECT alike(pg_temp.saw('desk', '{"v": 1, "a": "1", "b": "2"}'), 'accepted%', 'another record');
SELECT alike(pg_temp.poll('crm'), 'create%', 'goes out');
SELECT is(pg_temp.ack('crm'), true, 'and is acknowledged');
SELECT alike(pg_temp.gone('desk'), 'accepted%', 'desk deletes it');
SELECT is(pg_temp.poll('crm'), 'delete {}', 'it is deleted in the crm');
SELECT is(pg_temp.ack('crm'), true, 'as is acknowledged');
SELECT alike(pg_temp.saw('desk', '{"v": 3, "a": "1", "b": "2"}'), 'accepted% -> crm', 'desk creates it again, as it was');
SELECT is(pg_temp.poll('crm'), 'create {"a": "1", "b": "2"}', 'which goes out');
SELECT is(count(*), 0::bigint, 'the crm shows one that is empty')
	FROM sync_diff('crm', 'contact', '{"record_key": "T3", "a": null, "b": null}', verbose => true) AS v WHERE v.detail LIKE '%our delete removed%';

SELECT * FROM finish();
