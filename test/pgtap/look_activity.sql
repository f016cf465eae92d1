-- What arrived, by minute and verdict, and what that saved; the same after it was added up.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {}, "billing": {}, "legacy": {"writable": false}}, "window": "0", "fields": {"phone": {}}}');

CREATE FUNCTION pg_temp.activity() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s %s %s in %s', to_char(minute AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), system, verdict, records, span)
	FROM sync_activity WHERE entity = 'contact' ORDER BY minute, system, verdict
$$;

CREATE PROCEDURE pg_temp.after(days integer) LANGUAGE sql AS $$
	SELECT set_config('sync_ledger.now', (extract(epoch FROM '2026-03-01 12:00+00'::timestamptz + days * interval '1 day') * 1000000)::bigint::text, false)
$$;

SELECT is_empty('SELECT pg_temp.activity()', 'nothing has arrived');
SELECT is_empty('SELECT * FROM sync_savings', 'nothing is saved');

CALL pg_temp.at('10:00:30');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'a record');
CALL pg_temp.at('10:01:30');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'unchanged', 'the same again');
SELECT is(pg_temp.saw('legacy', '{"phone": "1"}'), 'agreed phone=agreed', 'another system');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> billing,support', 'an edit');
SELECT is(ARRAY(SELECT pg_temp.activity()), '{03-01 10:00 crm accepted 1 in 00:01:00,03-01 10:01 crm accepted 1 in 00:01:00,03-01 10:01 crm unchanged 1 in 00:01:00,03-01 10:01 legacy agreed 1 in 00:01:00}', 'minute by minute');

-- Four records: three of the crm, for two others each, and one of legacy, for three
SELECT is((SELECT concat_ws(' ', day, entity, records_seen, writes_made, api_calls_avoided) FROM sync_savings), '2026-03-01 contact 4 0 9', 'a sync that tells all of everything had made nine calls');
CALL pg_temp.deliver('support', 'billing');
SELECT is((SELECT concat_ws(' ', records_seen, writes_made, api_calls_avoided) FROM sync_savings), '6 2 11', 'two calls, whose echoes it had sent on for ever');
SELECT is_empty($$ SELECT * FROM sync_activity WHERE verdict IN ('delivered', 'failed', 'lost') $$, 'a call is no arrival');

CREATE TEMP TABLE before AS SELECT * FROM sync_savings;
CALL pg_temp.after(8);
SELECT cmp_ok((sync_maintain() ->> 'rolled_up')::integer, '>', 0, 'after a week');
SELECT is(ARRAY(SELECT pg_temp.activity() LIMIT 2), '{03-01 10:00 billing echo 1 in 01:00:00,03-01 10:00 crm accepted 2 in 01:00:00}', 'hour by hour');
CALL pg_temp.after(91);
SELECT cmp_ok((sync_maintain() ->> 'rolled_up')::integer, '>', 0, 'after three months');
SELECT is((SELECT string_agg(DISTINCT span || ' ' || (minute AT TIME ZONE 'UTC')::date, ',') FROM sync_activity), '1 day 2026-03-01', 'day by day, in UTC');
SELECT set_eq('SELECT * FROM sync_savings', 'SELECT * FROM before', 'what it saved is the same');

SELECT alike(obj_description('sync_activity'::regclass), '%lower bounds%', 'the view says what it cannot know');
SELECT alike(obj_description('sync_savings'::regclass), '%ower bounds%', 'so does the other');
SELECT * FROM finish();
