-- Where a policy does not name a target any more, what waits for it is in nobody's way: polls of the
-- target for other entities pass it once, not each time, and find it when it is named again.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "erp"], "window": "0", "fields": {"phone": {}}}');
SELECT sync_configure('task', '{"systems": ["crm", "erp"], "window": "0", "fields": {"name": {}}}');
SELECT count(*) FROM sync_diff('crm', 'contact', (SELECT json_agg(json_build_object('record_key', n, 'phone', n))::text FROM generate_series(1, 3000) AS n));
SELECT sync_configure('contact', '{"systems": ["crm", "sup"], "window": "0", "fields": {"phone": {}}}');

-- How many entries of the claim index a poll looks at, and what it gets.
CREATE FUNCTION pg_temp.looked_at() RETURNS bigint LANGUAGE sql AS
	$$ SELECT pg_stat_get_xact_tuples_returned('sync_outbox_claim_idx'::regclass) $$;
CREATE FUNCTION pg_temp.polled() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before bigint := pg_temp.looked_at();
	got text;
BEGIN
	SELECT string_agg(record_key, ',') INTO got FROM sync_poll('erp', 10);
	RETURN concat_ws(' ', got, CASE WHEN pg_temp.looked_at() - before > 100 THEN 'by way of many' END);
END $$;

BEGIN;
SELECT is(pg_temp.polled(), 'by way of many', 'the first poll passes what was left behind');
SELECT is(pg_temp.polled(), '', 'the second does not');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'task', '{"record_key": "t", "name": "n"}')), 1::bigint, 'another entity has something to send there');
SELECT is(pg_temp.polled(), 't', 'which is found at once');
COMMIT;
SELECT is(pg_temp.polled(), '', 'the next transaction knows it too');

BEGIN;
SELECT sync_configure('contact', '{"systems": ["crm", "sup", "erp"], "window": "0", "fields": {"phone": {}}}');
SELECT is((SELECT count(*) FROM sync_poll('erp', 1000)), 1000::bigint, 'a policy that names it again lets them out');
ROLLBACK;
SELECT is(pg_temp.polled(), 'by way of many', 'one that was rolled back does not');
SELECT sync_configure('task', '{"systems": ["crm", "sup", "erp"], "window": "0", "fields": {"name": {}, "due": {}}}');
SELECT is(pg_temp.polled(), 'by way of many', 'any new policy has them looked at once more');
SELECT is(pg_temp.polled(), '', 'and then no more');

-- Nobody names it
SELECT sync_configure('task', '{"systems": ["crm", "sup"], "window": "0", "fields": {"name": {}}}');
BEGIN;
SELECT pg_temp.looked_at() AS before \gset
SELECT throws_like($$ SELECT * FROM sync_poll('erp', 10) $$, 'no policy names a system "erp"', 'a target that no policy names is refused');
SELECT cmp_ok(pg_temp.looked_at() - :before, '<=', 100::bigint, 'before it is looked at what was left behind');
COMMIT;
SELECT throws_like($$ SELECT * FROM sync_poll('erp', 10, entity => 'contact') $$, '%has no system "erp"', 'so is one that the policy of the entity does not name');

SELECT sync_configure('contact', '{"systems": ["crm", "erp"], "window": "0", "fields": {"phone": {}}}');
SELECT is((SELECT count(*) FROM sync_poll('erp', 5000)), 3000::bigint, 'named again, all come out');
SELECT is((SELECT count(*) FROM sync_poll('erp', 5000)), 0::bigint, 'once');
SELECT * FROM finish();
