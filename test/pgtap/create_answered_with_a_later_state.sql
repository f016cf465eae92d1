-- A create goes again and is answered with what stands there by then. What was created was shown under an
-- older version: what the answer holds otherwise somebody has typed since, and it is no fix of the target's.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"version": "v", "id": "id"}, "desk": {}}, "fields": {
	"a": {}, "b": {}, "street": {"group": "address"}, "city": {"group": "address"}}, "window": "0"}');

CREATE PROCEDURE pg_temp.create_twice(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at('10:00');
	CALL pg_temp.record(record_key);
	PERFORM pg_temp.saw('desk', '{"a": "1", "b": "x", "street": "s", "city": "c"}');
	PERFORM pg_temp.poll('crm');
	CALL pg_temp.at('10:02');
	PERFORM pg_temp.poll('crm');
END
$$;

CALL pg_temp.create_twice('typed');
SELECT is(pg_temp.saw('crm', '{"v": 5, "id": "c1", "a": "1", "b": "x", "street": "s", "city": "c"}'), 'echo a=echo,b=echo,city=echo,street=echo', 'the first call landed');
SELECT is(pg_temp.ack('crm', '{"v": 6, "id": "c1", "a": "2", "b": "x", "street": "s", "city": "d"}'), true, 'the second one is answered with what was typed since');
SELECT is(pg_temp.golden(), '{"a": "2", "b": "x", "city": "d", "street": "s"}', 'which is an edit');
SELECT is(pg_temp.waits('desk'), 'update {"a": "2", "city": "d"}', 'that desk is told of');
SELECT is(pg_temp.waits('crm'), 'update {"a": "2", "city": "d"}', 'and the crm, where the other call may still land');
SELECT is((SELECT count(*) FROM sync_near_misses), 0::bigint, 'the crm has mended nothing');
SELECT is(pg_temp.saw('crm', '{"v": 6, "id": "c1", "a": "2", "b": "x", "street": "s", "city": "d"}'), 'unchanged', 'shown again it is nothing new');
SELECT is(pg_temp.saw('crm', '{"v": 5, "id": "c1", "a": "1", "b": "x", "street": "s", "city": "c"}'), 'stale a=stale,b=stale,city=stale,street=stale', 'and the older one is older');
SELECT is(pg_temp.poll('crm'), 'update {"a": "2", "city": "d"}', 'it goes out');
SELECT is(pg_temp.ack('crm', '{"v": 7, "id": "c1", "a": "2", "b": "x", "street": "s", "city": "d"}'), true, 'and is acknowledged');
SELECT is(pg_temp.waits('crm'), NULL, 'which is the end of it');

-- desk has edited it meanwhile: a human decides
CALL pg_temp.create_twice('collides');
SELECT is(pg_temp.saw('crm', '{"v": 5, "id": "c2", "a": "1", "b": "x"}'), 'echo a=echo,b=echo', 'the first call landed');
SELECT is(pg_temp.saw('desk', '{"a": "3"}'), 'accepted a=accepted -> crm', 'desk edits it');
SELECT is(pg_temp.ack('crm', '{"v": 6, "id": "c2", "a": "2", "b": "x"}'), true, 'the answer holds what was typed in the crm');
SELECT is(pg_temp.conflicts(), 'a collision open: "3" (desk) against "2" (crm)', 'both are named');

-- Under the version that was shown, an older one or none it may be the target's own form
CALL pg_temp.create_twice('same version');
SELECT is(pg_temp.saw('crm', '{"v": 5, "id": "c3", "a": "1", "b": "x"}'), 'echo a=echo,b=echo', 'the call landed');
SELECT is(pg_temp.ack('crm', '{"v": 5, "id": "c3", "a": "01", "b": "x"}'), true, 'and is answered under that version');
SELECT is(pg_temp.golden()->>'a', '1', 'nobody has typed it');
CALL pg_temp.create_twice('not shown');
SELECT is(pg_temp.ack('crm', '{"v": 6, "id": "c4", "a": "01", "b": "x"}'), true, 'nothing was shown before the answer');
SELECT is(pg_temp.golden()->>'a', '1', 'so it is taken for a form of the target''s');
SELECT is(pg_temp.waits('crm'), NULL, 'and settled');

-- Without versions it is the second call that tells: the first one stored what was sent
SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "desk": {}}, "fields": {"a": {}, "b": {}}, "window": "0"}');
CALL pg_temp.create_twice('unversioned');
SELECT is(pg_temp.saw('crm', '{"id": "c5", "a": "1", "b": "x"}'), 'echo a=echo,b=echo', 'the first call landed');
SELECT is(pg_temp.ack('crm', '{"id": "c5", "a": "2", "b": "x"}'), true, 'the second one is answered with what was typed since');
SELECT is(pg_temp.golden(), '{"a": "2", "b": "x"}', 'which is an edit');
SELECT is(pg_temp.waits('desk'), 'update {"a": "2"}', 'that desk is told of');
SELECT is(pg_temp.saw('crm', '{"id": "c5", "a": "2", "b": "x"}'), 'unchanged', 'its webhook is nothing new');
CALL pg_temp.record('called once');
SELECT is(pg_temp.saw('desk', '{"a": "1", "b": "x"}'), 'accepted a=accepted,b=accepted -> crm', 'another record');
SELECT is(pg_temp.poll('crm'), 'create {"a": "1", "b": "x"}', 'goes out once');
SELECT is(pg_temp.saw('crm', '{"id": "c6", "a": "1", "b": "x"}'), 'echo a=echo,b=echo', 'is shown');
SELECT is(pg_temp.ack('crm', '{"id": "c6", "a": "01", "b": "x"}'), true, 'and answered in another form');
SELECT is(pg_temp.golden()->>'a', '1', 'which nobody has typed');

SELECT * FROM finish();
