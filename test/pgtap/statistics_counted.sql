-- What arrives is counted by verdict, what goes out by what became of it; what wrote nothing
-- is counted with the next call that writes, and nobody's count is changed by another's.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0", "fields": {"phone": {}, "seats": {"type": "number"}}}');
CALL pg_temp.at('12:00:10');

CREATE FUNCTION pg_temp.counts(of_system text, since text DEFAULT '00:00') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(counted || ' ' || n, ', ' ORDER BY counted) FROM (
		SELECT counted, sum(records) AS n FROM sync_stat
		WHERE system = of_system AND at >= ('2026-03-01 ' || since || '+00')::timestamptz GROUP BY counted) AS c
$$;

-- Arrivals
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'a new record');
SELECT is(pg_temp.counts('crm'), 'accepted 1', 'is counted');
SELECT is((SELECT array_agg(DISTINCT at) FROM sync_stat), '{2026-03-01 12:00+00}', 'in its minute');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'unchanged', 'the same again');
SELECT is(pg_temp.counts('crm'), 'accepted 1', 'writes nothing, no count either');
CALL pg_temp.at('12:01:10');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '[{"record_key": "T1", "phone": "1"}, {"record_key": "T1", "phone": "1"}]')),
	0::bigint, 'nor do two more, a minute later');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "T1", "phone": "dry"}', dry_run => true)), 'accepted', 'nor a dry run');
SELECT is((SELECT string_agg(verdict, ',') FROM sync_diff('crm', 'contact', '[{"record_key": "T2", "phone": "1"},
	{"record_key": "T3", "seats": "many"}, {"record_key": "T1", "phone": "1"}]', verbose => true)), 'accepted,rejected,unchanged', 'a call that writes');
SELECT is(pg_temp.counts('crm'), 'accepted 2, rejected 1, unchanged 4', 'brings what was kept');
SELECT is(pg_temp.counts('crm', '12:01'), 'accepted 1, rejected 1, unchanged 3', 'each in its minute');
SELECT is(pg_temp.counts('support'), NULL, 'of support there is nothing to count');

-- Calls
CALL pg_temp.at('12:02:00');
SELECT is(pg_temp.poll('support'), 'create {"phone": "1"}', 'a worker');
SELECT is(pg_temp.counts('support'), NULL, 'whose call has no outcome yet');
CALL pg_temp.at('12:10:00');
SELECT is(pg_temp.poll('support'), 'create {"phone": "1"}', 'its lease runs out');
SELECT is(pg_temp.counts('support'), 'lost 2', 'what it had is lost');
SELECT is(pg_temp.ack('support'), true, 'the second one says so');
SELECT is(pg_temp.counts('support'), 'delivered 1, lost 2', 'when it is done');
SELECT cmp_ok((SELECT abs(extract(epoch FROM took) - 590) FROM sync_stat WHERE took IS NOT NULL), '<', 590 * 0.05, 'and how long it took since the change');

-- What is rolled back is not counted, and takes nothing of what was kept with it
CREATE FUNCTION pg_temp.undone(phone text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_diff('crm', 'contact', jsonb_build_object('record_key', 'T1', 'phone', phone));
	RAISE EXCEPTION 'undone, with % counted', (SELECT sum(records) FROM sync_stat WHERE counted = 'unchanged');
EXCEPTION WHEN raise_exception THEN
	RETURN sqlerrm;
END
$$;
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'unchanged', 'one more that is kept');
SELECT is(pg_temp.undone('2'), 'undone, with 5 counted', 'is written by a subtransaction that is rolled back');
SELECT is(pg_temp.counts('crm'), 'accepted 2, rejected 1, unchanged 4', 'which counts for nothing');
BEGIN;
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> support', 'written by a transaction');
SELECT is(pg_temp.counts('crm'), 'accepted 3, rejected 1, unchanged 5', 'which has counted it');
ROLLBACK;
SELECT is(pg_temp.counts('crm'), 'accepted 2, rejected 1, unchanged 4', 'and is rolled back');
SELECT is(pg_temp.saw('crm', '{"phone": "4"}'), 'accepted phone=accepted -> support', 'written by one that commits');
SELECT is(pg_temp.counts('crm'), 'accepted 3, rejected 1, unchanged 5', 'it is counted, once');
SELECT is(pg_temp.saw('crm', '{"phone": "5"}'), 'accepted phone=accepted -> support', 'and not again');
SELECT is(pg_temp.counts('crm'), 'accepted 4, rejected 1, unchanged 5', 'by the next one');

-- A call that its target put off has not failed
SELECT is(pg_temp.poll('support'), 'update {"phone": "5"}', 'what waits is claimed');
SELECT is(pg_temp.nack('support', '429', '0'), true, 'and put off');
SELECT is(pg_temp.counts('support'), 'delivered 1, lost 2, put off 1', 'which is no failure');
SELECT is(pg_temp.poll('support'), 'update {"phone": "5"}', 'claimed again');
SELECT is(pg_temp.nack('support', '503'), true, 'it fails');
SELECT is(pg_temp.counts('support'), 'delivered 1, failed 1, lost 2, put off 1', 'which is one');
CALL pg_temp.at('12:10:30');
SELECT is(pg_temp.poll('support'), 'update {"phone": "5"}', 'claimed once more');
SELECT is(pg_temp.nack('support', '410', '1 hour', permanent => true), true, 'it fails for good, whatever time it names');
SELECT is(pg_temp.counts('support'), 'delivered 1, failed 2, lost 2, put off 1', 'which is another one');
SELECT is_empty($$ SELECT FROM sync_activity WHERE verdict = 'put off' $$, 'a call is no arrival');
SELECT is((SELECT writes_made FROM sync_savings), 6::bigint, 'each of them was made');

SELECT * FROM finish();
