-- A record is deleted in a system while our create is on its way there: the create lands
-- after that, so the record is there again, and is not created a second time.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "fields": {"phone": {}, "name": {}}}');
CALL pg_temp.at('12:00');
SELECT pg_temp.saw('crm', '{"phone": "1", "name": "ann"}');
SELECT is(pg_temp.poll('support'), 'create {"name": "ann", "phone": "1"}', 'a create is on its way');
SELECT is(pg_temp.saw('support', '{"phone": "2", "name": "bob", "v": 1}'), 'conflict name=conflict,phone=conflict', 'where somebody has just made the same record');
SELECT is((SELECT verdict FROM sync_delete('support', 'contact', '{T1}')), 'conflict', 'and deletes it');
SELECT is(pg_temp.ack('support', '{"phone": "1", "name": "ann", "v": 3}'), true, 'the create has landed');
SELECT alike(pg_temp.saw('support', '{"phone": "1", "name": "ann", "v": 3}'), 'echo%', 'and is shown');
SELECT is((SELECT existence FROM sync_shadow WHERE system = 'support'), 'there', 'the record is there');
SELECT is(sync_resolve((SELECT id FROM sync_conflict WHERE kind = 'delete'), winner => 'crm'), true, 'it lives on as crm shows it');
SELECT is(pg_temp.poll('support'), 'update {"name": "ann", "phone": "1"}', 'no second create: what was crossed is written once more');

SELECT * FROM finish();
ROLLBACK;
