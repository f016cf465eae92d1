-- The window of a group is opened by any of its fields; what is held is held as one.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"],
	"fields": {"street": {"group": "address"}, "city": {"group": "address"}, "phone": {}}}');

-- All show street A in city a; at 12:00 the crm moves to street B, which all show.
CREATE PROCEDURE pg_temp.crm_move_is_seen(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"street": "A", "city": "a", "phone": "0"}', 'crm', 'support', 'billing');
	PERFORM pg_temp.saw('crm', '{"street": "B"}');
	CALL pg_temp.deliver('support', 'billing');
END
$$;

CALL pg_temp.crm_move_is_seen('held');
CALL pg_temp.at('12:00:30');
SELECT is(pg_temp.saw('support', '{"city": "b"}'), 'held city=held', 'the city is held, as the street is new');
SELECT is(pg_temp.conflicts(), 'address bounce open: {"city": "a", "street": "B"} (crm) against {"city": "b", "street": "B"} (support)', 'as an address');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> billing,crm', 'other fields have their own window');

-- A third system, and the author's further edits
SELECT is(pg_temp.saw('billing', '{"street": "C"}'), 'held street=held', 'another side joins');
SELECT is(pg_temp.saw('crm', '{"city": "c"}'), 'held city=held', 'the author moves the golden address, held like the rest');
SELECT is(pg_temp.golden() - 'phone', '{"city": "c", "street": "B"}', 'whole');
SELECT is((SELECT sides FROM sync_conflict WHERE id = pg_temp.open_conflict()),
	'{"crm": [{"city": "a", "street": "B"}, {"city": "c", "street": "B"}], "support": [{"city": "b", "street": "B"}], "billing": [{"city": "a", "street": "C"}]}',
	'all that was shown stands in one row');
SELECT is((SELECT revision FROM sync_conflict WHERE id = pg_temp.open_conflict()), 3, 'a revision for each');
SELECT is((SELECT current_value FROM sync_conflict WHERE id = pg_temp.open_conflict()), '{"city": "c", "street": "B"}', 'the current one is the author''s');
SELECT is((SELECT incoming_value FROM sync_conflict WHERE id = pg_temp.open_conflict()), '{"city": "a", "street": "C"}', 'the incoming one the latest side''s');
SELECT is(pg_temp.waits('support') || pg_temp.waits('billing'), NULL, 'nothing of it waits for anyone');

-- It closes when all show the same
SELECT alike(pg_temp.saw('support', '{"city": "c"}'), 'agreed city=agreed%', 'support gives in');
SELECT is((SELECT status FROM sync_conflict WHERE field = 'address' AND record_key = 'held'), 'open', 'one side is not all');
SELECT alike(pg_temp.saw('billing', '{"street": "B"}'), 'agreed street=agreed%', 'billing gives in in its street');
SELECT is((SELECT status FROM sync_conflict WHERE field = 'address' AND record_key = 'held'), 'open', 'but it still shows the old city');
SELECT alike(pg_temp.saw('billing', '{"city": "c"}'), 'agreed city=agreed%', 'and in its city');
SELECT is((SELECT status || ' ' || resolution || ' ' || resolved_value::text FROM sync_conflict WHERE field = 'address' AND record_key = 'held'),
	'resolved agreed {"city": "c", "street": "B"}', 'then all agree');

CALL pg_temp.crm_move_is_seen('later');
CALL pg_temp.at('12:01');
SELECT is(pg_temp.saw('support', '{"city": "b"}'), 'accepted city=accepted -> billing,crm', 'after the window an edit is an edit');
CALL pg_temp.at('12:01:30');
SELECT is(pg_temp.saw('billing', '{"street": "C"}'), 'conflict street=conflict', 'and the next one has not seen it');

SELECT * FROM finish();
