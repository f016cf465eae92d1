-- How far the systems agree: counts, and the differences that nothing will mend.

CREATE FUNCTION sync_audit(entity text, system text DEFAULT NULL)
    RETURNS TABLE (system text, field text, matched bigint, different bigint,
                   missing bigint, unseen bigint)
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_audit(text, text) IS
    'Per system (or that one) and field that it carries, of how many records the field is there what the golden record says (matched), something else or not yet sure (different), in a record that is not known to be there (missing), or was never seen there (unseen). field null: whole records; matched: all fields that the system carries are equal and nothing waits for it or is on its way; unseen: nothing differs, but a field that has a value was never seen there. Deleted records count only, as different, where the system still shows them. One pass over the records of the entity; unknown entity or system: 42704.';

CREATE FUNCTION sync_state_divergence(entity text, record_key text, state bytea)
    RETURNS TABLE (system text, field text, golden_value jsonb, shown_value jsonb, reason text)
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_state_divergence(text, text, bytea) IS
    'What sync_divergence shows of the record in a row of sync_state; values are not masked.';

CREATE VIEW sync_divergence AS
    SELECT s.entity, s.record_key, d.system, d.field,
           sync_masked(s.entity, d.field, d.golden_value) AS golden_value,
           sync_masked(s.entity, d.field, d.shown_value) AS shown_value,
           d.reason
    FROM sync_state AS s CROSS JOIN LATERAL sync_state_divergence(s.entity, s.record_key, s.state) AS d
    WHERE s.state <> '\x'::bytea;
COMMENT ON VIEW sync_divergence IS
    'Where a system surely shows something else than the golden record (or did so last, if it is not written to), though nothing waits or is on its way for it. The values of sensitive fields are masked.';
COMMENT ON COLUMN sync_divergence.field IS 'Null: the record as a whole, missing there or still there.';
COMMENT ON COLUMN sync_divergence.shown_value IS 'SQL null: it was never seen there.';
COMMENT ON COLUMN sync_divergence.reason IS
    'kept null: null there erases nothing; near miss: the system stored something else than it was sent; baseline: its first load said so, or the row that held it was discarded; unseen: the field was never seen there, and is not overwritten blindly; left out: the record takes no part there until the system shows it; no value: the record is missing there, since nobody has shown a field that the system carries; read-only: the system is not written to; conflict: a human must decide; untouched: the policy has changed since the record was last touched, and would send it, as sync_touch does, or the next change of the record. The first three last until the golden value changes.';
