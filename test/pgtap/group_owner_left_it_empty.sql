-- A field of an owner's group that the owner left empty is empty by its word.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {
	"street": {"group": "address", "owner": "crm"}, "city": {"group": "address", "owner": "crm"}}}');
CALL pg_temp.at_rest('T1', '{"street": "Main", "city": null}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"street": "Main", "city": "Bonn"}'), 'overruled city=overruled -> support', 'what support adds goes back');
SELECT is(pg_temp.poll('support'), 'update {"city": null}', 'to empty');
SELECT pg_temp.ack('support');
SELECT is(pg_temp.shows('support'), '{"city": null, "street": "Main"}', 'and the address is what the owner says');

SELECT * FROM finish();
ROLLBACK;
