-- Is all well, and if not, why and what to do.  One row for each thing that is looked at,
-- well or not; the limits stand here and in doc/operations.md.

CREATE FUNCTION sync_health_outbox()
    RETURNS TABLE (status text, subject text, reason text, next_step text)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH waiting AS MATERIALIZED (
        SELECT w.*, coalesce(t.paused_at IS NOT NULL, false) AS paused, t.max_claims, t.period,
            t.max_claims <= (SELECT sum(u.claims) FROM unnest(t.claimed_at, t.claims) AS u(claimed_at, claims)
                             WHERE u.claimed_at > sync_now() - t.period) AS is_used_up,
            EXISTS (SELECT FROM sync_attached AS a WHERE a.system = w.target) AS is_table,
            EXISTS (SELECT FROM sync_systems() AS s WHERE s.system = w.target
                        AND NOT EXISTS (SELECT FROM sync_attached AS a WHERE a.system = s.system AND a.entity = s.entity)) AS is_else
        FROM sync_waiting AS w LEFT JOIN sync_target AS t ON t.target_system = w.target)
    SELECT CASE WHEN b.reason IS NULL THEN 'ok' ELSE 'critical' END, 'the book',
        coalesce(b.reason, CASE WHEN b.is_standby THEN 'is seen on a standby' ELSE 'is where it was written' END),
        CASE WHEN b.reason IS NOT NULL THEN
            'Where the systems are to be written to from here, and from nowhere else: sync_resume(). In a copy leave it as it is.' END
    FROM (SELECT r.is_standby, CASE WHEN NOT r.is_standby THEN sync_pause_reason() END
          FROM pg_catalog.pg_is_in_recovery() AS r(is_standby)) AS b(is_standby, reason)
    UNION ALL
    SELECT CASE WHEN l.paused THEN 'warning' WHEN l.oldest_age > '1 hour' THEN 'critical'
                WHEN l.oldest_age > '5 minutes' THEN 'warning' ELSE 'ok' END,
        'delivery to ' || l.target,
        CASE WHEN l.paused THEN 'paused; ' ELSE '' END ||
        CASE WHEN l.claimable = 0 THEN 'nothing waits for a worker'
             ELSE pg_catalog.format('%s claimable, the oldest for %s', l.claimable,
                                    pg_catalog.date_trunc('second', l.oldest_age)) END,
        CASE WHEN l.paused THEN pg_catalog.format('sync_resume(%L) ends the pause.', l.target)
             WHEN l.oldest_age > '5 minutes' AND l.is_used_up THEN
            pg_catalog.format('Its rate (%s in %s) lets no more out: raise "rate" in the policy, or wait.', l.max_claims, l.period)
             WHEN l.oldest_age > '5 minutes' THEN
            pg_catalog.format(CASE WHEN l.is_table AND l.is_else THEN 'Run sync_apply(%L) every few seconds for its attached tables, and workers that call sync_poll(%1$L, entity => ...) for all else; look at sync_lag.'
                                   WHEN l.is_table THEN 'Run sync_apply(%L) every few seconds; sync_schedule(apply => %1$L) has pg_cron do so; look at sync_lag.'
                                   ELSE 'Start a worker that calls sync_poll(%L), or more of them; look at sync_lag.' END, l.target) END
    FROM waiting AS l
    UNION ALL
    SELECT CASE WHEN count(*) > 0 THEN 'warning' ELSE 'ok' END, 'targets',
        CASE WHEN count(*) = 0 THEN 'what waits has a target that its policy names'
             ELSE pg_catalog.string_agg(pg_catalog.format('%s for %s', l.left_behind, l.target), ', ' ORDER BY l.target)
                  || ', which the policy does not name any more' END,
        CASE WHEN count(*) > 0 THEN
            'No worker gets these: give them up with sync_discard(id, reason), ids in sync_outbox, or name the target in the policy again.' END
    FROM waiting AS l WHERE l.left_behind > 0
    UNION ALL
    SELECT CASE WHEN sum(l.worn_out) > 0 THEN 'warning' ELSE 'ok' END, 'attempts',
        CASE WHEN sum(l.worn_out) > 0 THEN sum(l.worn_out) || ' claimed more often than max_attempts, and no worker said why'
             ELSE 'no change-set is claimed over and over' END,
        CASE WHEN sum(l.worn_out) > 0 THEN
            'Their leases ran out: see what the workers die of (highest attempts in sync_outbox), then sync_discard(id, reason), or a nack that is permanent.' END
    FROM waiting AS l
    UNION ALL
    SELECT CASE WHEN l.dead >= 100 THEN 'critical' WHEN l.dead > 0 THEN 'warning' ELSE 'ok' END,
        'dead letters of ' || l.target,
        CASE WHEN l.dead = 0 THEN 'none' ELSE l.dead || ' failed too often, or for good' END,
        CASE WHEN l.dead > 0 THEN
            'Read last_error in sync_dead_letters, mend the cause, then sync_redrive(id), or sync_discard(id, reason).' END
    FROM waiting AS l
    UNION ALL
    SELECT CASE WHEN sum(l.overdue) > 0 THEN 'warning' ELSE 'ok' END, 'leases',
        CASE WHEN sum(l.overdue) > 0 THEN sum(l.overdue) || ' ran out more than 5 minutes ago and did not come back'
             ELSE 'none is overdue' END,
        CASE WHEN sum(l.overdue) > 0 THEN
            'Run sync_maintain(), and let a scheduler do it: sync_schedule(). Nobody polls for that target.' END
    FROM waiting AS l;
