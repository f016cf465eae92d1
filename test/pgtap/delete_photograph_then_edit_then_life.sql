-- A late photograph of what our delete removed does not make the delete forgotten: decided
-- for life, the record is created again where that was acked.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "window": "0 seconds"}');
CALL pg_temp.at_rest('T1', '{"phone": "1"}', 'crm', 'support');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{T1}')), 'accepted', 'crm deletes');
SELECT is(pg_temp.poll('support'), 'delete {}', 'and so does support');
SELECT pg_temp.ack('support');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo', 'a photograph from before');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'held phone=held', 'and an edit, from before or after');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'it lives as support shows it');
SELECT is(pg_temp.waits('support'), 'create {"phone": "2"}', 'and is created again where our delete was acked');

SELECT * FROM finish();
ROLLBACK;
