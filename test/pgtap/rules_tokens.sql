-- A version can prove that a payload is newer than our write; one that merely grew cannot.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "fields": {"phone": {}, "email": {}}}');

-- support shows phone 0 under version 5; the crm sets phone 1, which goes out.
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

-- The answer tells the version of the write
CALL pg_temp.write('newer than the write');
SELECT is(pg_temp.ack('support', '{"v": 6, "phone": "1"}'), true, 'the target says under which version it stored the write');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "2"}'), 'accepted phone=accepted -> crm', 'a greater version is newer than the write: its author has seen it');

CALL pg_temp.write('inside the window');
SELECT is(pg_temp.ack('support', '{"v": 6, "phone": "1"}'), true, 'the version of the write is known');
CALL pg_temp.at('12:00:30');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "2"}'), 'held phone=held', 'to have seen it does not lift the window');

CALL pg_temp.write('typed back');
SELECT is(pg_temp.ack('support', '{"v": 6, "phone": "1"}'), true, 'the version of the write is known');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "0"}'), 'accepted phone=accepted -> crm', 'what the write replaced, under a greater version: typed back, no late echo');

CALL pg_temp.write('before the write');
SELECT is(pg_temp.ack('support', '{"v": 8, "phone": "1"}'), true, 'the version of the write is known');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "0"}'), 'stale phone=stale', 'an older version is stale');
SELECT is(pg_temp.saw('support', '{"v": 8, "phone": "1"}'), 'echo phone=echo', 'the write''s own is its sight');
SELECT is(pg_temp.saw('support', '{"v": 8, "phone": "1"}'), 'unchanged', 'once');

-- Without an answer's version: greater than what was shown before the write proves nothing
CALL pg_temp.write('nothing proved');
SELECT is(pg_temp.ack('support'), true, 'the version of the write is not known');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "2"}'), 'conflict phone=conflict', 'a version greater than that of before may be older than the write');

CALL pg_temp.write('late, under a greater version');
SELECT is(pg_temp.ack('support'), true, 'the version of the write is not known');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "0"}'), 'echo phone=echo', 'what the write replaced, touched by something else: a late echo');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "1"}'), 'echo phone=echo', 'the sight of the write tells its version');
SELECT is(pg_temp.saw('support', '{"v": 8, "phone": "2"}'), 'accepted phone=accepted -> crm', 'from then on a greater version is an edit');

CALL pg_temp.write('late again');
SELECT is(pg_temp.ack('support'), true, 'the version of the write is not known');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "0", "email": "b"}'), 'accepted email=accepted,phone=echo -> crm', 'what the write replaced, in the payload of another edit: a late echo');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "0", "email": "c"}'), 'held email=accepted,phone=held -> crm', 'in the payload of the next one: greater than that of the late echo proves nothing');

CALL pg_temp.write('in flight');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "2"}'), 'conflict phone=conflict', 'while the write is in flight no version proves that it was seen');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT isnt(pg_temp.open_conflict(), NULL, 'the conflict stays');

CALL pg_temp.write('sight before the ack');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "1"}'), 'echo phone=echo', 'the sight comes before the ack');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "2"}'), 'accepted phone=accepted -> crm', 'then who edits has seen the write');

-- A value that would be held is an edit where versions prove it newer
CALL pg_temp.write('held');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'a late echo, used up');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "1"}'), 'echo phone=echo', 'the sight');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'held phone=held', 'again, without a version: held');
CALL pg_temp.write('proved');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'a late echo, used up');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "1"}'), 'echo phone=echo', 'the sight');
SELECT is(pg_temp.saw('support', '{"v": 7, "phone": "0"}'), 'accepted phone=accepted -> crm', 'again, under a greater version than what it shows: an edit');

-- The answer's version alone is no observation of other fields
CALL pg_temp.write('shadow');
SELECT is(pg_temp.ack('support', '{"v": 6, "phone": "1"}'), true, 'the version of the write is known');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "1", "email": "b"}'), 'accepted email=accepted,phone=echo -> crm', 'field by field: the other one is an edit');

SELECT * FROM finish();
