-- A field that flips between the same values too often is stopped, however green every write was.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

-- One minute after the other, and delivered, the two systems set the phone; what the last one was told.
CREATE FUNCTION pg_temp.flip(phones text, first_minute integer DEFAULT 0, minutes integer DEFAULT 1) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	verdict text;
	editor text := 'crm';
	minute integer := first_minute;
	phone text;
BEGIN
	FOREACH phone IN ARRAY string_to_array(phones, ' ') LOOP
		CALL pg_temp.at('12:' || minute);
		verdict := pg_temp.saw(editor, jsonb_build_object('phone', phone));
		editor := CASE editor WHEN 'crm' THEN 'support' ELSE 'crm' END;
		CALL pg_temp.deliver(editor);
		minute := minute + minutes;
	END LOOP;
	RETURN verdict;
END
$$;

CALL pg_temp.at_rest('five', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.flip('x y x y x y x'), 'accepted phone=accepted -> support', 'five flips of ten minutes pass');
CALL pg_temp.at('12:07');
SELECT is(pg_temp.saw('support', '{"phone": "y"}'), 'held phone=held', 'the sixth is held');
SELECT is(pg_temp.conflicts(), 'phone oscillation open: "x" (crm) against "y" (support)', 'as an oscillation');
SELECT is(pg_temp.golden()->>'phone', 'x', 'the golden value stays');
SELECT is(concat(pg_temp.waits('crm'), pg_temp.waits('support')), '', 'nothing goes anywhere');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'other fields go on');

-- Only a human ends it
SELECT is(pg_temp.saw('support', '{"phone": "z"}'), 'held phone=held', 'a further value is held');
SELECT is(pg_temp.saw('support', '{"phone": "x"}'), 'agreed phone=agreed', 'that all agree');
SELECT is((SELECT status FROM sync_conflict WHERE id = pg_temp.open_conflict()), 'open', 'does not close it');
CALL pg_temp.at('14:00');
SELECT is(pg_temp.saw('crm', '{"phone": "w"}'), 'held phone=held', 'nor does time, nor the author');
SELECT unalike(pg_temp.waits('support'), '%phone%', 'and nothing is sent');
SELECT is((SELECT current_value FROM sync_conflict WHERE id = pg_temp.open_conflict()), '"w"', 'but the row shows it');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'a human decides');
SELECT is(pg_temp.waits('crm'), 'update {"phone": "x"}', 'and it goes on');
CALL pg_temp.deliver('crm');
SELECT is(pg_temp.flip('y x y x y x', 20), 'accepted phone=accepted -> crm', 'counted from the start');

CALL pg_temp.at_rest('slow', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.flip('x y x y x y x y x y x y', 0, 3), 'accepted phone=accepted -> crm', 'slower than max_flips in ten windows is no oscillation');

CALL pg_temp.at_rest('three values', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.flip('x y z x y z x y'), 'accepted phone=accepted -> crm', 'a circle of three is one as well');
CALL pg_temp.at('12:08');
SELECT is(pg_temp.saw('crm', '{"phone": "z"}'), 'held phone=held', 'and stopped as well');

CALL pg_temp.at_rest('new values', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.flip('a b c d e f g h i j'), 'accepted phone=accepted -> crm', 'new values are no flips');

-- One human alone: a few times is nothing, many times is
CALL pg_temp.at_rest('one human', '{"phone": "x"}', 'crm', 'support');
CALL pg_temp.at('12:00');
SELECT alike(pg_temp.saw('crm', jsonb_build_object('phone', p)), 'accepted phone=accepted%', 'to ' || p)
FROM unnest('{y,x,y,x,y,x}'::text[]) AS p;
SELECT is(pg_temp.saw('crm', '{"phone": "y"}'), 'held phone=held', 'until it is too much');
SELECT is(pg_temp.conflicts(), 'phone oscillation open: "x" (crm) against "y" (crm)', 'and needs another human');

-- The policy sets how often, and a window of 0 counts as a minute
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "max_flips": 1, "window": "0"}');
CALL pg_temp.at_rest('once', '{"phone": "x"}', 'crm', 'support');
SELECT is(pg_temp.flip('y x'), 'accepted phone=accepted -> crm', 'one flip');
CALL pg_temp.at('12:09');
SELECT is(pg_temp.saw('crm', '{"phone": "y"}'), 'held phone=held', 'not two');
CALL pg_temp.at_rest('late', '{"phone": "x"}', 'crm', 'support');
SELECT is(pg_temp.flip('y x'), 'accepted phone=accepted -> crm', 'one flip');
CALL pg_temp.at('12:11');
SELECT is(pg_temp.saw('crm', '{"phone": "y"}'), 'accepted phone=accepted -> support', 'ten minutes after it, another one');

SELECT * FROM finish();
