-- What people may not see: the values of fields that a policy calls sensitive.  A field that
-- was sensitive in any version of the policy stays masked: its old values are still there.

CREATE FUNCTION sync_sensitive_fields(entity text) RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ARRAY(SELECT DISTINCT f.key
                 FROM sync_entity AS e
                 CROSS JOIN LATERAL pg_catalog.jsonb_each(e.config -> 'fields') AS f
                 WHERE e.entity = $1 AND (f.value ->> 'sensitive')::boolean);
COMMENT ON FUNCTION sync_sensitive_fields(text) IS
    'The fields that any version of the entity''s policy calls sensitive.';

CREATE FUNCTION sync_is_sensitive(entity text, field text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce($2 = ANY (sync_sensitive_fields($1)), false);
COMMENT ON FUNCTION sync_is_sensitive(text, text) IS
    'True where any version of the entity''s policy calls the field sensitive: views for people show no value of it.';

CREATE FUNCTION sync_is_sensitive_group(entity text, name text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN EXISTS (SELECT FROM sync_entity AS e
                   CROSS JOIN LATERAL pg_catalog.jsonb_each(e.config -> 'fields') AS f
                   WHERE e.entity = $1 AND f.value ->> 'group' = $2
                     AND f.key = ANY (sync_sensitive_fields($1)));
COMMENT ON FUNCTION sync_is_sensitive_group(text, text) IS
    'True where in any version of the entity''s policy a sensitive field was in this group.';

CREATE FUNCTION sync_is_current(entity text, name text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN EXISTS (SELECT FROM sync_entity AS e
                   CROSS JOIN LATERAL pg_catalog.jsonb_each(e.config -> 'fields') AS f
                   WHERE e.entity = $1
                     AND e.version = (SELECT max(n.version) FROM sync_entity AS n WHERE n.entity = $1)
                     AND $2 IN (f.key, f.value ->> 'group'));
COMMENT ON FUNCTION sync_is_current(text, text) IS
    'True where the newest version of the entity''s policy has a field or a group of that name.';

CREATE FUNCTION sync_masked(entity text, field text, value jsonb) RETURNS jsonb
    LANGUAGE c STABLE PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_masked(text, text, jsonb) IS
    'A value as people may see it: "***" where the field is sensitive. Of an object (a change-set, a group''s or a record''s values; field is null or the group''s name) the sensitive members are "***"; all of it is where the group has left the policy.';

CREATE FUNCTION sync_masked_sides(entity text, field text, sides jsonb) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (SELECT coalesce(pg_catalog.jsonb_object_agg(s.key,
                CASE pg_catalog.jsonb_typeof(s.value)
                    WHEN 'array' THEN
                        (SELECT coalesce(pg_catalog.jsonb_agg(sync_masked($1, $2, v.value)
                                                              ORDER BY v.ordinality), '[]')
                         FROM pg_catalog.jsonb_array_elements(s.value) WITH ORDINALITY AS v)
                    ELSE sync_masked($1, $2, s.value)
                END), '{}')
            FROM pg_catalog.jsonb_each($3) AS s);
COMMENT ON FUNCTION sync_masked_sides(text, text, jsonb) IS
    'The sides of a conflict as people may see them: {system: [values]}, each value by sync_masked.';

-- What a target says may quote what it was sent, or what it holds, by the name that it has there.
-- By the planner's guess this is worth compiling and two workers, which takes half a second a row.
CREATE FUNCTION sync_sensitive_words(entity text, record_key text, change_set jsonb) RETURNS SETOF text
    LANGUAGE sql STABLE PARALLEL SAFE SET jit = off SET max_parallel_workers_per_gather = 0
BEGIN ATOMIC
    WITH shown(field, value) AS (
        SELECT f.name, d.data -> f.name
        FROM pg_catalog.unnest(sync_sensitive_fields($1)) AS f(name)
        CROSS JOIN LATERAL (
            SELECT $3
            UNION ALL
            SELECT r.data FROM sync_record AS r WHERE r.record_key = $2 AND r.entity = $1
            UNION ALL
            SELECT h.data FROM sync_shadow AS h WHERE h.record_key = $2 AND h.entity = $1) AS d(data)
    ), word(field, word) AS (
        SELECT DISTINCT w.field, v.value #>> '{}'
        FROM shown AS w CROSS JOIN LATERAL pg_catalog.jsonb_path_query(w.value, 'strict $.**') AS v(value)
        WHERE pg_catalog.jsonb_typeof(v.value) NOT IN ('object', 'array', 'null')
    ), named(word) AS (
        SELECT word FROM word
        UNION
        SELECT n.value #>> '{}' FROM word AS w
        JOIN sync_entity AS e ON e.entity = $1
        CROSS JOIN LATERAL pg_catalog.jsonb_each(e.config -> 'fields' -> w.field -> 'values') AS m
        CROSS JOIN LATERAL pg_catalog.jsonb_each(m.value) AS n
        WHERE n.key = w.word
    )
    SELECT f.word FROM named AS n
    CROSS JOIN LATERAL (VALUES (n.word), (pg_catalog.btrim(pg_catalog.to_json(n.word)::text, '"')),
        (CASE WHEN n.word ~ '^\d{4}-\d\d-\d\dT' THEN pg_catalog.substr(n.word, 1, 10) END)) AS f(word)
    WHERE f.word <> '';
END;
COMMENT ON FUNCTION sync_sensitive_words(text, text, jsonb) IS
    'The values of sensitive fields in a change-set and in all that is known of a record, as the systems name them too.';

CREATE FUNCTION sync_masked_words(entity text, record_key text, change_set jsonb, words text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN $4 IS NOT NULL AND sync_sensitive_fields($1) <> '{}' AND EXISTS (
            SELECT FROM sync_sensitive_words($1, $2, $3) AS s(word)
            WHERE CASE WHEN pg_catalog.length(s.word) > 3
                THEN pg_catalog.strpos(pg_catalog.lower($4), pg_catalog.lower(s.word)) > 0
                ELSE $4 ~* ('(^|[^[:alnum:]])' || pg_catalog.regexp_replace(s.word, '([^[:alnum:]])', '\\\1', 'g')
                            || '($|[^[:alnum:]])') END)
        THEN '*** (it holds a sensitive value)' ELSE $4 END;
COMMENT ON FUNCTION sync_masked_words(text, text, jsonb, text) IS
    'What a worker said of a call with this change-set, as people may see it: masked where it repeats a sensitive value that the change-set or the record holds; one of up to three characters only as a word, for a 5 stands in every other status.';
