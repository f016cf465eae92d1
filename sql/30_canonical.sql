-- Canonical JSON, its hash, and what differs between two records.

CREATE FUNCTION sync_canonical(jsonb) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sync_canonical';

COMMENT ON FUNCTION sync_canonical(jsonb) IS
'The canonical text of a JSON value by RFC 8785: keys in the order of UTF-16 code units, no white space, each number as the nearest IEEE 754 double in ECMAScript''s form. A number beyond the largest double is an error (22003).';

CREATE FUNCTION sync_hash(jsonb) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sync_hash';

COMMENT ON FUNCTION sync_hash(jsonb) IS
'The SHA-256 of sync_canonical(), as 64 lower-case hexadecimal digits.';

CREATE FUNCTION sync_changes(old jsonb, new jsonb) RETURNS jsonb
LANGUAGE C IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sync_changes';

COMMENT ON FUNCTION sync_changes(jsonb, jsonb) IS
'The fields that differ between two complete records, with their new values; null where a field is gone, {} where nothing differs. Numbers are compared by value; an absent key, and every key of a NULL record, counts as null. What is no JSON object is an error (22023).';
