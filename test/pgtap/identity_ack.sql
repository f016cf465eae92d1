-- An ack says whom a native id names: it may link what was held, and where the id names
-- another record already, a human must say.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"id": "ticket"}}, "fields": {"email": {}, "phone": {}}, "match_on": ["email"], "window": "0"}');
CREATE TEMP TABLE claim_of (n serial, id bigint, lease bigint, action text, record_key text, native_id text);
CREATE FUNCTION pg_temp.claim() RETURNS text LANGUAGE sql AS $$
	WITH polled AS (INSERT INTO claim_of (id, lease, action, record_key, native_id)
		SELECT id, lease, action, record_key, native_id FROM sync_poll('support', 1000) RETURNING *)
	SELECT string_agg(concat_ws(' ', action, record_key, native_id), '; ' ORDER BY record_key) FROM polled
$$;
CREATE FUNCTION pg_temp.answered(of_key text, native_id text, result jsonb DEFAULT NULL) RETURNS boolean LANGUAGE sql AS $$
	SELECT sync_ack(id, lease, answered.native_id, result) FROM claim_of WHERE record_key = of_key ORDER BY n DESC LIMIT 1
$$;

-- The target knew it already, and answers with that record's id
CALL pg_temp.at('10:00');
SELECT is(pg_temp.came('support', '{"ticket": "t_1", "email": "a"}'), 'support:t_1 accepted -> crm', 'a record of the target');
SELECT is(pg_temp.came('crm', '{"record_key": "1", "email": "b"}'), '1 accepted -> support', 'and one of the crm');
SELECT is(pg_temp.claim(), 'create 1', 'is created there');
SELECT is(pg_temp.answered('1', 't_1'), true, 'which is acknowledged, with the id of the other one');
SELECT is((SELECT count(*) FROM sync_ledger WHERE record_key = '1'), 1::bigint, 'the write has crossed');
SELECT is(pg_temp.links('support'), 't_1=support:t_1', 'the id names whom it named');
SELECT is(pg_temp.doubts(), '1 r1 ["support:t_1", "1"] {"email": "b", "phone": null} of {"support": [{"email": "b", "phone": null}]}', 'a conflict says which two');
SELECT is(pg_temp.came('support', '{"ticket": "t_1", "email": "c"}'), 'support:t_1 conflict (native id t_1: its native id is in open conflict)', 'what comes under that id is held');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"1"'), true, 'it is the one that was created');
SELECT is(pg_temp.links('support'), 't_1=1', 'the id names it');
SELECT is((SELECT concat_ws(' ', field, kind, status, current_value, incoming_value) FROM sync_conflict WHERE record_key = '1' AND kind <> 'duplicate'), 'email collision open "b" "c"', 'and what was held is decided on it: who wrote it had not seen what was sent');
SELECT is((SELECT existence FROM sync_shadow WHERE record_key = 'support:t_1' AND system = 'support'), 'left out', 'the other one is left out there');

-- The same, and nothing came meanwhile: the answer is no sight
SELECT is(pg_temp.came('support', '{"ticket": "t_2", "email": "d"}'), 'support:t_2 accepted -> crm', 'a record of the target');
SELECT is(pg_temp.came('crm', '{"record_key": "2", "email": "e"}'), '2 accepted -> support', 'and one of the crm');
SELECT is(pg_temp.claim(), 'create 2', 'is created there');
SELECT is(pg_temp.answered('2', 't_2', '{"ticket": "t_2", "email": "e"}'), true, 'and answered with the other one''s id');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"2"'), true, 'it is the one that was created');
SELECT is(pg_temp.came('support', '{"ticket": "t_2", "email": "e"}'), '2 echo (found by native id t_2)', 'its webhook is still the sight of the write');

