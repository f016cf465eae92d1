-- Fields of a group collide as one: an address is never half of each.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"],
	"fields": {"street": {"group": "address"}, "city": {"group": "address"}, "phone": {}}}');

-- Both show street A in city a; at 12:00 the crm moves to street B.
CREATE PROCEDURE pg_temp.crm_moves(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"street": "A", "city": "a", "phone": "0"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"street": "B"}');
END
$$;

CALL pg_temp.crm_moves('other field');
SELECT is(pg_temp.saw('support', '{"city": "b"}'), 'conflict city=conflict', 'the city, edited where the new street was not seen, collides');
SELECT is(pg_temp.conflicts(), 'address collision open: {"city": "a", "street": "B"} (crm) against {"city": "b", "street": "A"} (support)',
	'as whole addresses');
SELECT is((SELECT base_value FROM sync_conflict WHERE id = pg_temp.open_conflict()), '{"city": "a", "street": "A"}', 'both began with the same one');
SELECT is((SELECT sides FROM sync_conflict WHERE id = pg_temp.open_conflict()),
	'{"crm": [{"city": "a", "street": "B"}], "support": [{"city": "b", "street": "A"}]}', 'each side is an address');
SELECT is(pg_temp.golden() - 'phone', '{"city": "a", "street": "B"}', 'the golden address stays');
SELECT is(pg_temp.waits('support'), NULL, 'the street that waited is frozen');
SELECT is(pg_temp.waits('crm'), NULL, 'nothing goes anywhere');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'other fields go on');

CALL pg_temp.crm_moves('same payload');
SELECT is(pg_temp.saw('support', '{"street": "A", "city": "b"}'), 'conflict city=conflict', 'whether it shows the street or not');

CALL pg_temp.crm_moves('both fields');
SELECT is(pg_temp.saw('support', '{"street": "C", "city": "b"}'), 'conflict city=conflict,street=conflict', 'both fields collide alike');
SELECT is((SELECT count(*) FROM sync_conflict WHERE record_key = 'both fields'), 1::bigint, 'in one row');

CALL pg_temp.crm_moves('same street');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"street": "B", "city": "b"}'), 'accepted city=accepted,street=agreed -> crm',
	'an address that names the new street itself overlooks nothing');
SELECT is(pg_temp.golden() - 'phone', '{"city": "b", "street": "B"}', 'and stands whole');

-- The other order: the city first, the street unseen
CALL pg_temp.at_rest('other order', '{"street": "A", "city": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"city": "b"}'), 'accepted city=accepted -> crm', 'support moves to another city');
SELECT is(pg_temp.saw('crm', '{"street": "B"}'), 'conflict street=conflict', 'and the crm''s street collides');
SELECT is(pg_temp.conflicts(), 'address collision open: {"city": "b", "street": "A"} (support) against {"city": "a", "street": "B"} (crm)',
	'with the sides swapped');

-- In flight: a street that is being written is not seen yet
CALL pg_temp.crm_moves('in flight');
SELECT is(pg_temp.poll('support'), 'update {"street": "B"}', 'the street is on its way');
SELECT is(pg_temp.saw('support', '{"street": "B", "city": "b"}'), 'conflict city=conflict,street=echo', 'a city beside its echo was typed over the old one');
SELECT is(pg_temp.ack('support'), true, 'the street is acknowledged');
SELECT is(pg_temp.conflicts(), 'address collision open: {"city": "a", "street": "B"} (crm) against {"city": "b", "street": "B"} (support)', 'and nothing is guessed');

-- Seen, and past the window: an edit
CALL pg_temp.crm_moves('seen');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.saw('support', '{"city": "b"}'), 'accepted city=accepted -> crm', 'what was seen does not collide');
SELECT is(pg_temp.waits('crm'), 'update {"city": "b"}', 'and only what differs goes out');

-- A field that nobody ever set collides with what another set of its group
SELECT sync_diff('crm', 'contact', '{"record_key": "half", "street": "B"}');
CALL pg_temp.deliver('support');
SELECT sync_diff('crm', 'contact', '{"record_key": "half", "street": "C"}');
SELECT is((SELECT detail FROM sync_diff('support', 'contact', '{"record_key": "half", "city": "b"}')), 'city: crm changed it too (v2), unseen here', 'the newest word on the group is named');

SELECT * FROM finish();
