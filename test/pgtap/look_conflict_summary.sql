-- sync_conflict_summary counts conflicts by day, field, kind and resolution, and how long people took.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "plan": {"owner": "crm"}}}');

-- Both sides change the phone at 12:00; a human decides after so many minutes
CREATE PROCEDURE pg_temp.collision(record_key text, minutes integer) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "plan": "gold"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.saw('support', '{"phone": "2"}');
	CALL pg_temp.at('12:' || minutes);
	PERFORM sync_resolve(pg_temp.open_conflict(), winner => 'support');
END
$$;
CALL pg_temp.collision('one', 10);
CALL pg_temp.collision('two', 20);
CALL pg_temp.collision('three', 50);
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'accepted phone=accepted -> crm', 'another edit');
CALL pg_temp.at_rest('four', '{"phone": "0", "plan": "gold"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'another collision');
SELECT is(pg_temp.saw('support', '{"phone": "2", "plan": "tin"}'), 'conflict phone=conflict,plan=overruled -> support', 'that nobody decides, beside a loss');

SELECT results_eq($$SELECT day, entity, field, kind, resolution, conflicts, open, average_time, median_time, p95_time
		FROM sync_conflict_summary ORDER BY field, resolution$$,
	$$VALUES
	('2026-03-01'::date, 'contact' COLLATE "C", 'phone' COLLATE "C", 'collision', 'support', 3::bigint, 0::bigint,
		'26:40'::interval MINUTE TO SECOND, '20 min'::interval, '47 min'::interval),
	('2026-03-01', 'contact', 'phone', 'collision', NULL, 1, 1, NULL, NULL, NULL),
	('2026-03-01', 'contact', 'plan', 'owner', 'owner', 1, 0, '0', '0', '0')$$,
	'counts and times by kind and resolution');

SET TimeZone = 'Pacific/Kiritimati';
SELECT is((SELECT array_agg(DISTINCT day) FROM sync_conflict_summary), '{2026-03-01}', 'a day is a day in UTC');

SELECT * FROM finish();
