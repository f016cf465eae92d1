-- A field that becomes a set while a text of it waits: the text goes out as it is, and the
-- worker's poll does not fail because of it.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"tags": {}, "name": {}}}');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"tags": "vip", "name": "ann"}'), 'accepted name=accepted,tags=accepted -> support', 'a text');
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"tags": {"type": "set"}, "name": {}}}');
SELECT is((SELECT payload FROM sync_poll('support')), '{"name": "ann", "tags": "vip", "record_key": "T1"}', 'it waits as what it was');

SELECT * FROM finish();
ROLLBACK;
