-- What is held was shown, and then deleted there.  Linked to a record that the system did not show
-- otherwise, it is shown and then deleted: the delete was lost, and the record created there anew.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"id": "id", "deleted": "gone"}}, "fields": {"email": {}, "phone": {}}, "match_on": ["email"], "window": "0"}');
CALL pg_temp.at('10:00');
CREATE FUNCTION pg_temp.state(of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', CASE WHEN deleted THEN 'dead' ELSE 'living' END, data->>'phone') FROM sync_record WHERE record_key = of_key
$$;
CREATE FUNCTION pg_temp.shown(of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', existence, native_id) FROM sync_shadow WHERE record_key = of_key AND system = 'support'
$$;

-- Several may be meant
SELECT is((SELECT count(*) FROM pg_temp.came('crm', '[{"record_key": "1", "email": "a", "phone": "1"}, {"record_key": "2", "email": "a", "phone": "2"}]')), 2::bigint, 'two records, which wait for support');
SELECT is(pg_temp.came('support', '{"id": "s_1", "email": "a", "phone": "1"}'), 'support:s_1 conflict (native id s_1: email of several records)', 'support shows one of them');
SELECT is(pg_temp.came('support', '{"id": "s_1", "gone": true}'), 'support:s_1 conflict (native id s_1: its native id is in open conflict)', 'and deletes it');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"1"'), true, 'it is the first');
SELECT is(pg_temp.state('1'), 'dead 1', 'which is deleted');
SELECT is(pg_temp.shown('1'), 'gone s_1', 'as it is there');
SELECT is(pg_temp.waiting('crm'), 'delete 1 {}', 'and in the other system');
SELECT is(pg_temp.waiting('support'), 'create 2 {"email": "a", "phone": "2"}', 'nothing is created in its place');
SELECT is(pg_temp.came('support', '{"id": "s_1", "gone": true}'), '1 unchanged (found by native id s_1)', 'told again it is no news');
CALL pg_temp.carry('crm');
CALL pg_temp.carry('support');

-- ... with a value that the record has not: it is asked first
SELECT is((SELECT count(*) FROM pg_temp.came('crm', '[{"record_key": "3", "email": "b", "phone": "3"}, {"record_key": "4", "email": "b", "phone": "4"}]')), 2::bigint, 'two records');
SELECT is(pg_temp.came('support', '{"id": "s_3", "email": "b", "phone": "33"}'), 'support:s_3 conflict (native id s_3: email of several records)', 'support shows one of them otherwise');
SELECT is(pg_temp.came('support', '{"id": "s_3", "gone": true}'), 'support:s_3 conflict (native id s_3: its native id is in open conflict)', 'and deletes it');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"3"'), true, 'it is the first');
SELECT is(pg_temp.state('3'), 'living 3', 'which lives');
SELECT is((SELECT string_agg(concat_ws(' ', kind, incoming_value), ', ' ORDER BY kind) FROM sync_conflict WHERE record_key = '3' AND status = 'open'), 'delete, drift "33"', 'until somebody decides on the delete');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = '3'), 0::bigint, 'nothing goes out meanwhile');

-- The answer to a create named another record's object, which was deleted then
SELECT is(pg_temp.came('support', '{"id": "s_5", "email": "c", "phone": "5"}'), 'support:s_5 accepted -> crm', 'a record of support');
CALL pg_temp.carry('crm');
SELECT is(pg_temp.came('crm', '{"record_key": "6", "email": "d", "phone": "6"}'), '6 accepted -> support', 'one of crm');
DO $$ BEGIN PERFORM sync_ack(id, lease, CASE record_key WHEN '6' THEN 's_5' ELSE 'new ' || record_key END) FROM sync_poll('support'); END $$;
SELECT is(pg_temp.came('support', '{"id": "s_5", "gone": true}'), 'support:s_5 conflict (native id s_5: its native id is in open conflict)', 'the object is deleted');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"6"'), true, 'it was that of the second');
SELECT is(pg_temp.state('6') || ', ' || pg_temp.state('support:s_5'), 'dead 6, living 5', 'which is deleted, and not the first');
SELECT is(pg_temp.waiting('crm'), 'delete 6 {}', 'everywhere');

-- What was deleted was a copy: the record has another object there, which lives
SELECT is((SELECT count(*) FROM pg_temp.came('crm', '[{"record_key": "7", "email": "e", "phone": "7"}, {"record_key": "8", "email": "e", "phone": "8"}]')), 2::bigint, 'two records');
SELECT is(pg_temp.came('support', '{"id": "s_7", "email": "e", "phone": "7"}'), 'support:s_7 conflict (native id s_7: email of several records)', 'support shows one of them, made by hand');
CALL pg_temp.carry('support');
SELECT is(pg_temp.shown('7'), 'there new 7', 'which is created there, too');
SELECT is(pg_temp.came('support', '{"id": "s_7", "gone": true}'), 'support:s_7 conflict (native id s_7: its native id is in open conflict)', 'the one made by hand is deleted');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"7"'), true, 'it was the first, a human says');
SELECT is(pg_temp.state('7'), 'living 7', 'which lives');
SELECT is(pg_temp.shown('7'), 'there new 7', 'there, too');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = '7'), 0::bigint, 'nothing is deleted, and nothing created again');
SELECT is(pg_temp.came('support', '{"id": "s_7", "gone": true}'), 'support:s_7 unchanged', 'told again it is no news');
SELECT is(pg_temp.came('support', '{"id": "new 7", "gone": true}'), '7 conflict (found by native id new 7)', 'the delete of its own object, which was not seen yet, is for a human');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

SELECT * FROM finish();
