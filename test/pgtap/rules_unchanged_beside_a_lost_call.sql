-- What is acknowledged stays remembered while a later call is lost: its webhook, however late,
-- is its sight once, and then writes nothing.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "fields": {"phone": {}}, "window": 0}');
CREATE FUNCTION pg_temp.row_version() RETURNS text LANGUAGE sql AS $$ SELECT ctid::text FROM sync_state WHERE record_key = pg_temp.record_key() $$;
CALL pg_temp.at_rest('T1', '{"phone": "1"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"phone": "2"}'), pg_temp.poll('support'), pg_temp.ack('support', '{"v": 2}');
SELECT pg_temp.saw('crm', '{"phone": "3"}'), pg_temp.poll('support'), pg_temp.nack('support'), pg_temp.saw('crm', '{"phone": "4"}');
CALL pg_temp.at('12:30');
SELECT pg_temp.row_version() AS before \gset
SELECT alike(pg_temp.saw('support', '{"phone": "2", "v": 2}'), 'echo%', 'half an hour late it is the sight of the 2');
SELECT isnt(pg_temp.row_version(), :'before', 'which is noted');
SELECT pg_temp.row_version() AS before \gset
SELECT is(pg_temp.saw('support', '{"phone": "2", "v": 2}'), 'unchanged', 'once');
SELECT is(pg_temp.row_version(), :'before', 'then nothing is written');

SELECT * FROM finish();
