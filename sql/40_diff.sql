-- The way in: sync_diff.

CREATE TYPE sync_verdict AS (
    record_key   text,
    verdict      text,
    action       text,
    change_set   jsonb,
    outcome      jsonb,
    field_hash   text,
    targets      text[],
    conflict_ids bigint[],
    detail       text
);
COMMENT ON TYPE sync_verdict IS
    'What became of one record. verdict, the worst of its fields: rejected, conflict, held, overruled, accepted, kept, agreed, echo, stale, unchanged. action: create, update, delete or null; change_set: what was accepted; outcome: {field: outcome} of each field that differed; field_hash: hash of the record as the system now shows it; targets: the systems that get something; conflict_ids: rows of sync_conflict; detail: why, in words.';

CREATE FUNCTION sync_diff(system text, entity text, records text, actor text DEFAULT NULL,
        dry_run boolean DEFAULT false, complete boolean DEFAULT false,
        baseline boolean DEFAULT false, verbose boolean DEFAULT false,
        approve integer DEFAULT NULL)
    RETURNS SETOF sync_verdict
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'sync_diff_text';
COMMENT ON FUNCTION sync_diff(text, text, text, text, boolean, boolean, boolean, boolean, integer) IS
    'Takes in what a system sent: one JSON object or an array of them, in the system''s own shape. One row for each record that is not unchanged, in input order (verbose: for each). actor: who did it there, for the log. dry_run: the same rows, and nothing is written. baseline: a first load, which fills golden records and shadows and sends nothing. complete: the input is all that the system holds, so a record that is missing was deleted there (one more row each, in key order); where more of what it holds is missing or changed than max_change allows the call fails (SL001) and names the number that approve lets pass once, and an empty listing is refused (SL002). Malformed JSON (22P02), an unknown system or entity (42704) fail the call; a record that does not fit its policy is a row with verdict rejected, and stands in sync_reject.';

CREATE FUNCTION sync_diff(system text, entity text, records json, actor text DEFAULT NULL,
        dry_run boolean DEFAULT false, complete boolean DEFAULT false,
        baseline boolean DEFAULT false, verbose boolean DEFAULT false,
        approve integer DEFAULT NULL)
    RETURNS SETOF sync_verdict
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'sync_diff_text';
COMMENT ON FUNCTION sync_diff(text, text, json, text, boolean, boolean, boolean, boolean, integer) IS
    'The same for a json value.';

CREATE FUNCTION sync_diff(system text, entity text, records jsonb, actor text DEFAULT NULL,
        dry_run boolean DEFAULT false, complete boolean DEFAULT false,
        baseline boolean DEFAULT false, verbose boolean DEFAULT false,
        approve integer DEFAULT NULL)
    RETURNS SETOF sync_verdict
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'sync_diff_jsonb';
COMMENT ON FUNCTION sync_diff(text, text, jsonb, text, boolean, boolean, boolean, boolean, integer) IS
    'The same for a jsonb value; text is the faster door.';

CREATE FUNCTION sync_diff_from(system text, entity text, source regclass,
        actor text DEFAULT NULL, dry_run boolean DEFAULT false,
        complete boolean DEFAULT false, baseline boolean DEFAULT false,
        verbose boolean DEFAULT false, approve integer DEFAULT NULL)
    RETURNS SETOF sync_verdict
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_diff_from(text, text, regclass, text, boolean, boolean, boolean, boolean, integer) IS
    'The same for the rows of a table, view or foreign table: columns are payload keys, a row is what row_to_json makes of it. Read through a cursor with the caller''s own rights and in constant memory, under the settings of UTC and ISO dates. Of an attached table of that system no row may change meanwhile: it waits for those who write, and they for it. Without a column for the record key or the native id: 42703; a field without a column is left out, with a notice.';

CREATE FUNCTION sync_delete(system text, entity text, record_keys text[],
        actor text DEFAULT NULL)
    RETURNS SETOF sync_verdict
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_delete(text, text, text[], text) IS
    'A system says that these records were deleted there: decided by the policy''s "deletes" and "delete_owner". One row for each that is not unchanged (a record that the system is not known to show), in input order. A null key is 22004, an unknown system or entity 42704; an empty key or one of more than 1000 bytes is rejected.';
