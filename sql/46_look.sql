-- Looking at one record: who set what, and what happened to it and why.  What these two
-- functions show is masked, so whoever may call them needs no right to the tables.

CREATE FUNCTION sync_blame(entity text, record_key text)
    RETURNS TABLE (field text, value jsonb, author text, actor text, changed_at timestamptz,
                   version bigint)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT sync_config($1);
    SELECT b.field, sync_masked($1, b.field, b.value), b.author, b.actor, b.changed_at, b.version
    FROM sync_state AS s CROSS JOIN LATERAL sync_state_blame(s.entity, s.record_key, s.state) AS b
    WHERE s.record_key = $2 AND s.entity = $1 AND s.state <> '\x'::bytea
    ORDER BY b.field COLLATE "C";
END;
COMMENT ON FUNCTION sync_blame(text, text) IS
    'One row for each field of a record that some system has shown: the golden value (masked where sensitive), the system it came from (author; "review" for a human''s decision; null where nobody ever set it), who did it there (actor), when, and the record''s version that it made. No row for a record that is not known; an unknown entity is 42704.';

-- Events go with their retention, and a key must not: then the state tells the author of a value
-- that stands, and the row's own key whose the newest one was.
CREATE FUNCTION sync_field_keys(entity text, record_key text, target text, fields jsonb,
        idempotency_key text, before bigint DEFAULT NULL)
    RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT pg_catalog.jsonb_object_agg(f.name,
                   pg_catalog.format('%s_%s_%s_from_%s', $1, $2, f.name,
                                     coalesce(nullif(coalesce(a.author, (
                       SELECT CASE WHEN b.version <= sync_key_version($5) THEN b.author
                                   ELSE pg_catalog.split_part($5, '-to-', 1) END
                       FROM sync_state AS s
                       CROSS JOIN LATERAL sync_state_blame(s.entity, s.record_key, s.state) AS b
                       WHERE s.record_key = $2 AND s.entity = $1 AND b.field = f.name)), $3), 'sync')))
        FROM pg_catalog.jsonb_object_keys($4) AS f(name)
        LEFT JOIN LATERAL (
            SELECT e.system AS author FROM sync_event AS e
            WHERE e.record_key = $2 AND e.entity = $1 AND e.event <> 'claimed'
              AND e.change_set ? f.name AND e.id < coalesce($6, 9223372036854775807)
            ORDER BY e.id DESC LIMIT 1) AS a ON true);
COMMENT ON FUNCTION sync_field_keys(text, text, text, jsonb, text, bigint) IS
    'The idempotency key of each field of a change-set for a target: {"phone": "contact_4829_phone_from_crm"}; from the author of the field as of event number before (null: now), or from sync where that is the target itself or is not known.';

