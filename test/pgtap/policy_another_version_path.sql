-- The version of a system stands elsewhere than the policy said, by another count: what was read at the old
-- path is not compared with what is read at the new one, or edits would be stale for ever.
\ir story.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.configure(crm text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_configure('contact', format('{"systems": {"crm": %s, "desk": {}}, "fields": {"phone": {}, "email": {}}, "window": "0"}', crm)::jsonb);
END
$$;

CALL pg_temp.at('10:00');
CALL pg_temp.configure('{"version": "rev"}');
SELECT is((SELECT string_agg(verdict, ' ') FROM sync_diff('crm', 'contact', '[{"record_key": "a", "phone": "1", "rev": 51, "at": "2026-01-01T10:00:00Z"},
	{"record_key": "b", "phone": "1", "rev": 52, "at": "2026-01-01T10:00:00Z"}, {"record_key": "c", "phone": "1", "rev": 53, "at": "2026-01-01T10:00:00Z"}]')), 'accepted accepted accepted', 'records under revisions');
SELECT is((SELECT count(sync_ack(id, lease, NULL)) FROM sync_poll('desk')), 3::bigint, 'which desk has');
CALL pg_temp.record('c');
SELECT is(pg_temp.saw('desk', '{"phone": "2"}'), 'conflict phone=conflict', 'it has not shown that of the crm when it changes one');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'desk'), true, 'decided');
SELECT is(pg_temp.poll('crm'), 'update {"phone": "2"}', 'the crm is told');
SELECT is(pg_temp.ack('crm', '{"phone": "2", "rev": 60, "at": "2026-01-01T11:00:00Z"}'), true, 'and has it');

CALL pg_temp.configure('{"version": "at"}');
CALL pg_temp.record('a');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "rev": 51, "at": "2026-01-01T10:00:00Z"}'), 'unchanged', 'the times are what counts: nothing is new');
SELECT is(pg_temp.saw('crm', '{"phone": "2", "rev": 52, "at": "2026-01-01T12:00:00Z"}'), 'accepted phone=accepted -> desk', 'an edit is one');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "rev": 51, "at": "2026-01-01T10:00:00Z"}'), 'stale phone=stale', 'and from then on what is older is stale');
CALL pg_temp.record('c');
SELECT alike(pg_temp.saw('crm', '{"phone": "2", "at": "2026-01-01T11:00:00Z"}'), 'echo phone=echo%', 'our write is seen');
SELECT is(pg_temp.saw('crm', '{"phone": "5", "at": "2026-01-01T12:00:00Z"}'), 'accepted phone=accepted -> desk', 'and then an edit');

-- What was not touched meanwhile skips both
CALL pg_temp.configure('{}');
CALL pg_temp.configure('{"version": "n"}');
CALL pg_temp.record('b');
SELECT is(pg_temp.saw('crm', '{"phone": "3", "n": 1}'), 'accepted phone=accepted -> desk', 'a count that begins anew');
CALL pg_temp.configure('{"version": "n", "echo_window": "1 minute"}');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "n": 0}'), 'stale phone=stale', 'another policy with the same path keeps what is known');
SELECT is((SELECT array_agg(tokens_since->'crm' ORDER BY version) FROM sync_entity), '{1,2,3,4,4}', 'each version of a policy says since when');
CALL pg_temp.configure('{"version": "rev"}');
SELECT is(pg_temp.saw('crm', '{"phone": "4", "rev": 40}'), 'accepted phone=accepted -> desk', 'back at the first path, nothing of then is known');

SELECT * FROM finish();
