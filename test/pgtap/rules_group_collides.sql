-- Fields of one group collide, freeze and resolve together: an address is never half of each.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"],
	"fields": {"street": {"group": "address"}, "city": {"group": "address"}, "phone": {}}}');

CREATE PROCEDURE pg_temp.collide(record_key text, by_crm jsonb, by_support jsonb) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"street": "A 1", "city": "Aix", "phone": "0"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', by_crm);
	CALL pg_temp.at('12:10');
	PERFORM pg_temp.saw('support', by_support);
END
$$;

-- Whole addresses, and one field each, in both orders
CALL pg_temp.at_rest('halves', '{"street": "A 1", "city": "Aix", "phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"street": "B 2"}'), 'accepted street=accepted -> support', 'the crm moves within the city');
CALL pg_temp.at('12:10');
SELECT alike(pg_temp.saw('support', '{"city": "Bonn"}'), 'conflict %', 'support to another city, without having seen that');
SELECT is((SELECT concat_ws(' ', count(*), min(field), min(kind), min(status)) FROM sync_conflict WHERE record_key = 'halves'), '1 address collision open', 'one row for the group');
SELECT is((SELECT current_value FROM sync_conflict WHERE record_key = 'halves'), '{"street": "B 2", "city": "Aix"}', 'with one address as a whole');
SELECT is((SELECT incoming_value FROM sync_conflict WHERE record_key = 'halves'), '{"street": "A 1", "city": "Bonn"}', 'and the other as a whole');
SELECT is(pg_temp.golden(), '{"street": "B 2", "city": "Aix", "phone": "0"}', 'nothing is mixed');
SELECT is(pg_temp.poll('support'), NULL, 'nothing of it goes out');
SELECT is(pg_temp.poll('crm'), NULL, 'to anyone');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'other fields go on');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'alone');

CALL pg_temp.collide('support wins', '{"street": "B 2"}', '{"city": "Bonn"}');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'support is right');
SELECT is(pg_temp.golden(), '{"street": "A 1", "city": "Bonn", "phone": "0"}', 'its whole address stands');
SELECT is(pg_temp.poll('crm'), 'update {"city": "Bonn", "street": "A 1"}', 'what differs goes in one change-set');
SELECT is(pg_temp.poll('support'), NULL, 'who shows it gets nothing');

CALL pg_temp.collide('crm wins', '{"street": "B 2"}', '{"city": "Bonn"}');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'the crm is right');
SELECT is(pg_temp.golden(), '{"street": "B 2", "city": "Aix", "phone": "0"}', 'its whole address stands');
SELECT is(pg_temp.poll('support'), 'update {"city": "Aix", "street": "B 2"}', 'and goes to the other');
SELECT is(pg_temp.poll('crm'), NULL, 'who shows it gets nothing');

CALL pg_temp.collide('neither', '{"street": "B 2"}', '{"city": "Bonn"}');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => '{"street": "C 3", "city": "Caen"}'), true, 'a third address');
SELECT is(pg_temp.poll('crm'), 'update {"city": "Caen", "street": "C 3"}', 'goes to both');
SELECT is(pg_temp.poll('support'), 'update {"city": "Caen", "street": "C 3"}', 'as a whole');

-- The same field by both, while the other field stays
CALL pg_temp.collide('one field', '{"street": "B 2"}', '{"street": "C 3"}');
SELECT is((SELECT concat_ws(' ', field, current_value, incoming_value) FROM sync_conflict WHERE record_key = 'one field'),
	'address {"city": "Aix", "street": "B 2"} {"city": "Aix", "street": "C 3"}', 'is about the address too');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'support is right');
SELECT is(pg_temp.poll('crm'), 'update {"street": "C 3"}', 'only what differs is sent');

-- Who has seen the other's edit may change the rest; within the window a human looks
CALL pg_temp.at_rest('seen', '{"street": "A 1", "city": "Aix", "phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"street": "B 2"}'), 'accepted street=accepted -> support', 'the crm edits one field');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.saw('support', '{"city": "Bonn"}'), 'accepted city=accepted -> crm', 'support, which has seen it, another one');
SELECT is(pg_temp.poll('crm'), 'update {"city": "Bonn"}', 'what differs is sent');
SELECT is(pg_temp.golden(), '{"street": "B 2", "city": "Bonn", "phone": "0"}', 'this is an address that somebody has seen');
CALL pg_temp.at_rest('window', '{"street": "A 1", "city": "Aix", "phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"street": "B 2"}'), 'accepted street=accepted -> support', 'the crm edits one field');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:00:30');
SELECT alike(pg_temp.saw('support', '{"city": "Bonn"}'), 'held %', 'support another one of the group, within the window');
SELECT is((SELECT concat_ws(' ', field, kind, status) FROM sync_conflict WHERE record_key = 'window'), 'address bounce open', 'the address is held');
SELECT is(pg_temp.saw('support', '{"phone": "5"}'), 'accepted phone=accepted -> crm', 'what is not of the group is not');

-- Both move to the same address
CALL pg_temp.at_rest('same', '{"street": "A 1", "city": "Aix", "phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"street": "B 2", "city": "Bonn"}'), 'accepted city=accepted,street=accepted -> support', 'the crm');
SELECT is(pg_temp.saw('support', '{"street": "B 2", "city": "Bonn"}'), 'agreed city=agreed,street=agreed', 'and support');
SELECT is(pg_temp.poll('support'), NULL, 'at rest');
SELECT is(pg_temp.conflicts(), NULL, 'they agree');

-- All sides show one address in the end
CALL pg_temp.collide('closes', '{"street": "B 2"}', '{"city": "Bonn"}');
SELECT unalike(pg_temp.saw('support', '{"street": "B 2", "city": "Aix"}'), '%->%', 'support takes its edit back and shows the crm''s');
SELECT is((SELECT status FROM sync_conflict WHERE record_key = 'closes'), 'resolved', 'there is nothing left to decide');
SELECT is(pg_temp.poll('support'), NULL, 'nor to send');

SELECT * FROM finish();
