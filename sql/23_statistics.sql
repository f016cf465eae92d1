-- Counts.  Rows are only ever added, by whoever counts, so that nobody waits for anybody here;
-- sync_maintain() adds up those of one minute, hour or day.

CREATE FUNCTION sync_now() RETURNS timestamptz
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_now() IS
    'The time that windows, leases and retention are measured by: the real one, or what a test has set sync_ledger.now to.';

CREATE SEQUENCE sync_stat_id_seq CACHE 32;
SELECT pg_catalog.pg_extension_config_dump('sync_stat_id_seq', '');

CREATE TABLE sync_stat (
    id       bigint NOT NULL DEFAULT nextval('sync_stat_id_seq'),
    grain    smallint NOT NULL DEFAULT 0,
    at       timestamptz NOT NULL,
    entity   text COLLATE "C" NOT NULL,
    system   text COLLATE "C" NOT NULL,
    counted  text COLLATE "C" NOT NULL,
    took     interval,
    records  bigint NOT NULL,
    CONSTRAINT sync_stat_pkey PRIMARY KEY (grain, at, id),
    CONSTRAINT sync_stat_grain_check CHECK (grain BETWEEN 0 AND 3),
    CONSTRAINT sync_stat_records_check CHECK (records > 0),
    CONSTRAINT sync_stat_took_check CHECK ((took IS NOT NULL) = (counted = 'delivered'))
);
ALTER SEQUENCE sync_stat_id_seq OWNED BY sync_stat.id;
SELECT pg_catalog.pg_extension_config_dump('sync_stat', '');
COMMENT ON TABLE sync_stat IS
    'Counts: how many records arrived from a system with which verdict, and what became of the calls to it. Several rows may tell of the same minute: add them up. What was unchanged or stale is counted in the backend and written with its next call that writes anyway; a backend that ends first loses it, so these counts are lower bounds.';
COMMENT ON COLUMN sync_stat.grain IS
    'Of what the row is: 0 as it was counted, in a minute; 1 all of a minute, 2 of an hour, 3 of a day (UTC).';
COMMENT ON COLUMN sync_stat.at IS 'The beginning of that minute, hour or day.';
COMMENT ON COLUMN sync_stat.system IS 'Where the records came from; of calls, the target.';
COMMENT ON COLUMN sync_stat.counted IS
    'A verdict of records that arrived (unchanged to rejected); of calls: delivered, failed (the worker said so), put off (the same with retry_after), lost (the lease ran out), too late (its worker spoke of it when the row had been taken back).';
COMMENT ON COLUMN sync_stat.took IS
    'Of what was delivered: the time from the change to the acknowledgement, rounded to steps of 9 percent.';
