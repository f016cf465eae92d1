-- Groups, merges, stamps, windows and deletes of a new version hold for what comes; what is at rest stays at rest.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.policy(systems text, fields text, more text DEFAULT '') LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_configure('contact', format('{"systems": %s, "fields": %s %s}', systems, fields, more)::jsonb);
END
$$;
CREATE FUNCTION pg_temp.poll_of_both() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(', ', pg_temp.saw('crm', '{"street": "A", "city": "Aix", "tags": ["a"]}'), pg_temp.saw('support', '{"street": "A", "city": "Aix", "tags": ["a"]}'),
		(SELECT count(*) || ' rows' FROM sync_outbox WHERE record_key = pg_temp.record_key()))
$$;

CALL pg_temp.policy('["crm", "support"]', '{"street": {}, "city": {}, "tags": {"type": "set"}}');
CALL pg_temp.at_rest('T1', '{"street": "A", "city": "Aix", "tags": ["a"]}', 'crm', 'support');

CALL pg_temp.policy('["crm", "support"]', '{"street": {"group": "address"}, "city": {"group": "address"}, "tags": {"type": "set", "merge": "set"}}');
SELECT is(pg_temp.poll_of_both(), 'unchanged, unchanged, 0 rows', 'a group and a merge');
CALL pg_temp.policy('{"crm": {"sentinel": "stamp", "deleted": "gone", "version": "v"}, "support": {"sentinel": "stamp", "deleted": "gone"}}', '{"street": {}, "city": {}, "tags": {"type": "set"}}', ', "window_scope": "record"');
SELECT is(pg_temp.poll_of_both(), 'unchanged, unchanged, 0 rows', 'stamps, marks of deletion and versions');
CALL pg_temp.policy('["crm", "support"]', '{"street": {"owner": "crm"}, "city": {"sensitive": true}, "tags": {"type": "set", "nulls": "clear"}}', ', "deletes": "review", "max_flips": 1, "window": "0"');
SELECT is(pg_temp.poll_of_both(), 'unchanged, unchanged, 0 rows', 'owners, nulls, deletes');
CALL pg_temp.policy('{"crm": {}, "support": {"writable": false}}', '{"street": {}, "city": {}, "tags": {"type": "set"}}');
SELECT is(pg_temp.poll_of_both(), 'unchanged, unchanged, 0 rows', 'a system that may no longer be written');

-- The rules of now decide about what waits from before
CALL pg_temp.policy('["crm", "support"]', '{"street": {}, "city": {}, "tags": {"type": "set"}}');
SELECT is(pg_temp.saw('crm', '{"street": "B"}'), 'accepted street=accepted -> support', 'an edit waits');
CALL pg_temp.policy('["crm", "support"]', '{"street": {"group": "address"}, "city": {"group": "address"}, "tags": {"type": "set", "merge": "set"}}');
SELECT is(pg_temp.saw('support', '{"city": "Bonn"}'), 'conflict city=conflict', 'in what is a group now, an edit of the other field collides');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'decided');
SELECT is(pg_temp.golden() - 'tags', '{"street": "A", "city": "Bonn"}', 'as a whole');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b"]}'), 'accepted tags=accepted -> support', 'a set of before');
CALL pg_temp.at('12:10');
SELECT alike(pg_temp.saw('support', '{"tags": ["a", "c"]}'), 'accepted tags=accepted%', 'is merged now');
SELECT is(pg_temp.golden()->'tags', '["a", "b", "c"]', 'with what was added before');

-- A delete that waits goes on; the next one is decided by the policy of now
CALL pg_temp.at_rest('T2', '{"street": "A", "city": "Aix", "tags": ["a"]}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'a delete waits');
CALL pg_temp.at_rest('T3', '{"street": "A", "city": "Aix", "tags": ["a"]}', 'crm', 'support');
CALL pg_temp.policy('["crm", "support"]', '{"street": {}, "city": {}, "tags": {"type": "set"}}', ', "deletes": "review"');
SELECT alike(pg_temp.gone('crm'), 'conflict%', 'the next one is reviewed');
CALL pg_temp.record('T2');
SELECT is(pg_temp.polled('support'), 'delete', 'what was decided before goes out');

SELECT * FROM finish();
