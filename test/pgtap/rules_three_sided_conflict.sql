-- Three systems, three values: one row that holds every value that each side showed.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "email": {}}}');

-- The crm sets phone 1, support 2, the shop 3, none of which has seen another's.
CREATE PROCEDURE pg_temp.collide(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.saw('support', '{"phone": "2"}');
	PERFORM pg_temp.saw('shop', '{"phone": "3"}');
END
$$;

CREATE FUNCTION pg_temp.side(system text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT sides->system FROM sync_conflict WHERE record_key = pg_temp.record_key()
$$;

CALL pg_temp.at_rest('grows', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> shop,support', 'one');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'another');
SELECT is(pg_temp.saw('shop', '{"phone": "3"}'), 'conflict phone=conflict', 'and a third');
SELECT is((SELECT concat_ws(' ', count(*), max(revision)) FROM sync_conflict WHERE record_key = 'grows'), '1 2', 'one row, its second revision');
SELECT is(pg_temp.conflicts(), 'phone collision open: "1" (crm) against "3" (shop)', 'against the latest side');
SELECT is((SELECT base_value FROM sync_conflict WHERE record_key = 'grows'), '"0"', 'with what it was before');
SELECT is(pg_temp.side('support'), '["2"]', 'the first side keeps its value');
SELECT is(pg_temp.side('shop'), '["3"]', 'the second too');
SELECT is(pg_temp.saw('support', '{"phone": "4"}'), 'conflict phone=conflict', 'a side shows a further value');
SELECT is(pg_temp.side('support'), '["2", "4"]', 'both stand, oldest first');
SELECT is(pg_temp.saw('support', '{"phone": "4"}'), 'unchanged', 'shown again it is nothing new');
SELECT is((SELECT revision FROM sync_conflict WHERE record_key = 'grows'), 3, 'no revision more');
SELECT is(pg_temp.saw('crm', '{"phone": "5"}') ~ '->', false, 'the author of the current value edits it further: nothing goes out');
SELECT is((SELECT concat_ws(' ', current_value, current_system) FROM sync_conflict WHERE record_key = 'grows'), '"5" crm', 'the current value moves');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'grows'), 0::bigint, 'nothing waits for anyone');
SELECT is(pg_temp.saw('shop', '{"email": "b"}'), 'accepted email=accepted -> crm,support', 'the other field goes on');

-- Each side may win, with its last value; the others are told
CREATE FUNCTION pg_temp.wins(winner text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.collide('wins: ' || winner);
	PERFORM pg_temp.saw('shop', '{"phone": "33"}');
	PERFORM sync_resolve(pg_temp.open_conflict(), winner => wins.winner);
	RETURN concat_ws(', ', pg_temp.golden()->>'phone', 'crm ' || pg_temp.poll('crm'), 'support ' || pg_temp.poll('support'), 'shop ' || pg_temp.poll('shop'));
END
$$;
SELECT is(pg_temp.wins('crm'), '1, support update {"phone": "1"}, shop update {"phone": "1"}', 'the crm wins');
SELECT is(pg_temp.wins('support'), '2, crm update {"phone": "2"}, shop update {"phone": "2"}', 'support wins');
SELECT is(pg_temp.wins('shop'), '33, crm update {"phone": "33"}, support update {"phone": "33"}', 'the shop wins');

-- It closes when all show the current value, not before
CALL pg_temp.collide('closes');
SELECT is(pg_temp.saw('support', '{"phone": "1"}') ~ '->', false, 'one gives in');
SELECT is((SELECT status FROM sync_conflict WHERE record_key = 'closes'), 'open', 'one is still of another mind');
SELECT is(pg_temp.saw('shop', '{"phone": "1"}') ~ '->', false, 'until it gives in too');
SELECT is((SELECT status FROM sync_conflict WHERE record_key = 'closes'), 'resolved', 'nothing is left to decide');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'closes'), 0::bigint, 'nor to send');
SELECT is(pg_temp.side('support') @> '["2"]' AND pg_temp.side('shop') @> '["3"]', true, 'what was shown is remembered');

-- A third system that showed nothing gets nothing while the other two are of two minds, and the decision then
CALL pg_temp.at_rest('third is quiet', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> shop,support', 'one edits');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'another too');
SELECT is(pg_temp.poll('shop'), NULL, 'what waited for the third is taken back');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'decided');
SELECT is(pg_temp.poll('shop'), 'update {"phone": "2"}', 'it gets the decision');

SELECT * FROM finish();
