-- Whoever tells humans of conflicts reads those that nobody was told of, not all that ever were, nor every lease for each.
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "window": "0"}');
CREATE PROCEDURE pg_temp.collided(first integer, last integer) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_diff(system, 'contact', (SELECT json_agg(json_build_object('record_key', 'W' || n, 'phone', system))::text FROM generate_series(first, last) AS n))
	FROM unnest('{crm,support}'::text[]) AS system;
END
$$;
CREATE FUNCTION pg_temp.read() RETURNS bigint LANGUAGE sql AS $$
	SELECT sum(pg_stat_get_xact_tuples_returned(r)) FROM unnest(ARRAY(SELECT 'sync_conflict'::regclass::oid UNION ALL SELECT 'sync_conflict_lease'::regclass UNION ALL SELECT indexrelid FROM pg_index WHERE indrelid IN ('sync_conflict'::regclass, 'sync_conflict_lease'::regclass))) AS r
$$;
-- What was settled long ago, numbered 1 to 5000
INSERT INTO sync_conflict (entity, record_key, field, kind, status, resolution, resolved_at)
SELECT 'contact', 'W' || n, 'phone', 'collision', 'resolved', 'crm', now() FROM generate_series(1, 5000) AS n;
CALL pg_temp.collided(1001, 5000);
SELECT is((SELECT count(*) FROM sync_conflict_poll(3900)), 3900::bigint, 'a notifier has many');
BEGIN;
SELECT pg_temp.read() AS returned \gset
SELECT is((SELECT record_key FROM sync_conflict_poll(1)), 'W4901', 'the next one');
SELECT cmp_ok(pg_temp.read() - :returned, '<', 8500::bigint, 'is found without reading what was settled');
SELECT pg_temp.read() AS returned \gset
SELECT is((SELECT count(*) FROM generate_series(5001, 5020) WHERE sync_conflict_ack(generate_series)), 20::bigint, 'some were told');
SELECT cmp_ok(pg_temp.read() - :returned, '<', 1000::bigint, 'which reads no other conflict and no other lease');
COMMIT;
SELECT set_config('sync_ledger.now', '4102444800000000', false);
SELECT is(sync_conflict_ack(5021), true, 'when all leases are over');
SELECT is((SELECT count(*) FROM sync_conflict_lease), 3781::bigint, 'the next answer removes some of them');
SELECT * FROM finish();
