-- A target that is a table: it takes each idempotency key once, and remembers what was wrong.
CREATE SCHEMA warehouse;
CREATE TABLE warehouse.taken (name text PRIMARY KEY, content text NOT NULL);
CREATE TABLE warehouse.record (record_key text PRIMARY KEY, data jsonb, version bigint NOT NULL);
CREATE TABLE warehouse.fault (fault text NOT NULL);

CREATE FUNCTION warehouse.take(record_key text, action text, change_set jsonb, key text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    call text := concat_ws(' ', record_key, action, change_set);
    version bigint := substring(key FROM '-v(\d+)$');
    known warehouse.record;
BEGIN
    INSERT INTO warehouse.taken VALUES (key, call) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        INSERT INTO warehouse.fault
            SELECT format('%s: %s, then %s', key, t.content, call) FROM warehouse.taken AS t
            WHERE t.name = key AND t.content <> call;
        RETURN;
    END IF;
    SELECT * INTO known FROM warehouse.record AS r WHERE r.record_key = take.record_key FOR UPDATE;
    INSERT INTO warehouse.fault
        SELECT format('%s after v%s', key, known.version) WHERE known.version >= version
        UNION ALL
        SELECT format('%s: %s', key, action) WHERE action = 'create' AND known.data IS NOT NULL
        UNION ALL
        SELECT format('%s: %s after %s', key, change_set, known.data)
        FROM jsonb_each(change_set) AS c (field, value)
        WHERE jsonb_typeof(c.value) = 'number' AND c.value < known.data -> c.field;
    INSERT INTO warehouse.record AS r
        VALUES (record_key, CASE WHEN action <> 'delete' THEN change_set END, version)
    ON CONFLICT ON CONSTRAINT record_pkey DO UPDATE
        SET data = CASE WHEN action <> 'delete' THEN coalesce(r.data, '{}') || change_set END,
            version = excluded.version;
END $$;
