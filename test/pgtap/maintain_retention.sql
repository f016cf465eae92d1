-- What is past the retention of its policy goes, pass by pass; what a decision still needs stays.
\ir story.psql
\ir refusal.psql
SELECT * FROM no_plan();

-- At so many days after the stories' day, noon.
CREATE PROCEDURE pg_temp.days(n integer) LANGUAGE sql AS $$
	SELECT set_config('sync_ledger.now', (extract(epoch FROM '2026-03-01 12:00+00'::timestamptz + n * interval '1 day') * 1000000)::bigint::text, false)
$$;

-- What a pass did, nothing left out but what did nothing.
CREATE FUNCTION pg_temp.pass(max_rows integer DEFAULT 50000) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(key || ' ' || value, ', ' ORDER BY key), 'nothing')
	FROM jsonb_each_text(sync_maintain(max_rows)) WHERE value NOT IN ('0', 'false')
$$;

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0", "fields": {"phone": {}, "seats": {"type": "number"}},
	"retention": {"changes": "10 days", "ledger": "20 days", "rejects": "30 days", "conflicts": "40 days", "near_misses": "50 days", "statistics": "60 days"}}');
SELECT sync_configure('other', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "retention": {"changes": "100 days", "statistics": "36500 days"}}');

SELECT is(sync_maintain(), '{"leases": 0, "changes": 0, "ledger": 0, "rejects": 0, "conflicts": 0, "near_misses": 0, "rolled_up": 0, "statistics": 0, "more": false}',
	'of an empty book a pass has nothing to do, and says so');

CALL pg_temp.at_rest('T1', '{"phone": "1"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT isnt(pg_temp.poll('support'), NULL, 'goes out');
SELECT is(pg_temp.ack('support', '{"phone": " 2"}'), true, 'and is stored in another form');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "T3", "seats": "x"}')), 'rejected', 'a rejected record');
CALL pg_temp.at_rest('T2', '{"phone": "1"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.saw('support', '{"phone": "4"}'), 'conflict phone=conflict', 'another, unaware');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'a human decides');
CALL pg_temp.at_rest('T4', '{"phone": "1"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> support', 'the same again');
SELECT is(pg_temp.saw('support', '{"phone": "4"}'), 'conflict phone=conflict', 'is not decided');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'other', '{"record_key": "O1", "phone": "1"}')), 1::bigint, 'a record of another entity');
CALL pg_temp.at('20:00');
SELECT alike(pg_temp.pass(), 'leases 1, rolled_up %', 'a lease has run out, and counts of minutes are added up');

CREATE TEMP TABLE kept AS SELECT 'record' AS name, r::text AS line FROM sync_record AS r UNION ALL SELECT 'shadow', s::text FROM sync_shadow AS s;

CALL pg_temp.days(1);
SELECT alike(pg_temp.pass(), 'rolled_up %', 'after a day nothing is past its retention');
SELECT is(pg_temp.pass(), 'nothing', 'and a second pass has nothing to do');

CALL pg_temp.days(11);
SELECT cmp_ok((SELECT count(*) FROM sync_event WHERE entity = 'contact'), '>', 10::bigint, 'there are changes');
SELECT is(pg_temp.pass(3), 'changes 3, more true, rolled_up 3', 'a pass is limited, each step of it');
SELECT is((SELECT count(*) FROM sync_trace('contact', 'T4')) > 0, true, 'and begins with the oldest');
SELECT alike(pg_temp.pass(), 'changes %, rolled_up %', 'the next one goes on, and adds up hours');
SELECT is((SELECT count(*) FROM sync_event WHERE entity = 'contact'), 0::bigint, 'until there is none');
SELECT is((SELECT count(*) FROM sync_event WHERE entity = 'other'), 1::bigint, 'but that of the other entity, which says another time');

CALL pg_temp.days(21);
SELECT is(pg_temp.pass(), 'ledger 4', 'then the writes that crossed');
SELECT is((SELECT count(*) FROM sync_ledger), 0::bigint, 'are gone');
CALL pg_temp.days(31);
SELECT is(pg_temp.pass(), 'rejects 1', 'then what was rejected');
CALL pg_temp.days(41);
SELECT is(pg_temp.pass(), 'conflicts 1', 'then the conflict that was decided');
SELECT is((SELECT string_agg(record_key || ' ' || status, ',') FROM sync_conflict), 'T4 open', 'an open one stays');
CALL pg_temp.days(51);
SELECT is(pg_temp.pass(), 'near_misses 1', 'then the near miss');
CALL pg_temp.days(61);
SELECT alike(pg_temp.pass(), 'statistics %', 'then the counts');
SELECT is((SELECT array_agg(DISTINCT entity) FROM sync_stat), '{other}', 'of that entity');
CALL pg_temp.days(40000);
SELECT alike(pg_temp.pass(), '%changes 1%', 'all goes once');
SELECT is((SELECT count(*) FROM sync_conflict), 1::bigint, 'the open conflict alone never does');
SELECT is((SELECT count(*) FROM sync_outbox), 2::bigint, 'nor what waits');
SELECT set_eq($$ SELECT 'record' AS name, r::text AS line FROM sync_record AS r UNION ALL SELECT 'shadow', s::text FROM sync_shadow AS s $$,
	'SELECT * FROM kept', 'no record has changed');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'unchanged', 'and what is unchanged still is');

SELECT is(pg_temp.refused('SELECT sync_maintain(0)'), '22023 max_rows must be at least 1, not 0', 'a pass of nothing is a mistake');

SELECT * FROM finish();