CREATE FUNCTION sync_trace_events(entity text, record_key text)
    RETURNS TABLE (at timestamptz, id bigint, event text, system text, detail text, data jsonb)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT e.at, e.id, e.event, e.system,
        CASE e.event
            WHEN 'claimed' THEN
                pg_catalog.format('attempt %s of %s', e.attempt, e.idempotency_key)
                || coalesce(', by ' || e.actor, '') || ': '
                || pg_catalog.concat_ws(' ', e.detail, (
                       SELECT pg_catalog.string_agg(k, ', ' ORDER BY k COLLATE "C")
                       FROM pg_catalog.jsonb_object_keys(e.change_set) AS k))
            WHEN 'acknowledged' THEN
                pg_catalog.concat_ws('; ', 'it has taken ' || e.idempotency_key,
                    'in another form: ' || (
                        SELECT pg_catalog.string_agg(k, ', ' ORDER BY k COLLATE "C")
                        FROM pg_catalog.jsonb_object_keys(e.data) AS k),
                    e.detail)
            WHEN 'lease ran out' THEN
                'nobody knows whether ' || e.idempotency_key || ' has landed'
            WHEN 'lease extended' THEN
                pg_catalog.format('attempt %s of %s goes on', e.attempt, e.idempotency_key)
            WHEN 'failed' THEN
                pg_catalog.format('attempt %s of %s', e.attempt, e.idempotency_key) || coalesce(': ' || m.words, '')
            WHEN 'put off' THEN
                pg_catalog.format('%s, as it asked', e.idempotency_key) || coalesce(': ' || m.words, '')
            WHEN 'failed for good' THEN
                pg_catalog.format('attempt %s of %s', e.attempt, e.idempotency_key) || coalesce(': ' || m.words, '')
            WHEN 'redriven' THEN e.idempotency_key || ' goes now'
            WHEN 'discarded' THEN e.idempotency_key || ' is not sent: ' || e.detail
            WHEN 'no longer needed' THEN coalesce(e.detail, 'what waited had nothing left to send')
            WHEN 'forgotten' THEN 'what it showed, and what came before, is gone; by ' || e.actor
            WHEN 'decided' THEN
                pg_catalog.concat_ws('; ', coalesce(o.words, 'this is the record that a payload is of'),
                    'by ' || e.actor, e.detail)
            ELSE pg_catalog.concat_ws('; ', o.words, 'by ' || e.actor, e.detail)
        END,
        (SELECT pg_catalog.jsonb_object_agg(d.name, d.value)
         FROM (VALUES
            ('version', pg_catalog.to_jsonb(e.version)),
            ('attempt', pg_catalog.to_jsonb(e.attempt)),
            ('actor', pg_catalog.to_jsonb(e.actor)),
            ('verdict', pg_catalog.to_jsonb(e.verdict)),
            ('outcome', e.outcome),
            ('change_set', sync_masked(e.entity, NULL, e.change_set)),
            ('stored', sync_masked(e.entity, NULL, e.data)),
            ('idempotency_key', pg_catalog.to_jsonb(e.idempotency_key)),
            ('field_keys', CASE WHEN e.event = 'claimed' THEN
                sync_field_keys(e.entity, e.record_key, e.system, e.change_set, e.idempotency_key, e.id) END)
         ) AS d(name, value) WHERE d.value IS NOT NULL)
    FROM (SELECT v.* FROM sync_event AS v WHERE v.event <> 'claimed'
          UNION ALL
          SELECT k.id, k.at, k.version, k.attempt, k.entity, k.record_key, 'claimed', k.target_system,
              k.worker, NULL, k.change_set, NULL, NULL, k.idempotency_key, k.action
          FROM sync_claim AS k) AS e
    CROSS JOIN LATERAL (
        SELECT coalesce(pg_catalog.string_agg(w.outcome || ' ' || w.fields, ', '
                                              ORDER BY w.outcome COLLATE "C"), e.verdict)
        FROM (SELECT p.value, pg_catalog.string_agg(p.key, ', ' ORDER BY p.key COLLATE "C")
              FROM pg_catalog.jsonb_each_text(e.outcome) AS p GROUP BY p.value
             ) AS w(outcome, fields)) AS o(words)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN e.event IN ('failed', 'failed for good', 'put off') THEN
            sync_masked_words(e.entity, e.record_key, (
                SELECT c.change_set FROM sync_event AS c
                WHERE c.record_key = e.record_key AND c.entity = e.entity AND c.id < e.id
                  AND c.event = 'claimed' AND c.idempotency_key = e.idempotency_key
                ORDER BY c.id DESC LIMIT 1), e.detail) END) AS m(words)
    WHERE e.record_key = $2 AND e.entity = $1;
END;
COMMENT ON FUNCTION sync_trace_events(text, text) IS
    'The part of sync_trace that sync_event and sync_claim tell.';

CREATE FUNCTION sync_trace_deliveries(entity text, record_key text)
    RETURNS TABLE (at timestamptz, id bigint, event text, system text, detail text, data jsonb)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT d.synced_at, d.id, 'acknowledged', d.target_system, 'it has taken ' || d.idempotency_key,
        pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('version', d.version,
                                                                   'idempotency_key', d.idempotency_key))
    FROM sync_delivery AS d WHERE d.record_key = $2 AND d.entity = $1 AND NOT d.has_event;
