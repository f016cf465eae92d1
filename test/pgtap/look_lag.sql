-- Per target: what waits and for what, how long the oldest waits, how long deliveries took.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {}, "legacy": {"writable": false}}, "window": "0", "fields": {"phone": {}}}');
SELECT sync_configure('note', '{"systems": ["crm", "billing"], "fields": {"title": {}}}');

CREATE FUNCTION pg_temp.lag(of_target text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(', ', nullif(claimable, 0) || ' claimable', nullif(leased, 0) || ' leased', nullif(waiting_for_retry, 0) || ' for retry',
		nullif(waiting_for_turn, 0) || ' for its turn', nullif(dead, 0) || ' dead', to_char(oldest_claimable AT TIME ZONE 'UTC', 'HH24:MI'))
	FROM sync_lag WHERE target = of_target
$$;

CREATE FUNCTION pg_temp.keys(keys text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_agg(jsonb_build_object('record_key', k, 'phone', k)) FROM regexp_split_to_table(keys, '') AS k
$$;

SELECT is(ARRAY(SELECT target FROM sync_lag ORDER BY 1), '{billing,crm,support}', 'one row for every system that is written to');
SELECT is(pg_temp.lag('support'), '', 'waiting or not');

CALL pg_temp.at('10:00');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', pg_temp.keys('ab'))), 2::bigint, 'two changes');
CALL pg_temp.at('10:10');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', pg_temp.keys('cd'))), 2::bigint, 'and two more');
SELECT is(pg_temp.lag('support'), '4 claimable, 10:00', 'are claimable, the oldest since ten');
SELECT is(pg_temp.lag('crm'), '', 'for nobody else');

CREATE TEMP TABLE polled AS SELECT * FROM sync_poll('support', 3);
SELECT is(pg_temp.lag('support'), '1 claimable, 3 leased, 10:10', 'a worker takes the three oldest');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "a", "phone": "A"}')), 'accepted', 'one of them changes again');
SELECT is(pg_temp.lag('support'), '1 claimable, 3 leased, 1 for its turn, 10:10', 'which waits for its turn');
SELECT is((SELECT sync_nack(id, lease, 'slow down', '5 minutes') FROM polled WHERE record_key = 'b'), true, 'a call is put off');
SELECT is((SELECT sync_nack(id, lease, 'no such thing', permanent => true) FROM polled WHERE record_key = 'c'), true, 'another fails for good');
SELECT is(pg_temp.lag('support'), '1 claimable, 1 leased, 1 for retry, 1 for its turn, 1 dead, 10:10', 'each has its number');
CALL pg_temp.at('10:16');
SELECT is(pg_temp.lag('support'), '2 claimable, 1 leased, 1 for its turn, 1 dead, 10:00', 'a retry that is due is claimable, and as old as ever');
SELECT is((SELECT oldest_age FROM sync_lag WHERE target = 'support'), '16 minutes', 'which is its age');

-- Time to delivery
SELECT is((SELECT p50 FROM sync_lag WHERE target = 'support'), NULL, 'nothing was delivered yet');
CALL pg_temp.at('11:00');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'note', (SELECT jsonb_agg(jsonb_build_object('record_key', n::text, 'title', n)) FROM generate_series(1, 20) AS n))),
	20::bigint, 'twenty notes');
CREATE TEMP TABLE notes AS SELECT * FROM sync_poll('billing');
CALL pg_temp.at('11:00:10');
SELECT is((SELECT sync_ack(max(lease), array_agg(id) FILTER (WHERE record_key::int <= 18)) FROM notes), 18, 'eighteen are there after ten seconds');
CALL pg_temp.at('11:00:40');
SELECT is((SELECT sync_ack(max(lease)) FROM notes), 2, 'two after forty');
CREATE FUNCTION pg_temp.seconds(of_time interval) RETURNS integer LANGUAGE sql AS $$ SELECT round(extract(epoch FROM of_time) / 5) * 5 $$;
SELECT is((SELECT pg_temp.seconds(p50) || ' and ' || pg_temp.seconds(p95) FROM sync_lag WHERE target = 'billing'), '10 and 40', 'the median and the slow ones');
SELECT is((SELECT count(*) FROM sync_lag WHERE p50 IS NOT NULL), 1::bigint, 'of that target');
SELECT is(sync_maintain() ->> 'leases', '1', 'counts that were added up');
SELECT is((SELECT pg_temp.seconds(p50) || ' and ' || pg_temp.seconds(p95) FROM sync_lag WHERE target = 'billing'), '10 and 40', 'say the same');
CALL pg_temp.at('13:00');
SELECT is((SELECT p95 FROM sync_lag WHERE target = 'billing'), NULL, 'an hour later it is forgotten');

SELECT * FROM finish();
