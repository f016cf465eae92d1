-- A system shows a record under another native id.  What comes late of the old one is stale, and
-- takes nothing back: not the id either, by which the record could be deleted.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "desk": {"id": "id", "version": "v", "deleted": "gone"}}, "fields": {"phone": {}}, "window": "0"}');
CALL pg_temp.at('10:00');
SELECT is(pg_temp.came('crm', '{"record_key": "1", "phone": "1"}'), '1 accepted -> desk', 'a record');
CALL pg_temp.carry('desk');
SELECT is(pg_temp.came('desk', '{"record_key": "1", "id": "d1", "phone": "1", "v": 8}'), '1 echo', 'which desk shows');
SELECT is(pg_temp.came('desk', '{"record_key": "1", "id": "d2", "phone": "2", "v": 9}'), '1 accepted -> crm', 'and then under another id');
SELECT is(pg_temp.links('desk'), 'd2=1', 'that takes the place of the first');
SELECT is(pg_temp.came('desk', '{"record_key": "1", "id": "d1", "phone": "1", "v": 8}'), '1 stale', 'a webhook from before');
SELECT is(pg_temp.links('desk'), 'd2=1', 'does not bring it back');
SELECT is((SELECT native_id FROM sync_shadow WHERE system = 'desk'), 'd2', 'nothing goes there under it');
SELECT is(pg_temp.came('desk', '{"record_key": "1", "id": "d1", "gone": true, "v": 10}'), '1 stale', 'nor is it the record that goes when it is deleted');
SELECT is((SELECT deleted FROM sync_record), false, 'the record lives');
SELECT is(pg_temp.came('desk', '{"record_key": "1", "id": "d3", "phone": "2", "v": 9}'), '1 unchanged', 'a version that is no older');
SELECT is(pg_temp.links('desk'), 'd3=1', 'brings another id');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

SELECT * FROM finish();
