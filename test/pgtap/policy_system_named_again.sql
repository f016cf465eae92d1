-- A system is taken out of the policy, and named again later: it has not lost its records meanwhile, and
-- none is created there once more. What it showed before is forgotten, so nothing is overwritten blindly.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.configure(systems text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_configure('contact', format('{"systems": {"crm": {}%s}, "fields": {"phone": {}, "email": {}}, "window": "0"}', systems)::jsonb);
END
$$;
CREATE FUNCTION pg_temp.existence(of_system text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', existence, native_id, data) FROM sync_shadow WHERE record_key = pg_temp.record_key() AND system = of_system
$$;

CALL pg_temp.at('10:00');
CALL pg_temp.configure(', "desk": {"id": "id"}, "shop": {}');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '[{"record_key": "touched", "phone": "1"}, {"record_key": "untouched", "phone": "1"},
	{"record_key": "dead", "phone": "1"}]')), 3::bigint, 'records');
CALL pg_temp.carry('desk');
SELECT sync_ack(lease) FROM sync_poll('shop') GROUP BY lease;

CALL pg_temp.record('left out');
SELECT is(pg_temp.loaded('crm', '{"phone": "1"}'), 'accepted phone=accepted', 'one of a first load, which the others take no part in');

CALL pg_temp.configure('');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted', 'it is changed while that is out');
CALL pg_temp.record('dead');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{dead}')), 'accepted', 'a record is deleted while they are out');
CALL pg_temp.record('touched');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted', 'one is changed');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted', 'and once more');
CALL pg_temp.record('born');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted', 'and one is made');

CALL pg_temp.configure(', "shop": {}, "desk": {"id": "id"}');
CALL pg_temp.record('touched');
SELECT is(pg_temp.existence('desk'), 'there new touched {}', 'it has the record still, under its native id');
SELECT is(pg_temp.existence('shop'), 'there {}', 'so has one that tells no native ids');
SELECT is(pg_temp.saw('crm', '{"phone": "4"}'), 'accepted phone=accepted', 'an edit creates nothing there');
SELECT is((SELECT string_agg(DISTINCT concat_ws(' ', system, field, reason), '; ') FROM sync_divergence WHERE record_key = 'touched'), 'desk phone unseen; shop phone unseen', 'and waits for what they show');
SELECT is(pg_temp.came('desk', '{"id": "new touched", "phone": "1"}'), 'touched conflict (found by native id new touched)', 'which is no edit');
SELECT is(pg_temp.conflicts(), 'phone drift open: "4" (crm) against "1" (desk)', 'but another value');
SELECT is(pg_temp.saw('shop', '{"phone": null}'), 'agreed phone=agreed', 'null is none');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'decided');
SELECT is((SELECT string_agg(concat_ws(' ', target_system, action, native_id, change_set), '; ' ORDER BY target_system) FROM
	(SELECT * FROM sync_poll('desk') UNION ALL SELECT * FROM sync_poll('shop')) AS p), 'desk update new touched {"phone": "4"}; shop update {"phone": "4"}', 'they get it as an update');
CALL pg_temp.record('untouched');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> desk,shop', 'what was not touched goes on as before');
SELECT is(pg_temp.poll('desk'), 'update {"phone": "2"}', 'as an update');
CALL pg_temp.record('left out');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted', 'what was left out stays so');
CALL pg_temp.record('born');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> desk,shop', 'what they never had');
SELECT is(pg_temp.poll('desk'), 'create {"phone": "2"}', 'is created');
CALL pg_temp.record('dead');
SELECT is(pg_temp.existence('desk'), 'there new dead {}', 'what was deleted meanwhile is there');
SELECT is((SELECT string_agg(concat_ws(' ', system, reason), '; ' ORDER BY system) FROM sync_divergence WHERE record_key = 'dead'), 'desk untouched; shop untouched', 'which is listed');
SELECT alike(pg_temp.came('desk', '{"id": "new dead", "phone": "1"}'), 'dead held%', 'when it is shown a human decides');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'delete'), true, 'for the delete');
SELECT is((SELECT string_agg(concat_ws(' ', target_system, action), '; ' ORDER BY target_system) FROM sync_outbox WHERE record_key = 'dead'), 'desk delete; shop delete', 'that goes there, too');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

-- A call that is under way when its target leaves
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '[{"record_key": "late", "phone": "1"}, {"record_key": "late and touched", "phone": "1"}]')), 2::bigint, 'two more records');
CREATE TEMP TABLE called AS SELECT * FROM sync_poll('desk') WHERE record_key LIKE 'late%';
CALL pg_temp.configure('');
CALL pg_temp.record('late and touched');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted', 'one is changed');
SELECT is((SELECT string_agg(sync_ack(id, lease, 'new ' || record_key)::text, ',') FROM called), 'true,true', 'both were created there');
CALL pg_temp.configure(', "shop": {}, "desk": {"id": "id"}');
SELECT is(sync_touch('contact', '{late,late and touched}'), 2, 'it comes back');
SELECT is(pg_temp.existence('desk'), 'there {}', 'and has the one');
SELECT is((SELECT string_agg(concat_ws(' ', record_key, action), '; ') FROM sync_outbox WHERE target_system = 'desk' AND record_key LIKE 'late%'), NULL, 'it creates none once more');
SELECT is(pg_temp.came('desk', '{"record_key": "late and touched", "id": "new late and touched", "phone": "2"}'), 'late and touched agreed', 'it shows what it has');
SELECT is(pg_temp.existence('desk'), 'there new late and touched {"phone": "2"}', 'under its native id');
SELECT is_empty('SELECT pg_temp.strays()', 'which is in the index');

-- A delete that is under way when its target leaves
CALL pg_temp.record('erased');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> desk,shop', 'a record');
CALL pg_temp.carry('desk');
SELECT is(pg_temp.came('desk', '{"record_key": "erased", "id": "new erased", "phone": "1"}'), 'erased echo', 'that is there');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{erased}')), 'accepted', 'is deleted');
SELECT is(pg_temp.poll('desk'), 'delete {}', 'a worker takes that on itself');
CALL pg_temp.configure('');
SELECT is(pg_temp.ack('desk'), true, 'and tells its end when the target has left');
CALL pg_temp.configure(', "shop": {}, "desk": {"id": "id"}');
SELECT is(sync_touch('contact', '{erased}'), 1, 'it comes back');
SELECT is(pg_temp.waits('desk'), NULL, 'and is not told to delete it once more');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> desk,shop', 'made anew');
SELECT is(pg_temp.poll('desk'), 'create {"phone": "2"}', 'it is created there');

SELECT * FROM finish();
