-- What an operator looks at: what waits, what arrived, what it saved, what failed.

CREATE FUNCTION sync_systems() RETURNS TABLE (entity text, system text, writable boolean)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT e.entity, s.name, coalesce((s.settings ->> 'writable')::boolean, true)
    FROM (SELECT DISTINCT ON (n.entity) n.entity, n.config -> 'systems' AS systems
          FROM sync_entity AS n ORDER BY n.entity, n.version DESC) AS e
    CROSS JOIN LATERAL (
        SELECT o.key, o.value
        FROM pg_catalog.jsonb_each(CASE pg_catalog.jsonb_typeof(e.systems)
                                   WHEN 'object' THEN e.systems ELSE '{}' END) AS o
        UNION ALL
        SELECT a.name, '{}'
        FROM pg_catalog.jsonb_array_elements_text(CASE pg_catalog.jsonb_typeof(e.systems)
                                                  WHEN 'array' THEN e.systems ELSE '[]' END) AS a(name)
    ) AS s(name, settings);
END;
COMMENT ON FUNCTION sync_systems() IS
    'The systems that the policies in force name, one row for each entity and system.';

CREATE VIEW sync_waiting AS
    WITH policy AS (
        SELECT DISTINCT ON (e.entity) e.entity, coalesce((e.config ->> 'max_attempts')::numeric, 12) AS max_attempts
        FROM sync_entity AS e ORDER BY e.entity, e.version DESC
    ), counted AS (
        SELECT o.target_system, count(*) AS rows,
            EXISTS (SELECT FROM sync_systems() AS n
                    WHERE n.entity = o.entity AND n.system = o.target_system) AS is_named,
            count(*) FILTER (WHERE o.status = 'pending' AND o.visible_at <= (SELECT sync_now())) AS claimable,
            count(*) FILTER (WHERE o.status = 'leased') AS leased,
            count(*) FILTER (WHERE o.status = 'pending' AND o.visible_at > (SELECT sync_now())) AS waiting_for_retry,
            count(*) FILTER (WHERE o.status = 'pending' AND o.visible_at IS NULL) AS waiting_for_turn,
            count(*) FILTER (WHERE o.status = 'dead') AS dead,
            min(o.created_at) FILTER (WHERE o.status = 'pending' AND o.visible_at <= (SELECT sync_now())) AS oldest_claimable,
            count(*) FILTER (WHERE o.status = 'leased' AND o.visible_at < (SELECT sync_now() - '5 minutes'::interval)) AS overdue,
            count(*) FILTER (WHERE o.status <> 'dead' AND o.attempts > p.max_attempts) AS worn_out
        FROM sync_outbox AS o LEFT JOIN policy AS p ON p.entity = o.entity
        GROUP BY o.target_system, o.entity
    ), waiting AS (
        SELECT c.target_system,
            sum(c.claimable) FILTER (WHERE c.is_named) AS claimable, sum(c.leased) AS leased,
            sum(c.waiting_for_retry) AS waiting_for_retry, sum(c.waiting_for_turn) AS waiting_for_turn,
            sum(c.dead) AS dead, min(c.oldest_claimable) FILTER (WHERE c.is_named) AS oldest_claimable,
            sum(c.rows) FILTER (WHERE NOT c.is_named) AS left_behind,
            sum(c.overdue) AS overdue, sum(c.worn_out) AS worn_out
        FROM counted AS c GROUP BY c.target_system
    )
    SELECT coalesce(w.target_system, t.name) AS target, coalesce(w.claimable, 0)::bigint AS claimable,
        coalesce(w.leased, 0)::bigint AS leased, coalesce(w.waiting_for_retry, 0)::bigint AS waiting_for_retry,
        coalesce(w.waiting_for_turn, 0)::bigint AS waiting_for_turn, coalesce(w.dead, 0)::bigint AS dead,
        w.oldest_claimable, sync_now() - w.oldest_claimable AS oldest_age,
        coalesce(w.left_behind, 0)::bigint AS left_behind, coalesce(w.overdue, 0)::bigint AS overdue,
        coalesce(w.worn_out, 0)::bigint AS worn_out
    FROM (SELECT DISTINCT s.system COLLATE "C" FROM sync_systems() AS s WHERE s.writable) AS t(name)
    FULL JOIN waiting AS w ON w.target_system = t.name;
COMMENT ON VIEW sync_waiting IS
    'What sync_lag and sync_health count, per target, in one pass over sync_outbox however much waits there. overdue: leases that ran out more than 5 minutes ago; worn_out: claimed more often than max_attempts, and not dead.';

CREATE VIEW sync_lag AS
    WITH delivered AS (
        SELECT s.system, s.took, sum(sum(s.records)) OVER (PARTITION BY s.system ORDER BY s.took) AS so_far,
            sum(sum(s.records)) OVER (PARTITION BY s.system) AS total
        FROM sync_stat AS s
        WHERE s.grain IN (0, 1) AND s.at > sync_now() - '1 hour'::interval AND s.counted = 'delivered'
        GROUP BY s.system, s.took
    ), took AS (
        SELECT d.system, min(d.took) FILTER (WHERE d.so_far >= 0.5 * d.total) AS p50,
            min(d.took) FILTER (WHERE d.so_far >= 0.95 * d.total) AS p95
        FROM delivered AS d GROUP BY d.system
    )
    SELECT w.target, w.claimable, w.leased, w.waiting_for_retry, w.waiting_for_turn, w.dead,
        w.oldest_claimable, w.oldest_age, k.p50, k.p95, coalesce(g.paused_at IS NOT NULL, false) AS paused,
        w.left_behind
    FROM sync_waiting AS w
    LEFT JOIN sync_target AS g ON g.target_system = w.target
    LEFT JOIN took AS k ON k.system = w.target;
