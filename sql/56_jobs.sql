-- sync_maintain() and sync_apply() as jobs.

CREATE FUNCTION sync_schedule(spec text DEFAULT '* * * * *', apply text DEFAULT NULL) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_schedule(text, text) IS
    'Lets pg_cron run sync_maintain(), or, with the name of a system, sync_apply() for its attached tables, by this schedule (cron''s five fields; pg_cron 1.5 and later take ''30 seconds'', too), as the calling user. Returns the id of the job; a second call changes the schedule of the same job. Where pg_cron is not loaded, not installed, or keeps its jobs in another database the call fails (55000), and the hint says what to do instead; a system that no policy names is 42704.';

CREATE FUNCTION sync_unschedule(apply text DEFAULT NULL) RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_unschedule(text) IS
    'Removes the job that sync_schedule() made for the calling user, or the one that applies what waits for a system; false where there is none.';
