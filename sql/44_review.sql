-- Decisions.

CREATE FUNCTION sync_resolve(conflict_id bigint, winner text DEFAULT NULL,
        value jsonb DEFAULT NULL, by text DEFAULT NULL, note text DEFAULT NULL,
        revision integer DEFAULT NULL)
    RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_resolve(bigint, text, jsonb, text, text, integer) IS
    'Decides a conflict: the last value of a winner (current_system, or a system in sides), or a canonical value (''null'' too); both or none is 22023. by and note are kept. False, with a NOTICE that says why, where it is resolved already or has moved on from the revision you saw; an unknown id is 42704.';

CREATE FUNCTION sync_is_sensitive(entity text, field text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce((SELECT (e.config -> 'fields' -> $2 ->> 'sensitive')::boolean
                     FROM sync_entity AS e WHERE e.entity = $1
                     ORDER BY e.version DESC LIMIT 1), false);
COMMENT ON FUNCTION sync_is_sensitive(text, text) IS
    'True where the entity''s newest policy calls the field sensitive: views show no value of it.';

CREATE VIEW sync_open_conflicts AS
    SELECT c.id, c.entity, c.record_key, c.field, c.kind, c.revision,
           CASE WHEN m.is_masked THEN '"***"' ELSE c.base_value END AS base_value,
           CASE WHEN m.is_masked THEN '"***"' ELSE c.current_value END AS current_value,
           c.current_system,
           CASE WHEN m.is_masked THEN '"***"' ELSE c.incoming_value END AS incoming_value,
           c.incoming_system,
           CASE WHEN m.is_masked THEN '"***"' ELSE c.sides END AS sides,
           c.detected_at
    FROM sync_conflict AS c
    CROSS JOIN LATERAL (SELECT sync_is_sensitive(c.entity, c.field) OFFSET 0) AS m(is_masked)
    WHERE c.status = 'open';
COMMENT ON VIEW sync_open_conflicts IS
    'What a human must look at. The values of a sensitive field are masked.';
