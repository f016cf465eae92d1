-- Webhooks of older writes come late: they are no edits, once; seen again nobody can tell.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

-- Both show phone 0; the crm sets phone 1, then phone 2; both are acknowledged, none is shown.
CREATE PROCEDURE pg_temp.write_twice(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
	CALL pg_temp.at('12:00:10');
	PERFORM pg_temp.saw('crm', '{"phone": "2"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
	CALL pg_temp.at('12:05');
END
$$;

CALL pg_temp.write_twice('in order');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the sight of the older write');
SELECT is(pg_temp.shows('support')->>'phone', '2', 'moves no shadow back');
SELECT is(pg_temp.waits('support'), NULL, 'sends nothing back');
SELECT is(pg_temp.waits('crm'), NULL, 'nor on');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'then the sight of the newer one');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'unchanged', 'and all have been seen');
SELECT is(pg_temp.golden()->>'phone', '2', 'the golden value stands');

CALL pg_temp.write_twice('swapped');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'the sight of the newer write');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the older one''s comes after it');
SELECT is(pg_temp.shows('support')->>'phone', '2', 'and moves nothing');
SELECT is(pg_temp.waits('support'), NULL, 'and sends nothing');

CALL pg_temp.write_twice('seen again');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'a late echo, once');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'the target has moved on');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'held phone=held', 'the older value again: an edit or one more late webhook, nobody can tell');
SELECT is(pg_temp.conflicts(), 'phone bounce open: "2" (crm) against "1" (support)', 'so a human is asked');
SELECT is(pg_temp.waits('support'), NULL, 'and nothing is sent');

CALL pg_temp.write_twice('much later');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'a late echo, once');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'the target has moved on');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> crm', 'past the echo window the older value is an edit');

-- The value that a write replaced
CREATE PROCEDURE pg_temp.write_once(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
	CALL pg_temp.at('12:05');
END
$$;

CALL pg_temp.write_once('replaced');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'what the write replaced, before its sight: a photograph of before');
SELECT is(pg_temp.shows('support')->>'phone', '1', 'it moves nothing');
SELECT is(pg_temp.waits('support'), NULL, 'and nothing is sent');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the sight follows');

CALL pg_temp.write_once('replaced, and again');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'what the write replaced is a late echo, once');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the sight of the write');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'held phone=held', 'then once more what it replaced: late, or typed back, nobody can tell');
SELECT is(pg_temp.conflicts(), 'phone bounce open: "1" (crm) against "0" (support)', 'so a human is asked');

CALL pg_temp.write_once('typed back');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the sight of the write');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'accepted phone=accepted -> crm', 'in order: who saw the write has typed the old value back');

CALL pg_temp.write_once('replaced, much later');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the sight of the write');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'accepted phone=accepted -> crm', 'as long after as may be');

-- A late echo is subtracted from an edit of another field as any echo
CALL pg_temp.write_twice('with an edit');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "b"}'), 'accepted email=accepted,phone=echo -> crm', 'a late echo and an edit in one payload');
SELECT is(pg_temp.waits('crm'), 'update {"email": "b"}', 'only the edit goes on');

-- A value that no write of ours held is no late echo
CALL pg_temp.write_twice('foreign');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'conflict phone=conflict', 'another value is an edit that had not seen ours');

SELECT * FROM finish();
