-- Whoever looks at many rows does not read the policies for each, and sees what the newest one hides.
\ir story.psql
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.policy(sensitive boolean) RETURNS jsonb LANGUAGE sql AS $$
	SELECT format('{"systems": ["crm", "support"], "window": "0", "fields": {"phone": {"sensitive": %s}, "email": {}}}', sensitive::text)::jsonb
$$;
SELECT sync_configure('contact', pg_temp.policy(false));
INSERT INTO sync_conflict (entity, record_key, field, kind, base_value, current_value, incoming_value, incoming_system, sides)
SELECT 'contact', n, CASE n % 2 WHEN 0 THEN 'phone' ELSE 'email' END, 'collision', '"0"', '"1"', '"2"', 'crm', '{"crm": ["2"], "support": ["1"]}'
FROM generate_series(1, 500) AS n;

-- What the view says of a value of each field, and in how many looks at the policies.
CREATE FUNCTION pg_temp.seen() RETURNS text LANGUAGE sql AS
	$$ SELECT string_agg(DISTINCT field || ' ' || incoming_value || ' ' || (sides -> 'crm'), ', ') FROM sync_open_conflicts $$;
CREATE FUNCTION pg_temp.looks() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	before bigint := pg_stat_get_xact_numscans('sync_entity'::regclass) + pg_stat_get_xact_numscans('sync_entity_pkey'::regclass);
BEGIN
	PERFORM to_jsonb(v) FROM sync_open_conflicts AS v;
	RETURN pg_stat_get_xact_numscans('sync_entity'::regclass) + pg_stat_get_xact_numscans('sync_entity_pkey'::regclass) - before;
END $$;

SELECT is(pg_temp.seen(), 'email "2" ["2"], phone "2" ["2"]', 'nothing is hidden');
SELECT cmp_ok(pg_temp.looks(), '<=', 20::bigint, 'many rows are shown without many looks at the policies');

BEGIN;
SELECT sync_configure('contact', pg_temp.policy(true));
SELECT is(pg_temp.seen(), 'email "2" ["2"], phone "***" ["***"]', 'a policy hides a field at once');
ROLLBACK;
SELECT is(pg_temp.seen(), 'email "2" ["2"], phone "2" ["2"]', 'one that was rolled back does not');
SELECT sync_configure('contact', pg_temp.policy(true));
SELECT is(pg_temp.seen(), 'email "2" ["2"], phone "***" ["***"]', 'one that stands does');
SELECT sync_configure('contact', pg_temp.policy(false));
SELECT is(pg_temp.seen(), 'email "2" ["2"], phone "***" ["***"]', 'for good');

BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT is(pg_temp.seen(), 'email "2" ["2"], phone "***" ["***"]', 'and to a transaction with one snapshot');
COMMIT;

-- Values of all shapes, and names that nobody has
SELECT is(sync_masked('contact', NULL, '{"phone": {"a": [1, {"b": null}]}, "email": {"phone": [1, {"phone": true}]}, "x": []}'),
	'{"phone": "***", "email": {"phone": [1, {"phone": true}]}, "x": []}', 'a member is hidden whole, and only at the top');
SELECT is(sync_masked('contact', 'email', '[{"phone": 1}]'), '[{"phone": 1}]', 'no array is taken for an object');
SELECT is(sync_masked('contact', 'email', '{}'), '{}', 'an empty one stays');
SELECT is(sync_masked('contact', 'phone', 'null'), '"***"', 'a null is hidden too');
SELECT is(sync_masked('contact', repeat('x', 1000), '{"phone": 1}'), '{"phone": "***"}', 'of a name that is too long');
SELECT is(sync_masked('contact', '', '{"phone": 1}'), '{"phone": "***"}', 'of an empty one');
SELECT is(sync_masked('nobody', 'phone', '{"phone": 1}'), '{"phone": 1}', 'an entity without a policy hides nothing');
SELECT is(sync_masked(repeat('x', 1000), 'phone', '1'), '1', 'nor one whose name is too long');
SELECT is(sync_masked(NULL, 'phone', '1'), '1', 'nor none');
SELECT is((SELECT count(DISTINCT sync_masked('contact', 'f' || n, '{"phone": 1}')) FROM generate_series(1, 10000) AS n), 1::bigint, 'many names are no harm');

SELECT is((SELECT proconfig FROM pg_proc WHERE proname = 'sync_sensitive_words'), '{jit=off,max_parallel_workers_per_gather=0}', 'no row of the dead letters is worth a compiler or a worker');
SELECT * FROM finish();