END;
COMMENT ON FUNCTION sync_trace_deliveries(text, text) IS
    'The part of sync_trace that sync_delivery tells: acknowledgements of which sync_event says no more.';

CREATE FUNCTION sync_trace_conflicts(entity text, record_key text)
    RETURNS TABLE (at timestamptz, id bigint, event text, system text, detail text, data jsonb)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH conflict AS (
        SELECT c.*,
            pg_catalog.format('conflict %s (%s of %s)', c.id, c.kind, coalesce(c.field, 'the record')) AS name,
            c.resolved_by IS NULL AND c.revision = 1 AND c.resolved_at = c.detected_at AS was_settled,
            (SELECT pg_catalog.jsonb_object_agg(d.name, d.value)
             FROM (VALUES
                ('conflict', pg_catalog.to_jsonb(c.id)),
                ('kind', pg_catalog.to_jsonb(c.kind)),
                ('field', pg_catalog.to_jsonb(c.field)),
                ('revision', pg_catalog.to_jsonb(c.revision)),
                ('base_value', sync_masked(c.entity, c.field, c.base_value)),
                ('current_value', sync_masked(c.entity, c.field, c.current_value)),
                ('current_system', pg_catalog.to_jsonb(c.current_system)),
                ('incoming_value', sync_masked(c.entity, c.field, c.incoming_value)),
                ('incoming_system', pg_catalog.to_jsonb(c.incoming_system)),
                ('sides', sync_masked_sides(c.entity, c.field, c.sides)),
                ('resolved_value', sync_masked(c.entity, c.field, c.resolved_value)),
                ('resolution', pg_catalog.to_jsonb(c.resolution)),
                ('resolved_by', pg_catalog.to_jsonb(c.resolved_by)),
                ('note', pg_catalog.to_jsonb(c.note))
             ) AS d(name, value) WHERE d.value IS NOT NULL) AS data
        FROM sync_conflict AS c WHERE c.record_key = $2 AND c.entity = $1)
    SELECT c.detected_at, c.id, 'conflict opened', c.incoming_system,
        c.name || ': ' || CASE WHEN c.kind = 'duplicate'
            THEN c.incoming_system || ' may mean ' || (
                     SELECT pg_catalog.string_agg(k, ' or ' ORDER BY k COLLATE "C")
                     FROM pg_catalog.jsonb_array_elements_text(c.current_value) AS k)
                 || ', what it shows is held until it is settled'
            ELSE coalesce(c.incoming_system, 'nobody') || ' against '
                 || coalesce(c.current_system, 'nobody') || ', nothing of it is sent until it is settled' END,
        c.data - '{resolved_value,resolution,resolved_by,note}'::text[]
    FROM conflict AS c WHERE NOT coalesce(c.was_settled, false)
    UNION ALL
    SELECT c.resolved_at, c.id, 'conflict settled', coalesce(c.incoming_system, c.current_system),
        pg_catalog.concat_ws('; ', c.name || ': ' ||
            CASE c.resolution
                WHEN 'agreed' THEN 'all sides show the same'
                WHEN 'owner' THEN 'the owner''s value stands'
                WHEN 'superseded' THEN CASE WHEN c.was_settled THEN 'a later edit had replaced it already'
                    ELSE 'it has become one with that of its group' END
                WHEN 'rewritten' THEN 'it was the target''s own form of our write'
                WHEN 'dropped' THEN 'the policy no longer has it'
                WHEN 'deleted' THEN 'it is of before the record was deleted'
                WHEN 'recreated' THEN 'the one that had deleted it shows it again'
                WHEN 'value' THEN CASE WHEN c.kind = 'duplicate' THEN 'decided for record '
                    || (c.resolved_value #>> '{}') ELSE 'decided for another value' END
                ELSE 'decided for ' || c.resolution
            END,
            'by ' || c.resolved_by, c.note),
        c.data
    FROM conflict AS c WHERE c.status = 'resolved';
END;
COMMENT ON FUNCTION sync_trace_conflicts(text, text) IS
    'The part of sync_trace that sync_conflict tells.';
