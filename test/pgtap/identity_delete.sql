-- A record that was made anew in a system has another native id there: what is told of the old
-- one does not reach it, in whichever order it comes.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id", "deleted": "gone"}, "support": {"id": "ticket"}}, "fields": {"email": {}}, "window": "0"}');
CALL pg_temp.at('10:00');

SELECT is(pg_temp.came('crm', '{"record_key": "1", "id": "c_1", "email": "a"}'), '1 accepted -> support', 'a record');
CALL pg_temp.carry('support');
SELECT is(pg_temp.came('support', '{"record_key": "1", "ticket": "new 1", "email": "a"}'), '1 echo', 'which both show');
SELECT is(pg_temp.came('crm', '{"record_key": "1", "id": "c_2", "email": "b"}'), '1 accepted -> support', 'made anew under its key');
CALL pg_temp.carry('support');
SELECT is(pg_temp.came('crm', '{"record_key": "1", "id": "c_1", "gone": true}'), '1 stale', 'the delete of the old one comes late: it is not what the record is there');
SELECT is(pg_temp.came('crm', '{"id": "c_1", "gone": true}'), 'crm:c_1 unchanged', 'nor without its key');
SELECT is((SELECT deleted FROM sync_record WHERE record_key = '1'), false, 'the record lives');
SELECT is(pg_temp.came('crm', '{"record_key": "1", "gone": true}', true), '1 accepted -> support', 'a delete by the key alone would reach it');
SELECT is(pg_temp.came('crm', '{"id": "c_2", "gone": true}'), '1 accepted -> support (found by native id c_2)', 'and one by its present id does');

-- In order
SELECT is(pg_temp.came('crm', '{"record_key": "2", "id": "c_3", "email": "a"}'), '2 accepted -> support', 'another record');
SELECT is(pg_temp.came('crm', '{"record_key": "2", "id": "c_3", "gone": true}'), '2 accepted', 'is deleted');
SELECT is(pg_temp.came('crm', '{"record_key": "2", "id": "c_4", "email": "b"}'), '2 accepted -> support', 'and made anew by who deleted it');
SELECT is(pg_temp.links('crm'), 'c_2=1 c_4=2', 'under its new id');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

SELECT * FROM finish();