COMMENT ON VIEW sync_lag IS
    'Per target, one row for every writable system of a policy, waiting or not: how many change-sets are claimable, leased to a worker, waiting for their retry or behind another row of their record, dead; since when the oldest claimable one waits; and the time from change to acknowledgement of what was delivered in the last hour (median and 95th percentile, to 5 percent).';
COMMENT ON COLUMN sync_lag.waiting_for_turn IS
    'A newer change-set of a record of which a worker has one: it is claimable when that one is back.';
COMMENT ON COLUMN sync_lag.oldest_claimable IS 'When the oldest claimable change-set was made.';
COMMENT ON COLUMN sync_lag.paused IS 'sync_poll hands out nothing until sync_resume (sync_pause).';
COMMENT ON COLUMN sync_lag.left_behind IS
    'Change-sets of entities whose policy does not name the target any more: no worker gets them. The next change of their record removes them, or sync_discard, or, of what a worker has, sync_maintain when its lease is over; where the policy names the target again they go.';
COMMENT ON COLUMN sync_lag.p50 IS 'Null where nothing was delivered in the last hour.';

CREATE VIEW sync_activity AS
    SELECT s.at AS minute, s.entity, s.system, s.counted AS verdict, sum(s.records)::bigint AS records,
        CASE s.grain WHEN 2 THEN '1 hour' WHEN 3 THEN '1 day' ELSE '1 minute' END::interval AS span
    FROM sync_stat AS s
    WHERE s.counted NOT IN ('delivered', 'failed', 'put off', 'lost', 'too late')
    GROUP BY s.at, s.entity, s.system, s.counted, 6;
COMMENT ON VIEW sync_activity IS
    'How many records arrived, per minute, entity, system and verdict; after 7 days per hour, after 90 days per day (span). The counts of unchanged and stale records are lower bounds: they are written with the backend''s next call that writes anyway, and a backend that ends first loses them.';

CREATE VIEW sync_savings AS
    WITH writable AS (
        SELECT s.entity, s.system, count(o.system) AS others
        FROM sync_systems() AS s
        LEFT JOIN sync_systems() AS o ON o.entity = s.entity AND o.system <> s.system AND o.writable
        GROUP BY s.entity, s.system
    ), counted AS (
        SELECT pg_catalog.date_trunc('day', s.at, 'UTC') AS day, s.entity, s.records,
            s.counted IN ('delivered', 'failed', 'put off', 'lost') AS is_call, coalesce(w.others, 0) AS others
        FROM sync_stat AS s
        LEFT JOIN writable AS w ON w.entity = s.entity AND w.system = s.system
        WHERE s.counted <> 'too late'
    )
    SELECT (c.day AT TIME ZONE 'UTC')::date AS day, c.entity,
        coalesce(sum(c.records) FILTER (WHERE NOT c.is_call), 0)::bigint AS records_seen,
        coalesce(sum(c.records) FILTER (WHERE c.is_call), 0)::bigint AS writes_made,
        greatest(coalesce(sum(c.records * c.others) FILTER (WHERE NOT c.is_call), 0)
            - coalesce(sum(c.records) FILTER (WHERE c.is_call), 0), 0)::bigint AS api_calls_avoided
    FROM counted AS c GROUP BY c.day, c.entity;
COMMENT ON VIEW sync_savings IS
    'Per day (UTC) and entity: records that arrived, calls that were made to targets (confirmed, failed, put off or lost), and the calls that were avoided, compared with a sync that tells every other writable system of every record it sees. Lower bounds, as sync_activity says.';

-- Of a row that is there only: nobody is to try words of his own.
CREATE FUNCTION sync_dead_letter_words(id bigint) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT sync_masked_words(o.entity, o.record_key, o.change_set, o.last_error)
    FROM sync_outbox AS o WHERE o.id = $1 AND o.status = 'dead';
END;
COMMENT ON FUNCTION sync_dead_letter_words(bigint) IS
    'Why a dead letter failed, as people may see it. Part of sync_dead_letters.';

CREATE VIEW sync_dead_letters AS
    SELECT o.id, o.entity, o.record_key, o.target_system, o.source_system, o.action,
        sync_masked(o.entity, NULL, o.change_set) AS change_set, o.idempotency_key, o.attempts,
        sync_dead_letter_words(o.id) AS last_error,
        o.created_at, o.updated_at AS died_at
    FROM sync_outbox AS o WHERE o.status = 'dead';
COMMENT ON VIEW sync_dead_letters IS
    'Change-sets that failed too often, or for good. Send one again with sync_redrive(id), or give it up with sync_discard(id, reason); the next change of its record revives it by itself. Sensitive values are masked.';
COMMENT ON COLUMN sync_dead_letters.last_error IS
    'What the worker said of its last attempt, or of an earlier one with the same content where it said nothing of that; masked where it repeats a sensitive value.';

CREATE VIEW sync_outbox_event AS
    SELECT pg_catalog.encode(pg_catalog.substr(pg_catalog.sha256(
               pg_catalog.convert_to(o.idempotency_key, 'UTF8')), 1, 16), 'hex')::uuid AS id,
        o.entity AS aggregatetype, o.record_key AS aggregateid, o.action AS type,
        sync_masked(o.entity, NULL, o.change_set) AS payload, o.updated_at AS "timestamp",
        o.target_system AS target, o.idempotency_key
    FROM sync_outbox AS o WHERE o.status <> 'dead';
COMMENT ON VIEW sync_outbox_event IS
    'What waits or is on its way, with the column names of Debezium''s outbox event router. id is made of the idempotency key: the same content has the same id on every machine. Sensitive values are masked.';
COMMENT ON COLUMN sync_outbox_event.type IS 'create, update or delete.';
