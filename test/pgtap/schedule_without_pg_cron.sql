-- Where pg_cron is not loaded, sync_schedule says so and what does the same.
\ir refusal.psql
SELECT * FROM no_plan();

SELECT is(current_setting('cron.database_name', true), NULL, 'pg_cron is not loaded here');
SELECT is(pg_temp.refused('SELECT sync_schedule()'), '55000 pg_cron is not loaded in this server | Add pg_cron to shared_preload_libraries, restart, '
	'and run CREATE EXTENSION pg_cron. Or let any other scheduler run this once a minute: psql -d ' || current_database() || ' -c ''SELECT public.sync_maintain()''',
	'the error names the alternative');
SELECT alike(pg_temp.refused('SELECT sync_schedule(apply => ''app'')'), E'%psql -d ' || current_database() || E' -c ''SELECT public.sync_apply(''\\\\''''app''\\\\'''')''', 'of sync_apply too, in the quotes of a shell');
SELECT is(pg_temp.refused('SELECT sync_schedule(NULL)'), '22004 argument "spec" of sync_schedule must not be null | Leave it out to have its default.', 'no schedule is none');
SELECT is(sync_unschedule('app') OR sync_unschedule(), false, 'there is no job to remove');

SELECT * FROM finish();
