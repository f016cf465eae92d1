-- A payload says that its record is deleted, at the system's deleted path; tokens tell an old delete.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"version": "v", "deleted": "meta.archived"}, "support": {"deleted": "gone"}},
	"fields": {"phone": {}, "email": {"required": true}}}');

CALL pg_temp.at_rest('flag', '{"phone": "0", "email": "a", "v": 5}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"v": 5, "phone": "0", "email": "a", "meta": {"archived": false}}'), 'unchanged', 'a flag that is false');
SELECT is(pg_temp.saw('crm', '{"v": 5, "phone": "0", "email": "a", "meta": {"archived": null}}'), 'unchanged', 'one that is null');
SELECT is(pg_temp.saw('crm', '{"v": 5, "phone": "0", "email": "a", "meta": null}'), 'unchanged', 'one that is not there');
SELECT is(pg_temp.life(), 'alive', 'deletes nothing');
SELECT alike(pg_temp.saw('crm', '{"v": 6, "meta": {"archived": true}}'), 'accepted% -> support', 'one that is true does, and may leave out what is required');
SELECT is(pg_temp.life(), 'dead', 'it is dead');
SELECT is(pg_temp.polled('support'), 'delete', 'the other one is told');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"gone": true}'), 'echo', 'and shows it');
SELECT is(pg_temp.saw('support', '{"gone": true}') ~ '^(echo|unchanged)$', true, 'as often as it likes');
SELECT is(pg_temp.saw('crm', '{"v": 6, "meta": {"archived": true}}'), 'unchanged', 'the crm too');
SELECT is(pg_temp.life_conflicts(), NULL, 'nobody has to look');

-- What the row says
CALL pg_temp.at_rest('row', '{"phone": "0", "email": "a", "v": 5}', 'crm', 'support');
SELECT is((SELECT concat_ws(' ', record_key, verdict, action, targets) FROM sync_diff('support', 'contact', '{"record_key": "row", "gone": true}')),
	'row accepted delete {crm}', 'one row, as sync_delete gives it');

-- Old deletes
CALL pg_temp.at_rest('old', '{"phone": "0", "email": "a", "v": 5}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"v": 4, "meta": {"archived": true}}'), 'stale%', 'a delete older than what was shown');
SELECT is(pg_temp.life(), 'alive', 'deletes nothing');
SELECT is(pg_temp.saw('crm', '{"v": 9, "phone": "1"}'), 'accepted phone=accepted -> support', 'one field is newer');
SELECT alike(pg_temp.saw('crm', '{"v": 8, "meta": {"archived": true}}'), 'stale%', 'a delete older than any field');
SELECT is(pg_temp.pending('support'), 'update {"phone": "1"}', 'takes nothing back');
SELECT alike(pg_temp.saw('crm', '{"v": 10, "meta": {"archived": true}}'), 'accepted% -> support', 'a newer one counts');

-- Its token counts for all fields: what is older is stale
SELECT alike(pg_temp.saw('crm', '{"v": 9, "phone": "1", "email": "a"}'), 'stale%', 'a photograph from before the delete');
SELECT alike(pg_temp.saw('crm', '{"v": 8, "phone": "7", "email": "b"}'), 'stale%', 'also of what nobody has seen');
SELECT is(pg_temp.life(), 'dead', 'revives nothing');
SELECT is(pg_temp.life_conflicts(), NULL, 'and asks nobody');
SELECT is(pg_temp.polled('support'), 'delete', 'the delete goes out');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT alike(pg_temp.saw('crm', '{"v": 11, "phone": "2", "email": "b"}'), 'accepted% -> support', 'a newer one creates it again');
SELECT is(pg_temp.life(), 'alive', 'it lives');

-- The same token as the last value's: some systems do not count a delete
CALL pg_temp.at_rest('same', '{"phone": "0", "email": "a", "v": 5}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"v": 5, "meta": {"archived": true}}'), 'accepted% -> support', 'a delete under the token of what was shown is not older');

-- What nobody knows
CALL pg_temp.record('never seen');
SELECT is(pg_temp.saw('crm', '{"v": 1, "meta": {"archived": true}}'), 'unchanged', 'a deleted record that was never there');
SELECT is_empty($$ SELECT 1 FROM sync_record WHERE record_key = 'never seen' $$, 'leaves nothing');

-- In one call with others, in input order
CALL pg_temp.at_rest('pair', '{"phone": "0", "email": "a", "v": 5}', 'crm', 'support');
SELECT is((SELECT string_agg(concat_ws(' ', record_key, verdict, action), ', ' ORDER BY ordinality) FROM sync_diff('crm', 'contact',
	'[{"record_key": "pair", "v": 6, "phone": "1"}, {"record_key": "pair", "v": 7, "meta": {"archived": true}}, {"record_key": "new", "v": 1, "email": "n"}]') WITH ORDINALITY),
	'pair accepted update, pair accepted delete, new accepted create', 'an edit and then its record''s delete');
SELECT is((SELECT string_agg(record_key || ' ' || action, ', ' ORDER BY record_key) FROM sync_outbox WHERE record_key IN ('pair', 'new')), 'new create, pair delete', 'one row each waits');

-- A dry run kills nothing
CALL pg_temp.at_rest('dry', '{"phone": "0", "email": "a", "v": 5}', 'crm', 'support');
SELECT is((SELECT concat_ws(' ', verdict, action, targets) FROM sync_diff('crm', 'contact', '{"record_key": "dry", "v": 6, "meta": {"archived": true}}', dry_run => true)),
	'accepted delete {support}', 'what would happen');
SELECT is(pg_temp.life(), 'alive', 'has not happened');
SELECT is(pg_temp.pending('support'), NULL, 'nor is it sent');

SELECT * FROM finish();
