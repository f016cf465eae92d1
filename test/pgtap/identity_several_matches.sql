-- Several records are equal in the fields of match_on: no guess.  What the system shows is
-- held until a human links it, or makes it a record of its own.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"id": "ticket", "version": "v"}}, "fields": {"email": {}, "phone": {"nulls": "clear"}, "name": {}}, "match_on": ["email"], "window": "0"}');
CALL pg_temp.at('10:00');
DO $$ BEGIN
	PERFORM sync_diff('crm', 'contact', '[{"record_key": "1", "email": "a"}, {"record_key": "2", "email": "a"}, {"record_key": "3", "email": "c"}]');
	CALL pg_temp.carry('support');
	PERFORM sync_diff('crm', 'contact', '[{"record_key": "4", "email": "d"}, {"record_key": "5", "email": "d"}, {"record_key": "6", "email": "e"}, {"record_key": "7", "email": "e"}]');
END $$;
SELECT is(pg_temp.came('support', '{"ticket": "n_1", "email": "a"}'), 'support:n_1 accepted -> crm', 'support knows both by other ids: it is neither');

SELECT is(pg_temp.came('support', '{"ticket": "n_2", "v": "1", "email": "d", "phone": "1"}'), 'support:n_2 conflict (native id n_2: email of several records)', 'two that may be it: a conflict');
SELECT is(pg_temp.doubts(), 'support:n_2 r1 ["4", "5"] {"email": "d", "phone": "1"} of {"support": [{"email": "d", "phone": "1"}]}', 'with the candidates, and what was shown');
SELECT is((SELECT count(*) FROM sync_record WHERE record_key = 'support:n_2'), 0::bigint, 'it is no record');
SELECT is((SELECT string_agg(DISTINCT data->>'email', ',') FROM sync_record WHERE record_key IN ('4', '5')), 'd', 'the two are as they were');
SELECT is(pg_temp.waiting('support'), 'create 4 {"email": "d"}; create 5 {"email": "d"}; create 6 {"email": "e"}; create 7 {"email": "e"}', 'and nobody waits');
SELECT is(pg_temp.came('support', '{"ticket": "n_2", "v": "1", "email": "d"}'), 'support:n_2 unchanged (native id n_2: its native id is in open conflict)', 'the same again is no news');
SELECT is(pg_temp.came('support', '{"ticket": "n_2", "v": "3", "phone": null}'), 'support:n_2 conflict (native id n_2: its native id is in open conflict)', 'a part of it is');
SELECT is(pg_temp.came('support', '{"ticket": "n_2", "v": "2", "phone": "9", "name": "old"}'), 'support:n_2 conflict (native id n_2: its native id is in open conflict)', 'an older payload only says what no newer one did');
SELECT is((SELECT concat_ws(' ', revision, incoming_value) FROM sync_conflict WHERE id = pg_temp.doubt()), '3 {"name": "old", "email": "d", "phone": null}', 'one row, the newest of each field');
SELECT is((SELECT sides FROM sync_conflict WHERE id = pg_temp.doubt()), '{"support": [{"email": "d", "phone": "1"}, {"phone": null}, {"name": "old", "phone": "9"}]}', 'and every object that was shown');

-- Decisions that cannot be
SELECT throws_ok($$ SELECT sync_resolve(pg_temp.doubt()) $$, '22023', NULL, 'neither a winner nor a value');
SELECT throws_ok($$ SELECT sync_resolve(pg_temp.doubt(), winner => 'support') $$, '22023', '"support" decides no conflict of kind "duplicate"', 'a system is no winner');
SELECT throws_ok($$ SELECT sync_resolve(pg_temp.doubt(), value => '4') $$, '22023', NULL, 'a number is no key');
SELECT throws_ok($$ SELECT sync_resolve(pg_temp.doubt(), value => '"44"') $$, '42704', 'there is no record "44"', 'an unknown record');
SELECT is((SELECT count(*) FROM sync_state WHERE record_key = '44'), 0::bigint, 'an error leaves nothing');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"5"', revision => 2), false, 'an older revision: too late');

-- Linked: it is an ordinary observation of that record
SELECT is(sync_resolve(pg_temp.doubt(), value => '"5"', by => 'ada', revision => 3), true, 'linked');
SELECT is((SELECT concat_ws(' ', status, resolution, resolved_value, resolved_by) FROM sync_conflict), 'resolved value "5" ada', 'the row says so');
SELECT is(pg_temp.links('support'), 'n_1=support:n_1 n_2=5 new 1=1 new 2=2 new 3=3', 'the native id names it');
SELECT is((SELECT data FROM sync_record WHERE record_key = '5'), '{"name": "old", "email": "d", "phone": null}', 'what was held is decided on it');
SELECT is(pg_temp.waiting('support'), 'create 4 {"email": "d"}; create 6 {"email": "e"}; create 7 {"email": "e"}', 'which is not created there any more');
SELECT is(pg_temp.came('support', '{"ticket": "n_2", "v": "2", "phone": "9"}'), '5 stale (found by native id n_2)', 'its tokens are known');
SELECT is(pg_temp.came('support', '{"ticket": "n_2", "v": "4", "phone": "9"}'), '5 accepted (found by native id n_2)', 'later ones are ordinary');
SELECT is(sync_resolve((SELECT max(id) FROM sync_conflict), value => '"4"'), false, 'a second decision: too late');

-- A record of its own
SELECT is(pg_temp.came('support', '{"ticket": "n_3", "v": "1", "email": "e", "phone": "3"}'), 'support:n_3 conflict (native id n_3: email of several records)', 'another one');
SELECT is(sync_resolve(pg_temp.doubt(), winner => 'new'), true, 'is new');
SELECT is(pg_temp.came('support', '{"ticket": "n_3", "v": "1", "email": "e", "phone": "3"}'), 'support:n_3 unchanged (found by native id n_3)', 'a record named by its id');
SELECT is((SELECT change_set FROM sync_outbox WHERE record_key = 'support:n_3'), '{"email": "e", "phone": "3"}', 'that goes to the others');
SELECT is((SELECT author FROM sync_blame('contact', 'support:n_3') WHERE field = 'phone'), 'support', 'its author is who showed it');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

SELECT * FROM finish();
