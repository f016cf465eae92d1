-- Decisions.

CREATE FUNCTION sync_resolve(conflict_id bigint, winner text DEFAULT NULL,
        value jsonb DEFAULT NULL, by text DEFAULT NULL, note text DEFAULT NULL,
        revision integer DEFAULT NULL)
    RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_resolve(bigint, text, jsonb, text, text, integer) IS
    'Decides a conflict: the last value of a winner (current_system, or a system in sides), or a canonical value (''null'' too); both or none is 22023. by and note are kept. False, with a NOTICE that says why, where it is resolved already or has moved on from the revision you saw; an unknown id is 42704.';

CREATE VIEW sync_open_conflicts AS
    SELECT c.id, c.entity, c.record_key, c.field, c.kind, c.revision, c.base_value,
           c.current_value, c.current_system, c.incoming_value, c.incoming_system, c.sides,
           c.detected_at
    FROM sync_conflict AS c WHERE c.status = 'open';
COMMENT ON VIEW sync_open_conflicts IS 'What a human must look at.';
