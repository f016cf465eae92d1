-- The conflict desk: whoever tells humans of conflicts.

CREATE TABLE sync_conflict_lease (
    conflict_id  bigint NOT NULL,
    leased_until timestamptz NOT NULL,
    worker       text,
    CONSTRAINT sync_conflict_lease_pkey PRIMARY KEY (conflict_id)
);
CREATE INDEX sync_conflict_lease_end_idx ON sync_conflict_lease (leased_until);
SELECT pg_catalog.pg_extension_config_dump('sync_conflict_lease', '');
COMMENT ON TABLE sync_conflict_lease IS
    'Open conflicts that a notifier is telling a human of, and until when nobody else does; rows of conflicts that are settled or told mean nothing.';

CREATE FUNCTION sync_conflict_limits(max_conflicts integer, lease interval) RETURNS void
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_conflict_limits(integer, interval) IS
    'Refuses what sync_conflict_poll may not be asked for.';

CREATE FUNCTION sync_conflict_poll(max_conflicts integer DEFAULT 100, lease interval DEFAULT '60 s',
        worker text DEFAULT NULL)
    RETURNS SETOF sync_conflict
    LANGUAGE sql VOLATILE PARALLEL UNSAFE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT sync_conflict_limits($1, $2);
    WITH picked AS MATERIALIZED (
        SELECT c.id FROM sync_conflict AS c
        WHERE c.status = 'open' AND c.notified_at IS NULL
          AND NOT EXISTS (SELECT FROM sync_conflict_lease AS l
                          WHERE l.conflict_id = c.id AND l.leased_until > sync_now())
        ORDER BY c.id LIMIT $1
        FOR NO KEY UPDATE OF c SKIP LOCKED),
    leased AS (
        INSERT INTO sync_conflict_lease AS l (conflict_id, leased_until, worker)
        SELECT p.id, sync_now() + $2, $3 FROM picked AS p
        ON CONFLICT (conflict_id) DO UPDATE
        SET leased_until = excluded.leased_until, worker = excluded.worker
        WHERE l.leased_until <= sync_now()
        RETURNING l.conflict_id)
    SELECT c.* FROM sync_conflict AS c JOIN leased AS l ON l.conflict_id = c.id ORDER BY c.id;
END;
COMMENT ON FUNCTION sync_conflict_poll(integer, interval, text) IS
    'Open conflicts that no human was told of yet, oldest first; nobody else gets them for as long as lease says, or ever after sync_conflict_ack. Commit before you tell. Skips what is locked and never waits. max_conflicts from 1 to 100,000 and a lease longer than zero, else 22023; null is 22004.';

-- A lease that is over is none: a few go with each answer, however many others there are.
CREATE FUNCTION sync_conflict_ack(id bigint) RETURNS boolean
    LANGUAGE sql VOLATILE PARALLEL UNSAFE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    DELETE FROM sync_conflict_lease AS l
    WHERE l.ctid = ANY (
        ARRAY(SELECT o.ctid FROM sync_conflict_lease AS o WHERE o.conflict_id = $1
              FOR UPDATE SKIP LOCKED)
        || ARRAY(SELECT o.ctid FROM sync_conflict_lease AS o WHERE o.leased_until <= sync_now()
                 ORDER BY o.leased_until LIMIT 100
                 FOR UPDATE SKIP LOCKED));
    WITH told AS (
        UPDATE sync_conflict AS c SET notified_at = sync_now()
        WHERE c.id = $1 AND c.notified_at IS NULL RETURNING c.id)
    SELECT count(*) > 0 FROM told;
END;
COMMENT ON FUNCTION sync_conflict_ack(bigint) IS
    'A human has been told of a conflict: it is not handed out again. False where one was told before, or there is no such conflict.';
