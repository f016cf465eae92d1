-- What is missing from a complete listing is decided as any delete is: against edits, owners, writes on their way.
\ir story.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.configure(options text) LANGUAGE sql AS $$
	SELECT sync_configure('contact', ('{"systems": ["crm", "support", "billing"], "fields": {"phone": {}}, "max_change": 1' || options || '}')::jsonb)
$$;

-- support lists all of the records but the one at hand.
CREATE FUNCTION pg_temp.lacks() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', verdict, action, nullif(targets, '{}'), detail)
	FROM sync_diff('support', 'contact', (SELECT jsonb_agg(data || jsonb_build_object('record_key', record_key))
		FROM sync_shadow WHERE system = 'support' AND existence = 'there' AND record_key <> pg_temp.record_key()), complete => true)
$$;

CREATE PROCEDURE pg_temp.rest(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0"}', 'crm', 'support', 'billing');
END
$$;

CALL pg_temp.configure('');
CALL pg_temp.rest('stays');

CALL pg_temp.rest('unseen edit');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted%', 'an edit that waits');
SELECT alike(pg_temp.lacks(), 'conflict deleted there, but a value was not seen there', 'is not undone by who never saw it');
SELECT is((SELECT kind FROM sync_conflict WHERE id = pg_temp.open_conflict()), 'delete', 'a human decides');
SELECT is(pg_temp.lacks(), NULL, 'once');

CALL pg_temp.rest('no edit');
SELECT alike(pg_temp.lacks(), 'accepted delete {crm,billing}%', 'else it is deleted everywhere');

CALL pg_temp.rest('edited after');
SELECT alike(pg_temp.lacks(), 'accepted delete {crm,billing}%', 'missing first');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'held%', 'edited elsewhere after that');
SELECT is((SELECT kind FROM sync_conflict WHERE id = pg_temp.open_conflict()), 'resurrect', 'a human decides');

CALL pg_temp.rest('listed too early');
CALL pg_temp.record('just created');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted%', 'a new record');
SELECT is(pg_temp.lacks(), NULL, 'is not missing before it is created');
SELECT is(pg_temp.poll('support'), 'create {"phone": "1"}', 'or while it is');
SELECT is(pg_temp.lacks(), NULL, 'a worker has it');
SELECT is(pg_temp.ack('support'), true, 'it is there');
SELECT alike(pg_temp.lacks(), 'conflict deleted there, but a value was not seen there', 'a listing that was made before that deletes nothing');

CALL pg_temp.configure(', "deletes": "ignore"');
CALL pg_temp.rest('ignored');
SELECT alike(pg_temp.lacks(), 'kept deletes are ignored%', 'the policy may ignore deletes');
SELECT is(pg_temp.lacks(), NULL, 'once it is left out, it is missing no more');

CALL pg_temp.configure(', "delete_owner": "crm"');
CALL pg_temp.rest('owned');
SELECT alike(pg_temp.lacks(), 'overruled {support} only crm deletes', 'or leave them to one system');
SELECT is(pg_temp.poll('support'), 'create {"phone": "0"}', 'it is created again');

-- All of it in one call, in key order, and as one
CALL pg_temp.configure('');
CALL pg_temp.at('10:00');
SELECT sync_diff('crm', 'contact', (SELECT jsonb_agg(jsonb_build_object('record_key', 'many' || n, 'phone', '0')) FROM generate_series(1, 1000) AS n), baseline => true) INTO TEMP loaded;
SELECT sync_diff('billing', 'contact', (SELECT jsonb_agg(jsonb_build_object('record_key', 'many' || n, 'phone', '0')) FROM generate_series(1, 1000) AS n), baseline => true) INTO TEMP loaded_too;
CALL pg_temp.at('12:00');
SET work_mem = '64kB';
CREATE TEMP TABLE gone AS
	SELECT record_key, verdict, n FROM sync_diff('billing', 'contact', '[{"record_key": "many1000", "phone": "0"}]', complete => true)
		WITH ORDINALITY AS v (record_key, verdict, action, change_set, outcome, field_hash, targets, conflict_ids, detail, n);
SELECT is((SELECT count(*) FROM gone WHERE record_key LIKE 'many%' AND verdict = 'accepted'), 999::bigint, 'a thousand less one');
SELECT is((SELECT array_agg(record_key ORDER BY n) FROM gone), (SELECT array_agg(record_key ORDER BY record_key COLLATE "C") FROM gone), 'in key order');
SELECT is((SELECT count(*) FROM sync_outbox WHERE action = 'delete' AND target_system = 'crm' AND record_key LIKE 'many%'), 999::bigint, 'each is told once');

SELECT * FROM finish();
