-- Retries for a target that the policy of their entity does not name any more are in nobody's way, however many.
\ir story.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.configured(entity text, target text) LANGUAGE sql AS $$
	SELECT sync_configure(entity, format('{"systems": ["crm", "%s"], "window": "0", "fields": {"phone": {}}}', target)::jsonb)
$$;
CREATE FUNCTION pg_temp.retries() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(entity || ' ' || n, ', ' ORDER BY entity) FROM (SELECT entity, count(*) FROM sync_outbox WHERE retry_at IS NOT NULL GROUP BY entity) AS r (entity, n)
$$;
CALL pg_temp.configured('contact', 'erp');
CALL pg_temp.configured('task', 'erp');
SELECT count(*) FROM sync_diff('crm', 'contact', (SELECT json_agg(json_build_object('record_key', n, 'phone', n))::text FROM generate_series(1, 1200) AS n));
SELECT is((SELECT count(*) FILTER (WHERE sync_nack(id, lease, 'no', '1 ms')) FROM sync_poll('erp', 1200)), 1200::bigint, 'many calls fail');
CALL pg_temp.configured('contact', 'sup');
SELECT count(*) FROM sync_diff('crm', 'task', '[{"record_key": "t", "phone": "1"}, {"record_key": "u", "phone": "1"}]');
SELECT is((SELECT count(*) FILTER (WHERE sync_nack(id, lease, 'no', '1 ms')) FROM sync_poll('erp', 2)), 2::bigint, 'two of another entity too');
SELECT pg_sleep(0.05);
SELECT is((SELECT string_agg(record_key, ', ' ORDER BY record_key) FROM sync_poll('erp', 10)), 't, u', 'which come out when they are due');
SELECT is((SELECT count(*) FILTER (WHERE sync_nack(id, lease, 'no', '1 ms')) FROM sync_outbox WHERE status = 'leased'), 2::bigint, 'and fail again');
SELECT pg_sleep(0.05);
SELECT is(sync_maintain() ->> 'more', 'false', 'nothing more is to be done');
SELECT is(pg_temp.retries(), 'contact 1200', 'when both are due again');
SELECT is((SELECT string_agg(record_key, ', ' ORDER BY record_key) FROM sync_poll('erp', 10)), 't, u', 'a worker gets them');

CALL pg_temp.configured('contact', 'erp');
SELECT is((SELECT count(*) FROM sync_poll('erp', 5000)) + (SELECT count(*) FROM sync_poll('erp', 5000)) + (SELECT count(*) FROM sync_poll('erp', 5000)),
	1200::bigint, 'named again, all the others come out too');
SELECT is(pg_temp.retries(), NULL, 'none is left');
SELECT * FROM finish();
