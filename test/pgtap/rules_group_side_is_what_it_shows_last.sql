-- A side of a group's conflict is what it shows last, our own write of one field included.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"street": {"group": "address"}, "city": {"group": "address"}}}');

CALL pg_temp.at_rest('T1', '{"street": "A", "city": "Aix"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"street": "B"}'), 'accepted street=accepted -> support', 'the crm edits the street');
SELECT is(pg_temp.poll('support'), 'update {"street": "B"}', 'which is in flight');
CALL pg_temp.at('12:00:40');
SELECT is(pg_temp.saw('support', '{"city": "Bonn"}'), 'conflict city=conflict', 'when support edits the city');
SELECT is(pg_temp.ack('support'), true, 'it has landed');
SELECT alike(pg_temp.saw('support', '{"street": "B", "city": "Bonn"}'), '%street=echo%', 'support shows our street with its city');
SELECT is((SELECT sides #> '{support,-1}' FROM sync_conflict), '{"street": "B", "city": "Bonn"}', 'this is its side now');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'support wins');
SELECT is(pg_temp.golden(), '{"street": "B", "city": "Bonn"}', 'with the address that it shows');
SELECT is(pg_temp.waits('support'), NULL, 'it is not told to change it');
SELECT is(pg_temp.waits('crm'), 'update {"city": "Bonn"}', 'the crm gets the city');

SELECT * FROM finish();
