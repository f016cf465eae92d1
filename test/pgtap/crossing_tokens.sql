-- Tokens are known field by field, of each write and of what was shown.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "fields": {"phone": {}, "email": {}}, "window": "0 s"}');

-- support shows phone 0 and email a under version 5; the crm's phone 1 goes out.
CREATE PROCEDURE pg_temp.write(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('10:00');
	PERFORM pg_temp.saw('support', '{"v": 5, "phone": "0", "email": "a"}');
	CALL pg_temp.deliver('crm');
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('support');
END
$$;

-- Our write of one field makes the others no older
CALL pg_temp.write('the other field');
SELECT is(pg_temp.ack('support', '{"v": 8, "phone": "1"}'), true, 'the phone is stored under version 8');
SELECT is(pg_temp.saw('support', '{"v": 7, "email": "b"}'), 'accepted email=accepted -> crm', 'an edit of the email under version 7 is news');
SELECT is(pg_temp.saw('support', '{"v": 6, "email": "c"}'), 'stale email=stale', 'one under version 6 is not');
SELECT is(pg_temp.open_conflict(), NULL, 'and buried by nobody''s write');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "2"}'), 'conflict phone=conflict', 'an edit of the phone under version 7 was buried by our write');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "2"}'), 'stale phone=stale', 'and is named once');
SELECT is(pg_temp.saw('support', '{"v": 8, "phone": "1"}'), 'echo phone=echo', 'the sight of our write');
SELECT isnt(pg_temp.open_conflict(), NULL, 'settles nothing: all sides would agree, but for the buried one');
SELECT is(pg_temp.saw('support', '{"v": 9, "phone": "2"}'), 'conflict phone=conflict', 'typed in once more, it is no longer buried');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'and may win');
SELECT is(pg_temp.waits('support'), NULL, 'it is where it is');
SELECT is(pg_temp.waits('crm'), 'update {"email": "b", "phone": "2"}', 'and goes to the other side');

-- Buried before the ack tells the version, and after a newer edit
CALL pg_temp.write('before the ack');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "2"}'), 'conflict phone=conflict', 'while the call is on its way an edit is an edit');
SELECT is(pg_temp.ack('support', '{"v": 8, "phone": "1"}'), true, 'the answer tells that the call came later');
SELECT isnt(pg_temp.open_conflict(), NULL, 'which buried the edit: a human decides');
SELECT is(pg_temp.waits('support'), NULL, 'nothing goes out');
CALL pg_temp.write('after a newer edit');
SELECT is(pg_temp.ack('support', '{"v": 8, "phone": "1"}'), true, 'our write under version 8');
SELECT is(pg_temp.saw('support', '{"v": 9, "phone": "3"}'), 'accepted phone=accepted -> crm', 'who edits under version 9 has seen it');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "2"}'), 'stale phone=stale', 'an edit of before is older than both');
SELECT is(pg_temp.conflicts(), NULL, 'and replaced there, by one who had that on the screen');

-- The version of a write: from its answer, or from a sight after its ack
CALL pg_temp.write('a sight before the ack');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "1"}'), 'echo phone=echo', 'a sight before the ack');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "0"}'), 'accepted phone=accepted -> crm', 'what it replaced, after its sight, is typed back');
CALL pg_temp.write('no sight');
SELECT is(pg_temp.ack('support'), true, 'acknowledged, under no version that we know');
SELECT is(pg_temp.saw('support', '{"v": 9, "phone": "2"}'), 'conflict phone=conflict', 'a version greater than that of before proves nothing');
SELECT is(pg_temp.saw('support', '{"v": 9, "phone": "2"}'), 'unchanged', 'shown again it says nothing new');
CALL pg_temp.write('the answer''s');
SELECT is(pg_temp.ack('support', '{"v": 8, "phone": "1"}'), true, 'acknowledged under version 8');
SELECT is(pg_temp.saw('support', '{"v": 8, "phone": "2"}'), 'conflict phone=conflict', 'the very same version is not greater');

