-- What happened to one record is told without reading what waits for all the others.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');
SELECT count(*) FROM sync_diff('crm', 'contact', (SELECT json_agg(json_build_object('record_key', 'W' || n, 'phone', n))::text FROM generate_series(1, 3000) AS n));
SELECT record_key AS leased FROM sync_poll('support', 20) LIMIT 1 \gset
ANALYZE sync_outbox, sync_lease, sync_event, sync_delivery;

SELECT pg_stat_get_xact_numscans('sync_outbox'::regclass) AS scans, pg_stat_get_xact_tuples_returned('sync_outbox'::regclass) AS returned \gset
SELECT is((SELECT string_agg(event, ', ') FROM sync_trace('contact', :'leased')), 'arrived, claimed', 'a record that a worker has');
SELECT is((SELECT string_agg(event, ', ') FROM sync_trace('contact', 'W3000')), 'arrived, waiting', 'and one that waits');
SELECT is(pg_stat_get_xact_numscans('sync_outbox'::regclass), :scans::bigint, 'are told without reading the outbox as a whole');
SELECT is(pg_stat_get_xact_tuples_returned('sync_outbox'::regclass), :returned::bigint, 'or any part of it in order');
SELECT is((SELECT count(*) FROM sync_claim), 20::bigint, 'each call that is under way is a claim');
-- A record that changes all the time: who set a field is found where the claim stands, not from the end
SELECT sync_configure('ticket', '{"systems": ["crm", "support"], "window": "0", "fields": {"phone": {}}}');
DO $$ BEGIN
	FOR i IN 1 .. 300 LOOP
		PERFORM sync_diff('crm', 'ticket', format('{"record_key": "hot", "phone": "%s"}', i));
		PERFORM sync_ack(lease) FROM sync_poll('support', entity => 'ticket');
	END LOOP;
END $$;
ANALYZE sync_event, sync_delivery;
SELECT count(*) AS claims FROM sync_claim WHERE record_key = 'hot' \gset
SELECT cmp_ok(:claims, '>=', 300, 'a record with many claims');
CREATE FUNCTION pg_temp.read() RETURNS bigint LANGUAGE sql AS $$
	SELECT sum(pg_stat_get_xact_tuples_returned(r)) FROM unnest('{sync_event,sync_event_pkey}'::regclass[]) AS r
$$;
SELECT pg_temp.read() AS returned \gset
SELECT is((SELECT count(*) FROM sync_trace('ticket', 'hot') WHERE event = 'claimed'), :claims::bigint, 'all of which are told');
SELECT cmp_ok(pg_temp.read() - :returned, '<=', 20 * :claims::bigint, 'without reading all of its events for each');
SELECT * FROM finish();
