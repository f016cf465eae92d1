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
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE
        WHEN $3 IS NULL THEN NULL
        WHEN sync_is_sensitive($1, $2) THEN '"***"'
        WHEN sync_is_sensitive_group($1, $2)
            AND (pg_catalog.jsonb_typeof($3) <> 'object' OR NOT sync_is_current($1, $2)) THEN '"***"'
        WHEN pg_catalog.jsonb_typeof($3) = 'object' THEN
            $3 || (SELECT coalesce(pg_catalog.jsonb_object_agg(s.name, '***'::text), '{}')
                   FROM pg_catalog.unnest(sync_sensitive_fields($1)) AS s(name)
                   WHERE $3 ? s.name)
        ELSE $3
    END;
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

-- What a target says may quote what it was sent, or what it holds, in any form: as it names a
-- value, of another field, cut short.  So only the status says nothing of it.
CREATE FUNCTION sync_masked_words(entity text, words text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE
        WHEN $2 IS NULL OR sync_sensitive_fields($1) = '{}' OR $2 ~ '^([45]\d\d|0)$' THEN $2
        ELSE coalesce(pg_catalog.substring($2, '^([45]\d\d|0)(?:: | - )') || ': ', '')
            || '*** (it may hold a sensitive value)' END;
COMMENT ON FUNCTION sync_masked_words(text, text) IS
    'What a worker said of a call, as people may see it: of an entity with a sensitive field only the status with which it begins ("503: ...").';
