-- sync_maintain() as a job.

CREATE FUNCTION sync_schedule(spec text DEFAULT '* * * * *') RETURNS bigint
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_schedule(text) IS
    'Lets pg_cron run sync_maintain() by this schedule (cron''s five fields; pg_cron 1.5 and later take ''30 seconds'', too), as the calling user. Returns the id of the job; a second call changes the schedule of the same job. Where pg_cron is not loaded, not installed, or keeps its jobs in another database the call fails (55000), and the hint says what to do instead.';

CREATE FUNCTION sync_unschedule() RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_unschedule() IS
    'Removes the job that sync_schedule() made for the calling user; false where there is none.';
