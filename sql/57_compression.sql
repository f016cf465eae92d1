-- States, change-sets and payloads that are long are compressed: by LZ4 where the server has it, for
-- with pglz that takes longer than all else that is done to a wide record.
DO $compression$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I SET COMPRESSION lz4', c.oid::regclass, a.attname)
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'sync_ledger'
        JOIN pg_catalog.pg_class AS c ON c.oid = d.objid AND c.relkind = 'r'
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::regclass
          AND d.classid = 'pg_catalog.pg_class'::regclass
          AND a.atttypid IN ('jsonb'::regtype, 'bytea'::regtype) AND a.attstorage IN ('x', 'm')
        ORDER BY 1
    LOOP
        EXECUTE statement;
    END LOOP;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$compression$;
