-- Looking at one record: all that happened, in order.

CREATE FUNCTION sync_trace_waiting(entity text, record_key text)
    RETURNS TABLE (at timestamptz, id bigint, event text, system text, detail text, data jsonb)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT o.updated_at, o.id, CASE o.status WHEN 'dead' THEN 'dead letter' ELSE 'waiting' END,
        o.target_system,
        pg_catalog.concat_ws(' ', o.action, (SELECT pg_catalog.string_agg(k, ', ' ORDER BY k COLLATE "C")
                                             FROM pg_catalog.jsonb_object_keys(o.change_set) AS k))
        || CASE
            WHEN o.status = 'dead' THEN pg_catalog.format(' failed %s times: ', o.attempts)
            WHEN o.visible_at IS NULL THEN ' waits for its turn: '
            WHEN o.visible_at > sync_now() THEN ' waits for its retry: '
            ELSE ' waits for a worker: '
        END || o.idempotency_key,
        (SELECT pg_catalog.jsonb_object_agg(d.name, d.value)
         FROM (VALUES
            ('action', pg_catalog.to_jsonb(o.action)),
            ('attempts', pg_catalog.to_jsonb(o.attempts)),
            ('change_set', sync_masked(o.entity, NULL, o.change_set)),
            ('idempotency_key', pg_catalog.to_jsonb(o.idempotency_key)),
            ('field_keys', sync_field_keys(o.entity, o.record_key, o.target_system, o.change_set, o.idempotency_key))
         ) AS d(name, value) WHERE d.value IS NOT NULL)
    FROM sync_state AS s
    CROSS JOIN LATERAL sync_state_waiting(s.entity, s.record_key, s.state) AS w(id)
    JOIN sync_outbox AS o ON o.id = w.id
    WHERE s.record_key = $2 AND s.entity = $1 AND s.state <> '\x'::bytea;
END;
COMMENT ON FUNCTION sync_trace_waiting(text, text) IS
    'The part of sync_trace that sync_outbox tells: what waits.';

CREATE FUNCTION sync_trace_rejects(entity text, record_key text)
    RETURNS TABLE (at timestamptz, id bigint, event text, system text, detail text, data jsonb)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT r.last_at, r.id, 'rejected', r.system,
        pg_catalog.concat_ws('; ',
            pg_catalog.concat_ws(': ', r.field,
                CASE WHEN sync_is_sensitive(r.entity, r.field)
                     THEN pg_catalog.split_part(r.reason, ': ', 1) ELSE r.reason END),
            'by ' || r.actor, CASE WHEN r.times > 1 THEN r.times || ' times' END),
        pg_catalog.jsonb_build_object('reject', r.id, 'field', r.field, 'times', r.times)
    FROM sync_reject AS r WHERE r.record_key = $2 AND r.entity = $1;
END;
COMMENT ON FUNCTION sync_trace_rejects(text, text) IS
    'The part of sync_trace that sync_reject tells.';

CREATE FUNCTION sync_trace(entity text, record_key text)
    RETURNS TABLE (at timestamptz, event text, system text, detail text, data jsonb)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT sync_config($1);
    SELECT t.at, t.event, t.system, t.detail, t.data
    FROM (SELECT 1 AS rank, r.* FROM sync_trace_rejects($1, $2) AS r
          UNION ALL
          SELECT 2, e.* FROM sync_trace_events($1, $2) AS e
          UNION ALL
          SELECT 2, d.* FROM sync_trace_deliveries($1, $2) AS d
          UNION ALL
          SELECT 3, c.* FROM sync_trace_conflicts($1, $2) AS c
          UNION ALL
          SELECT 4, w.* FROM sync_trace_waiting($1, $2) AS w) AS t
    ORDER BY t.at, t.rank, t.id, t.event;
END;
COMMENT ON FUNCTION sync_trace(text, text) IS
    'What happened to a record and why, in order: arrived or deleted (what became of each field, which guard fired), rejected, claimed, acknowledged, lease ran out, no longer needed, decided, conflict opened or settled, waiting, dead letter. system: where it came from, or the target; data: the particulars, with sensitive values masked. Unchanged and stale records leave no trace. No row for a record that is not known; an unknown entity is 42704.';
