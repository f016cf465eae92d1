-- No setting of a session changes a hash, a key, a verdict or a row of the book.
BEGIN;
SELECT * FROM no_plan();
\ir played.psql

SELECT pg_temp.is_same(pg_temp.played('{}'), 'the story is the same when it is told again');
SELECT cmp_ok((SELECT count(DISTINCT line) FROM expected, unnest(said) AS line), '>=', 45::bigint, 'it says enough to be compared');
SELECT ok(bool_or(line LIKE '%' || outcome || '%'), 'there is something ' || outcome || ' in it')
FROM expected, unnest(said) AS line, unnest(ARRAY['accepted', 'rejected', 'overruled', 'conflict', 'echo', 'leased', 'resolved']) AS outcome
GROUP BY outcome;

-- Settings, each for itself
CREATE FUNCTION pg_temp.same_under(VARIADIC settings text[]) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.is_same(pg_temp.played(settings), left(array_to_string(settings, ', '), 90))
$$;
SELECT pg_temp.same_under(setting) FROM unnest(ARRAY[
	'TimeZone=Pacific/Chatham', 'TimeZone=<-1130>+11:30', 'DateStyle=SQL, DMY', 'DateStyle=German, YMD', 'DateStyle=Postgres, MDY',
	'IntervalStyle=sql_standard', 'IntervalStyle=iso_8601', 'bytea_output=escape', 'extra_float_digits=-15', 'extra_float_digits=3',
	'lc_messages=POSIX', 'lc_monetary=POSIX', 'lc_numeric=POSIX', 'lc_time=POSIX', 'xmloption=document',
	'standard_conforming_strings=off', 'quote_all_identifiers=on', 'transform_null_equals=on', 'array_nulls=off',
	'row_security=off', 'session_replication_role=replica', 'default_transaction_isolation=serializable',
	'default_transaction_read_only=on', 'check_function_bodies=off', 'default_toast_compression=pglz',
	'plan_cache_mode=force_generic_plan', 'plan_cache_mode=force_custom_plan', 'work_mem=64kB',
	'join_collapse_limit=1', 'from_collapse_limit=1', 'geqo_threshold=2', 'constraint_exclusion=on', 'cursor_tuple_fraction=1'
	]) AS setting;

-- Every plan that the planner can be pushed to
SELECT pg_temp.same_under(name || '=off') FROM pg_settings WHERE name LIKE 'enable\_%' AND vartype = 'bool' AND setting = 'on' ORDER BY name;
SELECT pg_temp.same_under('enable_indexscan=off', 'enable_indexonlyscan=off', 'enable_bitmapscan=off', 'enable_tidscan=off');
SELECT pg_temp.same_under('enable_seqscan=off', 'enable_nestloop=off', 'enable_hashagg=off', 'enable_material=off');
SELECT pg_temp.same_under('enable_hashjoin=off', 'enable_mergejoin=off', 'enable_tidscan=off', 'enable_sort=off');
SELECT pg_temp.same_under(name || '=on', 'parallel_setup_cost=0', 'parallel_tuple_cost=0', 'min_parallel_table_scan_size=0')
FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');

SELECT * FROM finish();
ROLLBACK;
