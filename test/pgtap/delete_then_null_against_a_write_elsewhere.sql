-- A write of the old life is on its way to a system that has deleted the record itself.  A null
-- of the new life is news there too: else that write would stay for ever.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "name": {}}, "window": "0 seconds"}');
CALL pg_temp.at_rest('T1', '{"phone": "1", "name": "ann"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"phone": "1", "name": "bob"}');
SELECT is(pg_temp.poll('support'), 'update {"name": "bob"}', 'a name is on its way');
SELECT alike(pg_temp.gone('crm'), 'accepted%', 'crm deletes the record');
SELECT alike(pg_temp.gone('support'), 'agreed%', 'and so does support');
SELECT alike(pg_temp.saw('crm', '{"phone": "2", "name": null}'), 'accepted%', 'crm creates it again, without a name');
SELECT alike(pg_temp.saw('support', '{"phone": "2", "name": null}'), 'agreed%', 'and so does support');
SELECT is(pg_temp.waits('support'), 'update {"name": null}', 'the name that is on its way is taken back');

SELECT * FROM finish();