-- A write of what it replaces gets its sight from a version
CALL pg_temp.write('the same value');
CALL pg_temp.at('12:01:01');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'the lease runs out, and the crm takes it back');
SELECT is(pg_temp.poll('support'), 'update {"phone": "0"}', 'which goes out');
SELECT is(pg_temp.ack('support', '{"v": 8, "phone": "0"}'), true, 'and is stored under version 8');
SELECT is(pg_temp.saw('support', '{"v": 5, "phone": "0"}'), 'stale phone=stale', 'what was shown before it is older');
SELECT is(pg_temp.saw('support', '{"v": 9, "phone": "0"}'), 'echo phone=echo', 'a greater version proves that it was seen');
SELECT is(pg_temp.saw('support', '{"v": 9, "phone": "0"}'), 'unchanged', 'once');
SELECT is(pg_temp.saw('support', '{"v": 10, "phone": "4"}'), 'accepted phone=accepted -> crm,support', 'and who edits after that has seen it; the lost call may still land, so it is sent back');

CALL pg_temp.write('the same value, shown by its version');
CALL pg_temp.at('12:01:01');
SELECT pg_temp.saw('crm', '{"phone": "0"}'), pg_temp.poll('support'), pg_temp.ack('support', '{"v": 8, "phone": "0"}') \g /dev/null
SELECT is(pg_temp.saw('support', '{"v": 8, "phone": "0"}'), 'echo phone=echo', 'as the very version of the write does');
SELECT is(pg_temp.saw('support', '{"v": 8, "phone": "0"}'), 'unchanged', 'once');

-- A retry under a version of its own: that names it, and the lost call may still land
CALL pg_temp.write('a retry');
CALL pg_temp.at('12:01:01');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the lease runs out, and it goes out again');
SELECT is(pg_temp.ack('support', '{"v": 6, "phone": "1"}'), true, 'and is stored under version 6');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "1"}'), 'echo phone=echo', 'and shown');
SELECT pg_temp.saw('crm', '{"phone": "2"}'), pg_temp.poll('support'), pg_temp.ack('support', '{"v": 7, "phone": "2"}'),
	pg_temp.saw('support', '{"v": 7, "phone": "2"}') \g /dev/null
SELECT is(pg_temp.saw('support', '{"v": 8, "phone": "1"}'), 'echo phone=echo -> support', 'the lost call lands: no edit, however new its version');

-- What is held may be ours: an edit that it buried is named too
CALL pg_temp.write('under what is held');
SELECT is(pg_temp.saw('support', '{"v": 8, "phone": "3"}'), 'conflict phone=conflict', 'an edit crosses our write');
SELECT is(pg_temp.ack('support', '{"v": 10, "phone": "1"}'), true, 'which is acknowledged');
SELECT is(pg_temp.saw('support', '{"v": 11, "phone": "1"}'), 'held phone=held', 'its value shows under a greater version: typed, or ours');
SELECT is(pg_temp.saw('support', '{"v": 9, "phone": "4"}'), 'conflict phone=conflict', 'an edit of before our write');
SELECT is((SELECT sides->'support' FROM sync_conflict WHERE id = pg_temp.open_conflict()), '["3", "1", "4"]', 'is among the values that a human sees');

-- Past the echo window an answer's version still tells what is older than a later write
CALL pg_temp.write('long after');
SELECT pg_temp.ack('support', '{"v": 6, "phone": "1"}'), pg_temp.saw('crm', '{"phone": "2"}'), pg_temp.poll('support'), pg_temp.ack('support') \g /dev/null
CALL pg_temp.at('14:00');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "1"}'), 'stale phone=stale', 'the webhook of the first write, two hours late');
SELECT is(pg_temp.waits('crm'), NULL, 'and nobody is told');
SELECT is(pg_temp.conflicts(), NULL, 'and no buried edit');

SELECT * FROM finish();
