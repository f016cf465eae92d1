-- What a mapping reads out of payloads, before it is configured.
CREATE FUNCTION sync_read(config jsonb, system text, records text,
						  OUT ordinal bigint, OUT record_key text, OUT native_id text,
						  OUT version text, OUT field text, OUT value jsonb, OUT reason text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sync_read'
LANGUAGE c STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION sync_read(jsonb, text, text) IS
'What a config (as for sync_configure) reads out of one system''s records, a JSON object or an array of them: one row per field that is present, with its canonical value or the reason why it would be rejected, and one without field where the record itself would be (no key). A required field that is absent is a reason for a record that is not known yet: in one that is, it may be left out. Of a record that is marked as deleted no field is read. Writes nothing; malformed JSON is 22P02, a system that the config does not name 42704.';