END;
COMMENT ON FUNCTION sync_health_outbox() IS
    'The part of sync_health that sync_outbox tells.';

CREATE FUNCTION sync_health_review()
    RETURNS TABLE (status text, subject text, reason text, next_step text)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN c.oldest < sync_now() - '7 days'::interval THEN 'critical'
                WHEN c.oldest < sync_now() - '1 day'::interval OR c.stopped > 0 THEN 'warning'
                ELSE 'ok' END,
        'conflicts',
        CASE WHEN c.open = 0 THEN 'none is open'
             ELSE pg_catalog.format('%s open, the oldest for %s', c.open,
                                    pg_catalog.date_trunc('second', sync_now() - c.oldest))
                  || CASE WHEN c.stopped > 0 THEN pg_catalog.format('; %s of them of fields that never came to rest', c.stopped)
                          ELSE '' END
        END,
        CASE WHEN c.oldest < sync_now() - '1 day'::interval OR c.stopped > 0 THEN
            'Decide them with sync_resolve; sync_open_conflicts shows all sides. What is in conflict is sent to nobody.' END
    FROM (SELECT count(*) AS open, min(k.detected_at) AS oldest,
              count(*) FILTER (WHERE k.kind = 'oscillation') AS stopped
          FROM sync_conflict AS k WHERE k.status = 'open') AS c
    UNION ALL
    SELECT CASE WHEN r.rejected > 0 THEN 'warning' ELSE 'ok' END, 'rejected records',
        CASE WHEN r.rejected > 0 THEN pg_catalog.format('%s in the last day', r.rejected)
             ELSE 'none in the last day' END,
        CASE WHEN r.rejected > 0 THEN
            'sync_reject says field and reason: mend the record there, or the policy.' END
    FROM (SELECT count(*) AS rejected FROM sync_reject AS j
          WHERE j.last_at > sync_now() - '1 day'::interval) AS r;
END;
COMMENT ON FUNCTION sync_health_review() IS
    'The part of sync_health that conflicts and rejected records tell.';

CREATE FUNCTION sync_last_sweep() RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT max(w.swept_at) FROM sync_sweep AS w;
END;
COMMENT ON FUNCTION sync_last_sweep() IS
    'When sync_maintain() ran last; an error on a standby, which has no unlogged tables. Part of sync_health.';

CREATE FUNCTION sync_health_server()
    RETURNS TABLE (status text, subject text, reason text, next_step text)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN m.is_late THEN 'warning' ELSE 'ok' END, 'maintenance',
        CASE WHEN m.is_standby THEN 'is seen on the primary only'
             WHEN m.last IS NULL THEN 'never ran' || CASE WHEN m.is_late THEN '' ELSE ', and nothing is late' END
             ELSE pg_catalog.format('last ran %s ago', pg_catalog.date_trunc('second', sync_now() - m.last)) END,
        CASE WHEN m.is_late THEN
            'Let a scheduler run sync_maintain() once a minute: sync_schedule() where pg_cron is there.' END
    FROM (SELECT s.is_standby, s.last, NOT s.is_standby
              AND coalesce(s.last < sync_now() - '1 day'::interval, true)
              AND EXISTS (SELECT FROM sync_stat AS t
                          WHERE t.grain = 0 AND t.at < sync_now() - '1 day'::interval) AS is_late
          FROM (SELECT r.is_standby, CASE WHEN NOT r.is_standby THEN sync_last_sweep() END
                FROM pg_catalog.pg_is_in_recovery() AS r(is_standby)) AS s(is_standby, last)) AS m
    UNION ALL
    SELECT CASE WHEN x.oldest > '1 hour' THEN 'warning' ELSE 'ok' END, 'transactions',
        CASE WHEN x.oldest IS NULL THEN 'none is open'
             ELSE 'the oldest is open for ' || pg_catalog.date_trunc('second', x.oldest) END,
        CASE WHEN x.oldest > '1 hour' THEN
            'Find it in pg_stat_activity or pg_prepared_xacts and end it: VACUUM removes nothing that it may still see, and the records that it wrote are skipped.' END
    FROM (SELECT max(pg_catalog.clock_timestamp() - a.started) AS oldest
          FROM (SELECT s.xact_start FROM pg_catalog.pg_stat_activity AS s
                WHERE s.datname = pg_catalog.current_database() AND s.pid <> pg_catalog.pg_backend_pid()
                  AND (s.backend_xid IS NOT NULL OR s.backend_xmin IS NOT NULL)
                UNION ALL
                SELECT p.prepared FROM pg_catalog.pg_prepared_xacts AS p
                WHERE p.database = pg_catalog.current_database()) AS a(started)) AS x;
END;
COMMENT ON FUNCTION sync_health_server() IS
    'The part of sync_health that maintenance and open transactions tell.';

CREATE VIEW sync_health AS
    SELECT h.status, h.subject, h.reason, h.next_step
    FROM (SELECT * FROM sync_health_outbox() UNION ALL SELECT * FROM sync_health_review()
          UNION ALL SELECT * FROM sync_health_server() UNION ALL SELECT * FROM sync_health_attached()) AS h
    ORDER BY pg_catalog.array_position('{critical,warning,ok}'::text[], h.status), h.subject COLLATE "C";
COMMENT ON VIEW sync_health IS
    'Is all well: one row for each thing that is looked at (where the book is, delivery and dead letters per target, targets that a policy has left, attempts, leases, conflicts, rejected records, attached tables, maintenance, transactions), the worst first: status is ok, warning or critical; reason says why, next_step what to do.';
COMMENT ON COLUMN sync_health.next_step IS 'Null where the status is ok.';
