-- The winner of a group's conflict may hold nothing in a field that only the other side shows:
-- it is empty by the decision, and the other side is told.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"city": {"group": "address"}, "street": {"group": "address"}}, "window": "0 seconds"}');
CALL pg_temp.at_rest('T1', '{"street": "Main", "city": null}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"street": "High"}'), 'accepted street=accepted -> support', 'crm moves');
SELECT is(pg_temp.saw('support', '{"street": "Main", "city": "Bonn"}'), 'conflict city=conflict', 'support, which has not seen that, adds the city');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'crm wins');
SELECT is(pg_temp.poll('support'), 'update {"city": null, "street": "High"}', 'the city goes');

SELECT * FROM finish();
ROLLBACK;
