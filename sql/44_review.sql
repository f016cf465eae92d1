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
    SELECT c.id, c.entity, c.record_key, c.field, c.kind, c.revision,
           sync_masked(c.entity, c.field, c.base_value) AS base_value,
           sync_masked(c.entity, c.field, c.current_value) AS current_value,
           c.current_system,
           sync_masked(c.entity, c.field, c.incoming_value) AS incoming_value,
           c.incoming_system,
           sync_masked_sides(c.entity, c.field, c.sides) AS sides,
           c.detected_at
    FROM sync_conflict AS c
    WHERE c.status = 'open';
COMMENT ON VIEW sync_open_conflicts IS
    'What a human must look at. The values of sensitive fields are masked.';

CREATE VIEW sync_conflict_summary AS
    SELECT (c.detected_at AT TIME ZONE 'UTC')::date AS day, c.entity, c.field, c.kind, c.resolution,
           count(*) AS conflicts,
           count(*) FILTER (WHERE c.status = 'open') AS open,
           avg(t.taken) AS average_time,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY t.taken) AS median_time,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY t.taken) AS p95_time
    FROM sync_conflict AS c
    CROSS JOIN LATERAL (SELECT c.resolved_at - c.detected_at) AS t(taken)
    GROUP BY 1, c.entity, c.field, c.kind, c.resolution;
COMMENT ON VIEW sync_conflict_summary IS
    'Conflicts per day (UTC, of detection), entity, field (null: the record as a whole), kind and resolution (null: open): how many, how many of them are open, and the time it took to resolve the others (average, median, 95th percentile). A value that was lost by a rule is resolved at once.';
