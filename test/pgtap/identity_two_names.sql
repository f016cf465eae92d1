-- A key that names another record than the native id does: no guess, neither is touched.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id", "deleted": "gone"}, "support": {"id": "ticket"}}, "fields": {"email": {}, "phone": {}}, "window": "0"}');
CREATE FUNCTION pg_temp.shadow(of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', existence, native_id) FROM sync_shadow WHERE record_key = of_key AND system = 'crm'
$$;
CREATE FUNCTION pg_temp.golden_of(of_key text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT data FROM sync_record WHERE record_key = of_key
$$;

-- Both are records
CALL pg_temp.at('10:00');
SELECT is(pg_temp.came('crm', '{"record_key": "1", "id": "c_1", "email": "a"}'), '1 accepted -> support', 'a record');
SELECT is(pg_temp.came('crm', '{"record_key": "2", "id": "c_2", "email": "b"}'), '2 accepted -> support', 'and another');
SELECT is(pg_temp.came('crm', '{"record_key": "2", "id": "c_1", "email": "z"}'), '2 conflict (native id c_1: its key and its native id name two records)', 'the key of one, the native id of the other');
SELECT is(pg_temp.doubts(), '2 r1 ["1", "2"] {"email": "z"} of {"crm": [{"email": "z"}]}', 'a conflict of both');
SELECT is(pg_temp.golden_of('1')->>'email' || (pg_temp.golden_of('2')->>'email'), 'ab', 'neither is touched');
SELECT is(pg_temp.came('crm', '{"id": "c_1", "email": "y"}'), 'crm:c_1 conflict (native id c_1: its native id is in open conflict)', 'whatever comes under that id is held');
SELECT is(pg_temp.came('crm', '{"record_key": "1", "phone": "5"}'), '1 accepted -> support', 'what comes under the key alone is not');
SELECT is((SELECT concat_ws(' ', record_key, revision, incoming_value) FROM sync_conflict WHERE id = pg_temp.doubt()), '2 2 {"email": "y"}', 'one row');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"1"'), true, 'it is the one that the native id named');
SELECT is(pg_temp.golden_of('1')->>'email', 'y', 'which it is an edit of');
SELECT is(pg_temp.came('crm', '{"record_key": "2", "id": "c_1", "email": "x"}'), '1 accepted -> support (found by native id c_1)', 'and that is remembered: the same two names are no conflict again');
SELECT is(pg_temp.came('crm', '{"record_key": "3", "id": "c_1", "email": "w"}'), '3 conflict (native id c_1: its key and its native id name two records)', 'two others are');
SELECT is(sync_resolve(pg_temp.doubt(), winner => 'new'), true, 'a new record');
SELECT is(pg_temp.links('crm'), 'c_1=3 c_2=2', 'has the id now');
SELECT is(pg_temp.golden_of('3')->>'email', 'w', 'and what was shown under it');
SELECT is(pg_temp.shadow('1'), 'left out', 'the one that had it is left out there');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = '1' AND target_system = 'crm'), 0::bigint, 'and is not created there again');

-- A key that nobody knows: a record named by its native id gets a business key later
SELECT is(pg_temp.came('crm', '{"id": "c_5", "email": "e"}'), 'crm:c_5 accepted -> support', 'a record without key');
SELECT is(pg_temp.came('crm', '{"record_key": "5", "id": "c_5", "email": "f"}'), '5 conflict (native id c_5: its key and its native id name two records)', 'gets one');
SELECT is((SELECT count(*) FROM sync_state WHERE record_key = '5'), 0::bigint, 'which is no record');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"crm:c_5"'), true, 'linked');
SELECT is(pg_temp.came('crm', '{"record_key": "5", "id": "c_5", "email": "f"}'), 'crm:c_5 unchanged (found by native id c_5)', 'is found by the id');
SELECT is(pg_temp.came('crm', '{"record_key": "5", "id": "c_5", "email": "g"}'), 'crm:c_5 accepted -> support (found by native id c_5)', 'also with an edit');

-- Deleted meanwhile
SELECT is(pg_temp.came('crm', '{"record_key": "2", "id": "c_5", "email": "h"}'), '2 conflict (native id c_5: its key and its native id name two records)', 'two names');
SELECT is(pg_temp.came('crm', '{"id": "c_5", "gone": true}'), 'crm:c_5 conflict (native id c_5: its native id is in open conflict)', 'and it is deleted there');
SELECT is(pg_temp.came('crm', '{"id": "c_5", "gone": true}'), 'crm:c_5 unchanged (native id c_5: its native id is in open conflict)', 'once');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"crm:c_5"'), true, 'linked');
SELECT is((SELECT deleted FROM sync_record WHERE record_key = 'crm:c_5'), true, 'the delete is decided on the record that it is of');
SELECT is(pg_temp.came('crm', '{"record_key": "3", "id": "c_2", "email": "i"}'), '3 conflict (native id c_2: its key and its native id name two records)', 'two names');
SELECT throws_ok($$ SELECT sync_resolve(pg_temp.doubt(), value => '"crm:c_5"') $$, '55000', 'record "crm:c_5" is deleted', 'a dead record is nobody');
SELECT is(pg_temp.came('support', '{"record_key": "crm:c_5", "ticket": "s_5", "email": "g"}'), 'crm:c_5 held', 'the dead are known by their key');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

SELECT * FROM finish();
