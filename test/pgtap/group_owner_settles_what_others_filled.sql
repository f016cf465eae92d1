-- The owner's next word on a group in conflict settles all of it: what another system put into a
-- field that the owner left empty goes back too.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "window": "0", "fields": {
	"street": {"group": "address", "owner": "crm"}, "city": {"group": "address", "owner": "crm"}}}');

CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('support', '{"street": "A", "city": null, "v": 1}'), 'accepted city=agreed,street=accepted -> crm', 'support has half an address');
SELECT is(pg_temp.poll('crm'), 'create {"street": "A"}', 'crm is told');
SELECT is(pg_temp.ack('crm'), true, 'acknowledged');
SELECT is(pg_temp.saw('crm', '{"street": "A", "city": null}'), 'echo street=echo', 'and shows it');
SELECT is(pg_temp.saw('crm', '{"street": "B", "city": null}'), 'accepted street=accepted -> support', 'the owner edits the street');
SELECT is(pg_temp.poll('support'), 'update {"street": "B"}', 'support is told');
SELECT is(pg_temp.ack('support', '{"v": 4}'), true, 'acknowledged, as its fourth version');
SELECT is(pg_temp.saw('support', '{"street": "C", "city": "b", "v": 3}'), 'conflict city=conflict,street=conflict', 'what a human had typed there before that comes late');
SELECT is(pg_temp.saw('support', '{"street": "B", "city": "b", "v": 4}'), 'echo street=echo', 'our street is there, and the city still');
SELECT is(pg_temp.saw('crm', '{"street": "D", "city": null}'), 'accepted street=accepted -> support', 'the owner edits the street again');
SELECT is(pg_temp.conflicts(), 'address collision resolved: {"city": null, "street": "D"} (crm) against {"city": "b", "street": "B"} (support)', 'that decides');
SELECT is(pg_temp.waits('support'), 'update {"city": null, "street": "D"}', 'and the whole address goes to support');

SELECT * FROM finish();
