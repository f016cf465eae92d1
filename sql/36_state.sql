-- What is known of each record, for people and BI tools: views on sync_state.

CREATE FUNCTION sync_state_record(entity text, record_key text, state bytea, OUT version bigint,
        OUT generation integer, OUT deleted boolean, OUT data jsonb, OUT updated_at timestamptz)
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_state_record(text, text, bytea) IS
    'The golden record in a row of sync_state, as the entity''s newest policy reads it.';

CREATE FUNCTION sync_state_shadows(entity text, record_key text, state bytea)
    RETURNS TABLE (system text, native_id text, version text, field_hash text, data jsonb,
                   existence text)
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_state_shadows(text, text, bytea) IS
    'What each system is known to show of the record in a row of sync_state.';

CREATE VIEW sync_record AS
    SELECT s.entity, s.record_key, r.version, r.generation, r.deleted, r.data, r.updated_at
    FROM sync_state AS s CROSS JOIN LATERAL sync_state_record(s.entity, s.record_key, s.state) AS r
    WHERE s.state <> '\x'::bytea;
COMMENT ON VIEW sync_record IS
    'Golden records: what all systems should show. version grows with every new content that is to be sent; updated_at is the last accepted edit.';

CREATE VIEW sync_shadow AS
    SELECT s.entity, s.record_key, h.system, h.native_id, h.version, h.field_hash, h.data,
           h.existence
    FROM sync_state AS s CROSS JOIN LATERAL sync_state_shadows(s.entity, s.record_key, s.state) AS h
    WHERE s.state <> '\x'::bytea;
COMMENT ON VIEW sync_shadow IS
    'Per record and system: what the system calls it (native_id), the newest version token known of it there, the fields it is known to show (data; one that was never seen there is left out) and their hash.';

CREATE FUNCTION sync_state_waiting(entity text, record_key text, state bytea) RETURNS SETOF bigint
    LANGUAGE c STABLE STRICT PARALLEL SAFE ROWS 1
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_state_waiting(text, text, bytea) IS
    'The ids in sync_outbox of what waits for the systems of the entity''s policy, by the record in a row of sync_state.';

CREATE FUNCTION sync_state_blame(entity text, record_key text, state bytea)
    RETURNS TABLE (field text, value jsonb, author text, actor text, changed_at timestamptz,
                   version bigint)
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_state_blame(text, text, bytea) IS
    'Who set each field of the golden record in a row of sync_state; values are not masked.';
