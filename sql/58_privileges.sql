-- Who may do what: five privileges, and what each of them gives.

CREATE VIEW sync_privileges AS
    WITH given (name, privileges) AS (VALUES
        -- the mapping, and JSON
        ('sync_policy', '{reader,ingest,worker,reviewer}'::text[]),
        ('sync_config', '{reader,ingest,worker,reviewer}'),
        ('sync_entity', '{reader,ingest,worker,reviewer}'),
        ('sync_canonical', '{reader,ingest,worker,reviewer}'),
        ('sync_hash', '{reader,ingest,worker,reviewer}'),
        ('sync_changes', '{reader,ingest,worker,reviewer}'),
        -- in
        ('sync_verdict', '{ingest}'),
        ('sync_diff', '{ingest}'),
        ('sync_diff_from', '{ingest}'),
        ('sync_delete', '{ingest}'),
        ('sync_read', '{ingest}'),
        ('sync_attach', '{ingest}'),
        ('sync_detach', '{ingest}'),
        ('sync_capture', '{ingest}'),
        -- out
        ('sync_poll', '{worker}'),
        ('sync_ack', '{worker}'),
        ('sync_nack', '{worker}'),
        ('sync_extend', '{worker}'),
        ('sync_apply', '{worker}'),
        ('sync_merge', '{worker}'),
        -- review
        ('sync_conflict', '{reviewer}'),
        ('sync_reject', '{reviewer}'),
        ('sync_conflict_poll', '{reviewer}'),
        ('sync_conflict_ack', '{reviewer}'),
        ('sync_resolve', '{reviewer}'),
        ('sync_open_conflicts', '{reader,reviewer}'),
        ('sync_conflict_summary', '{reader,reviewer}'),
        -- look; what these call runs with the rights of who looks
        ('sync_trace', '{reader,reviewer}'),
        ('sync_blame', '{reader,reviewer}'),
        ('sync_masked', '{reader,reviewer}'),
        ('sync_masked_sides', '{reader,reviewer}'),
        ('sync_is_sensitive', '{reader,reviewer}'),
        ('sync_is_sensitive_group', '{reader,reviewer}'),
        ('sync_is_current', '{reader,reviewer}'),
        ('sync_sensitive_fields', '{reader,reviewer}'),
        ('sync_dead_letter_words', '{reader}'),
        ('sync_audit', '{reader}'),
        ('sync_divergence', '{reader}'),
        ('sync_state_divergence', '{reader}'),
        ('sync_near_misses', '{reader}'),
        ('sync_dead_letters', '{reader}'),
        ('sync_outbox_event', '{reader}'),
        ('sync_lag', '{reader}'),
        ('sync_activity', '{reader}'),
        ('sync_savings', '{reader}'),
        ('sync_systems', '{reader}'),
        ('sync_stat', '{reader}'),
        ('sync_now', '{reader}'),
        ('sync_attached', '{reader,ingest,worker}'),
        ('sync_pause_reason', '{reader,worker}'),
        ('sync_health', '{reader}'),
        ('sync_health_outbox', '{reader}'),
        ('sync_health_review', '{reader}'),
        ('sync_health_attached', '{reader}'),
        ('sync_health_server', '{reader}'),
        -- keep
        ('sync_configure', '{}'),
        ('sync_pause', '{}'),
        ('sync_resume', '{}'),
        ('sync_redrive', '{}'),
        ('sync_discard', '{}'),
        ('sync_touch', '{}'),
        ('sync_forget', '{}'),
        ('sync_maintain', '{}'),
        ('sync_schedule', '{}'),
        ('sync_unschedule', '{}'),
        ('sync_privileges', '{}'),
        -- what is stored, values and all
        ('sync_record', '{}'),
        ('sync_sensitive_words', '{}'),
        ('sync_masked_words', '{}'),
        ('sync_state_record', '{}'),
        ('sync_shadow', '{}'),
        ('sync_state_shadows', '{}'),
        ('sync_change', '{}'),
        ('sync_ledger', '{}'),
        ('sync_outbox', '{}'),
        ('sync_waiting', '{}'),
        ('sync_lease', '{}'),
        ('sync_state', '{}'),
        ('sync_event', '{}'),
        ('sync_claim', '{}'),
        ('sync_key_version', '{}'),
        ('sync_delivery', '{}'),
        ('sync_native_id', '{}'),
        ('sync_match', '{}'),
        ('sync_near_miss', '{}'),
        ('sync_conflict_lease', '{}'),
        ('sync_target', '{}'),
        ('sync_home', '{}'),
        ('sync_sweep', '{}')
    ), member (kind, name, object, access) AS (
        SELECT 'FUNCTION', p.proname::text, p.oid::regprocedure::text, 'EXECUTE'
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'sync_ledger'
        JOIN pg_catalog.pg_proc AS p ON p.oid = d.objid
        WHERE d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::regclass
          AND d.classid = 'pg_catalog.pg_proc'::regclass
        UNION ALL
        SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END,
            c.relname::text, c.oid::regclass::text,
            CASE c.relkind WHEN 'S' THEN 'USAGE' WHEN 'c' THEN 'USAGE' ELSE 'SELECT' END
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'sync_ledger'
        JOIN pg_catalog.pg_class AS c ON c.oid = d.objid OR c.oid = (
            SELECT t.typrelid FROM pg_catalog.pg_type AS t WHERE t.oid = d.objid AND t.typtype = 'c')
        WHERE d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::regclass
          AND d.classid IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_type'::regclass)
          AND (c.relkind IN ('r', 'v', 'S')) = (d.classid = 'pg_catalog.pg_class'::regclass)
    )
    SELECT p.privilege, m.kind, m.object,
        CASE WHEN p.privilege IS NOT NULL THEN m.access END AS access
    FROM member AS m
    LEFT JOIN given AS g ON g.name = m.name
    LEFT JOIN LATERAL pg_catalog.unnest(g.privileges || '{admin}'::text[]) AS p(privilege) ON g.name IS NOT NULL;
COMMENT ON VIEW sync_privileges IS
    'What sync_grant gives: one row for each privilege and object of the extension. privilege is reader, ingest, worker, reviewer or admin (all of these and more), null for what nobody gets: only the extension''s own code uses it.';
COMMENT ON COLUMN sync_privileges.access IS 'EXECUTE, SELECT or USAGE.';

CREATE FUNCTION sync_grant(role regrole, privilege text) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_grant(regrole, text) IS
    'Grants a role all that a privilege needs: reader (looks, sensitive values masked), ingest (says what systems hold, attaches its tables), worker (carries changes to targets), reviewer (decides conflicts), admin (all of that, configures, operates, and reads what is stored). Several add up; again: what an update of the extension has brought. sync_privileges lists what each gives. Only for the owner of the extension (42501); an unknown privilege is 22023, an unknown role 42704.';

CREATE FUNCTION sync_revoke(role regrole) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_revoke(regrole) IS
    'Takes back from a role all rights on objects of the extension, and what it has granted of them to others. Rights that a role with a grant option gave it are that role''s to revoke (2B000). Only for the owner of the extension (42501); an unknown role is 42704.';
