-- What is shown in one call under a native id that waits for a human is held as in as many calls:
-- the newest last, by its version where it has one.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id", "version": "v"}, "support": {}}, "fields": {"email": {}}, "window": "0"}');
CALL pg_temp.at('10:00');

-- The native id c_1 of record 1, shown beside the key of record 2
SELECT is(ARRAY(SELECT pg_temp.came('crm', '[{"record_key": "1", "id": "c_1", "email": "a"}, {"record_key": "2", "id": "c_2", "email": "b"}]')),
	ARRAY['1 accepted -> support', '2 accepted -> support'], 'two records');
SELECT alike((SELECT pg_temp.came('crm', '{"record_key": "2", "id": "c_1", "email": "c"}')), '2 conflict%', 'which one is it?');

SELECT is(ARRAY(SELECT split_part(pg_temp.came('crm', '[{"id": "c_1", "email": "d"}, {"id": "c_1", "email": "c"}, {"id": "c_1", "email": "c"}]'), ' ', 2)),
	'{conflict,conflict,unchanged}', 'another value, back again, and the same');
SELECT is(pg_temp.doubts(), '2 r3 ["1", "2"] {"email": "c"} of {"crm": [{"email": "c"}, {"email": "d"}, {"email": "c"}]}', 'the last one counts');

SELECT is(ARRAY(SELECT split_part(pg_temp.came('crm', '[{"id": "c_1", "email": "f", "v": 7}, {"id": "c_1", "email": "e", "v": 5}]'), ' ', 2)),
	'{conflict,conflict}', 'a newer version, and an older one after it');
SELECT is(pg_temp.doubts(), '2 r5 ["1", "2"] {"email": "f"} of {"crm": [{"email": "c"}, {"email": "d"}, {"email": "c"}, {"email": "f"}, {"email": "e"}]}', 'the newer one counts');

SELECT is(sync_resolve(pg_temp.doubt(), value => '"1"'), true, 'it is the first');
SELECT is((SELECT data->>'email' FROM sync_record WHERE record_key = '1'), 'f', 'which takes it');

SELECT * FROM finish();
