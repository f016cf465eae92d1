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
SELECT * FROM finish();