-- ... or it is the other one
SELECT is(pg_temp.came('support', '{"ticket": "t_3", "email": "f"}'), 'support:t_3 accepted -> crm', 'a record of the target');
SELECT is(pg_temp.came('crm', '{"record_key": "3", "email": "g"}'), '3 accepted -> support', 'and one of the crm');
SELECT is(pg_temp.claim(), 'create 3', 'is created there');
SELECT is(pg_temp.answered('3', 't_3'), true, 'and answered with the other one''s id');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"support:t_3"'), true, 'the target wrote it over that one');
SELECT is((SELECT data->>'email' FROM sync_record WHERE record_key = 'support:t_3'), 'g', 'which shows what was sent');
SELECT is(pg_temp.links('support'), 't_1=1 t_2=2 t_3=support:t_3', 'the id names it as before');

SELECT is((SELECT existence FROM sync_shadow WHERE record_key = '3' AND system = 'support'), 'left out', 'so it made none for the crm''s');
SELECT is(pg_temp.came('crm', '{"record_key": "3", "email": "g2"}'), '3 accepted', 'of which nothing goes there');

-- Edited while it is in doubt
SELECT is(pg_temp.came('support', '{"ticket": "t_7", "email": "j"}'), 'support:t_7 accepted -> crm', 'a record of the target');
SELECT is(pg_temp.came('crm', '{"record_key": "7", "email": "k"}'), '7 accepted -> support', 'and one of the crm');
SELECT is(pg_temp.claim(), 'create 7', 'is created there');
SELECT is(pg_temp.came('crm', '{"record_key": "7", "email": "l"}'), '7 accepted -> support', 'and edited');
SELECT is(pg_temp.answered('7', 't_7'), true, 'the create is answered with the other one''s id');
SELECT is(pg_temp.claim(), NULL, 'nobody knows where the edit would go');
SELECT is(pg_temp.came('crm', '{"record_key": "7", "email": "m"}'), '7 accepted', 'nor the next');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"7"'), true, 'the id is the crm''s');
SELECT is(pg_temp.claim(), 'update 7 t_7', 'so the edit goes there');
SELECT is(pg_temp.answered('7', 't_7'), true, 'and lands');
SELECT is(pg_temp.came('support', '{"ticket": "t_7", "email": "n"}'), '7 conflict (found by native id t_7)', 'an edit that had not seen it');

-- In doubt before the answer comes
SELECT is(pg_temp.came('crm', '{"record_key": "4", "email": "h"}'), '4 accepted -> support', 'a record');
SELECT is(pg_temp.came('crm', '{"record_key": "5", "email": "h"}'), '5 accepted -> support', 'and one like it');
SELECT is(pg_temp.claim(), 'create 4; create 5', 'are created');
SELECT is(pg_temp.came('support', '{"ticket": "t_4", "email": "h"}'), 'support:t_4 conflict (native id t_4: email of several records)', 'a webhook may be of either');
SELECT is(pg_temp.came('support', '{"ticket": "t_4", "phone": "4"}'), 'support:t_4 conflict (native id t_4: its native id is in open conflict)', 'so may an edit');
SELECT is(pg_temp.answered('4', 't_4'), true, 'the answer says whose it is');
SELECT is((SELECT concat_ws(' ', status, resolution, resolved_value) FROM sync_conflict WHERE record_key = 'support:t_4'), 'resolved acknowledged "4"', 'which decides it');
SELECT is((SELECT data->>'phone' FROM sync_record WHERE record_key = '4'), '4', 'what was held is decided on that record');
SELECT is(pg_temp.came('support', '{"ticket": "t_5", "email": "h"}'), '5 echo (matched on email)', 'the other one is the only one left');
SELECT is(pg_temp.answered('5', 't_5'), true, 'as its answer says too');

-- What is no id
SELECT is(pg_temp.came('crm', '{"record_key": "6", "email": "i"}'), '6 accepted -> support', 'a record');
SELECT is(pg_temp.claim(), 'create 6', 'is created');
SELECT throws_ok(format('SELECT pg_temp.answered(%L, %L)', '6', repeat('n', 1001)), '22023', 'the native id is longer than 1000 bytes', 'an id that is none');
SELECT is(pg_temp.answered('6', ''), true, 'an empty one says nothing');
SELECT is((SELECT native_id FROM sync_shadow WHERE record_key = '6' AND system = 'support'), NULL, 'none is known');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

SELECT * FROM finish();
