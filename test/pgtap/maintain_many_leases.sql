-- Many leases that ran out come back in several passes, and each pass says whether another one has something to do.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0", "fields": {"phone": {}}}');
SELECT count(*) FROM sync_diff('crm', 'contact', (SELECT json_agg(json_build_object('record_key', n, 'phone', n))::text FROM generate_series(1, 1200) AS n));
CALL pg_temp.at('14:00');
SELECT is((SELECT count(*) FROM sync_poll('support', 1200, '1 minute')), 1200::bigint, 'a worker takes all, and dies');
CREATE FUNCTION pg_temp.leased() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM sync_outbox WHERE status = 'leased' $$;
SELECT is(sync_maintain() ->> 'more', 'false', 'there is nothing to do yet');
CALL pg_temp.at('15:00');
SELECT is(sync_maintain() ->> 'more', 'true', 'then there is more than one pass does');
SELECT cmp_ok(pg_temp.leased(), '>', 0::bigint, 'of which some is left');
DO $$ BEGIN
	FOR i IN 1 .. 10 LOOP
		EXIT WHEN sync_maintain() ->> 'more' = 'false';
	END LOOP;
END $$;
SELECT is(pg_temp.leased(), 0::bigint, 'until a pass says that there is no more');
SELECT is((SELECT count(*) FROM sync_outbox WHERE retry_at IS NOT NULL OR place IS NOT NULL), 1200::bigint, 'all wait for their retry');
SELECT * FROM finish();
