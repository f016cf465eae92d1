-- A human's edit that our write has overwritten there still comes to light, by its version.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "fields": {"phone": {}, "email": {}}}');

-- support shows phone 0 under version 5; the crm's phone 1 is shown there under version 8.
CREATE PROCEDURE pg_temp.write(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('10:00');
	PERFORM pg_temp.saw('support', '{"v": 5, "phone": "0", "email": "a"}');
	CALL pg_temp.deliver('crm');
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
	PERFORM pg_temp.saw('support', '{"v": 8, "phone": "1"}');
	CALL pg_temp.at('12:05');
END
$$;

CALL pg_temp.write('buried');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "2"}'), 'conflict phone=conflict', 'an edit between what it showed and our write was buried by that');
SELECT is(pg_temp.conflicts(), 'phone collision open: "1" (crm) against "2" (support)', 'a human must look at it');
SELECT is(pg_temp.golden()->>'phone', '1', 'the golden value stays');
SELECT is(pg_temp.waits('support'), NULL, 'nothing is sent');
SELECT is(pg_temp.waits('crm'), NULL, 'to nobody');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'the buried edit can win');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'it is sent to where our write stands');
SELECT is(pg_temp.waits('crm'), 'update {"phone": "2"}', 'and to the other side');

CALL pg_temp.write('replaced');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "0"}'), 'stale phone=stale', 'what our write replaced is a late photograph, no edit');
SELECT is(pg_temp.conflicts(), NULL, 'nothing to look at');
CALL pg_temp.write('ours');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "1"}'), 'stale phone=stale', 'nor is our own value');
SELECT is(pg_temp.conflicts(), NULL, 'nothing to look at');
CALL pg_temp.write('null');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": null}'), 'stale phone=stale', 'nor a null that would erase nothing');
SELECT is(pg_temp.conflicts(), NULL, 'nothing to look at');
CALL pg_temp.write('older');
SELECT is(pg_temp.saw('support', '{"v": 4, "phone": "2"}'), 'stale phone=stale', 'nor what is older than what it showed before our write');
SELECT is(pg_temp.saw('support', '{"v": 5, "phone": "2"}'), 'stale phone=stale', 'or as old');
SELECT is(pg_temp.conflicts(), NULL, 'nothing to look at');

CALL pg_temp.write('moved on');
SELECT is(pg_temp.saw('support', '{"v": 9, "phone": "3"}'), 'accepted phone=accepted -> crm', 'a newer edit there has replaced our write');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "2"}'), 'stale phone=stale', 'an older edit of the same system is stale then');
SELECT is(pg_temp.open_conflict(), NULL, 'nobody need look');

-- The version of the write may come with the answer
CALL pg_temp.record('by the answer');
SELECT is(pg_temp.saw('support', '{"v": 5, "phone": "0"}'), 'accepted phone=accepted -> crm', 'a record');
CALL pg_temp.deliver('crm');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.ack('support', '{"v": 8, "phone": "1"}'), true, 'and is stored under version 8');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "2"}'), 'conflict phone=conflict', 'an edit of before it was buried');

SELECT * FROM finish();
