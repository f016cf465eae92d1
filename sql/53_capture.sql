-- Tables of this database as systems: what is written to them is captured.

CREATE FUNCTION sync_capture() RETURNS trigger
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_capture() IS
    'The trigger function of attached tables; its arguments are the system and the entity. It writes the book with the rights of its owner, so that writers of a table need none in it. sync_attach() makes the triggers.';

CREATE VIEW sync_attached AS
    SELECT t.tgrelid::regclass AS relation,
        pg_catalog.convert_from(pg_catalog.substring(t.tgargs, 1, n.len - 1), 'UTF8') AS system,
        pg_catalog.convert_from(pg_catalog.substring(t.tgargs, n.len + 1, pg_catalog.length(t.tgargs) - n.len - 1), 'UTF8') AS entity,
        pg_catalog.bool_or(t.tgname = 'sync_capture_replicated') AS replicated,
        pg_catalog.count(*) FILTER (WHERE t.tgname <> 'sync_capture_replicated' AND t.tgenabled IN ('O', 'A')) = 4
            AND NOT coalesce(pg_catalog.bool_or(t.tgenabled NOT IN ('R', 'A')) FILTER (WHERE t.tgname = 'sync_capture_replicated'), false) AS is_whole
    FROM pg_catalog.pg_trigger AS t
    CROSS JOIN LATERAL (SELECT pg_catalog.position(t.tgargs, '\x00'::bytea)) AS n(len)
    WHERE t.tgfoid = 'sync_capture()'::regprocedure AND t.tgnargs = 2
    GROUP BY t.tgrelid, t.tgargs, n.len;
COMMENT ON VIEW sync_attached IS
    'Tables whose rows are records of a system, each partition and child of its own: what sync_attach() made of them. replicated: rows that a subscription brings are captured too. is_whole: no trigger of it is missing or disabled, and the one for replicated rows fires for those.';

CREATE FUNCTION sync_attach(relation regclass, system text, entity text,
        replicated boolean DEFAULT false)
    RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_attach(regclass, text, text, boolean) IS
    'Makes a table, with its partitions and children, a system: whatever a statement writes to it is taken in within its transaction, as sync_diff would take the rows; columns are payload keys. The caller needs what CREATE TRIGGER needs. Once more: adds what is missing, as for new partitions, and enables triggers that are disabled (which needs the table''s owner). replicated: rows that logical replication brings, or a session in the role "replica", are captured too, one by one. Notices say where rows may be one record (the column that names them is not unique), where no record can be created (a key that is GENERATED ALWAYS AS IDENTITY), and which fields of a writable system no change can be written to (at a generated column, or inside of one that is no jsonb). Without replicated a table that has it keeps it. Errors: no column for what the policy names (42703), a field inside of a column that has nothing inside (42804), no table (42809), a partition or child alone, or another table of that system and entity (55000), an unknown system or entity (42704).';

CREATE FUNCTION sync_detach(relation regclass) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_detach(regclass) IS
    'Ends that, for the table with its partitions and children; the records stay as they are. Only for the owner of the table (42501), as DROP TRIGGER; a table that is not attached is 42704.';

CREATE FUNCTION sync_misfit(relation regclass, system text, entity text) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_misfit(regclass, text, text) IS
    'What of the policy the table has no column for, or none that has an inside, where it was altered since it was attached; null where it fits. Takes no lock. Part of sync_health.';

CREATE FUNCTION sync_health_attached()
    RETURNS TABLE (status text, subject text, reason text, next_step text)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH fault AS (
        SELECT 'critical' AS status, pg_catalog.format('%s: a trigger of it is missing or disabled', a.relation) AS reason,
            'Writes are lost to the other systems: sync_attach once more; then sync_diff_from(..., complete => true) takes in what was missed.' AS next_step
        FROM sync_attached AS a WHERE NOT a.is_whole
        UNION ALL
        SELECT 'warning', pg_catalog.format('%s: writes that name its partition or child %s are not seen', a.relation, i.inhrelid::regclass),
            'sync_attach of the whole table once more; then sync_diff_from(..., complete => true) takes in what was missed.'
        FROM sync_attached AS a
        JOIN pg_catalog.pg_inherits AS i ON i.inhparent = a.relation
        WHERE NOT EXISTS (SELECT FROM sync_attached AS b WHERE b.relation = i.inhrelid)
        UNION ALL
        SELECT 'critical', pg_catalog.format('%s: writes that name the table above it, %s, are not seen', a.relation, i.inhparent::regclass),
            'sync_detach it and sync_attach the table above; then sync_diff_from(..., complete => true) takes in what was missed.'
        FROM sync_attached AS a
        JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = a.relation
        WHERE NOT EXISTS (SELECT FROM sync_attached AS b WHERE b.relation = i.inhparent)
        UNION ALL
        SELECT 'critical', pg_catalog.format('system %s of entity %s is several tables: %s', a.system, a.entity,
                pg_catalog.string_agg(a.relation::text, ', ' ORDER BY a.relation::text COLLATE "C")),
            'sync_detach the one whose rows are that system''s no more, as a partition that was detached: until then sync_apply writes to none of them.'
        FROM sync_attached AS a
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = a.relation)
        GROUP BY a.system, a.entity HAVING pg_catalog.count(*) > 1
        UNION ALL
        SELECT 'critical', pg_catalog.format('%s: writes to it fail, as no policy names system %s of entity %s', a.relation, a.system, a.entity),
            'sync_configure() the entity, as after a restore without data, or sync_detach() the table.'
        FROM sync_attached AS a
        WHERE NOT EXISTS (SELECT FROM sync_systems() AS s WHERE s.entity = a.entity AND s.system = a.system)
        UNION ALL
        SELECT 'critical', pg_catalog.format('%s: %s', a.relation, m.misfit),
            'Writes to it fail, and what waits for it is not written: give the table the column as it was, or the policy the one that it has: sync_configure() with another path, or with none for that system.'
        FROM sync_attached AS a
        CROSS JOIN LATERAL (SELECT CASE
            WHEN EXISTS (SELECT FROM sync_systems() AS s WHERE s.entity = a.entity AND s.system = a.system)
                THEN sync_misfit(a.relation, a.system, a.entity) END) AS m(misfit)
        WHERE m.misfit IS NOT NULL
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = a.relation)
    )
    SELECT f.status, 'attached tables', f.reason, f.next_step FROM fault AS f
    UNION ALL
    SELECT 'ok', 'attached tables', CASE WHEN n.attached = 0 THEN 'none' ELSE 'all are whole' END, NULL
    FROM (SELECT pg_catalog.count(*) AS attached FROM sync_attached) AS n
    WHERE NOT EXISTS (SELECT FROM fault);
END;
COMMENT ON FUNCTION sync_health_attached() IS
    'The part of sync_health that attached tables tell.';

CREATE FUNCTION sync_apply(system text, max_changes integer DEFAULT 1000) RETURNS integer
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_apply(text, integer) IS
    'Writes what waits for the attached tables of a system to them, under their checks, defaults, triggers and row security, with the rights of the table''s owner where the caller has those, else with the caller''s; how many changes were applied. Claim, write, answer and sight are one transaction. What a table refuses, or whose row is locked, comes back to the outbox with the error. A table that lacks a column which the policy names is left out, with a warning; where no other is left that is an error (42703, 42804). A system without an attached table is 42704; deadlocks (40P01) and serialization failures (40001) are to be repeated.';

CREATE FUNCTION sync_merge(old jsonb, new jsonb, paths jsonb) RETURNS jsonb
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_merge(jsonb, jsonb, jsonb) IS
    'What a change writes inside of a column: old, with what new holds at the paths, each an array of steps (a key, the number of an element, null for all elements: those that stay keep their other members). What is missing on the way is made. Part of sync_apply.';
