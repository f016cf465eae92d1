-- The way out: workers claim what waits for a target, carry it there, and say so.

CREATE FUNCTION sync_poll(target text, max_changes integer DEFAULT 100,
        lease interval DEFAULT '60 s', worker text DEFAULT NULL, entity text DEFAULT NULL)
    RETURNS TABLE (id bigint, lease bigint, entity text, record_key text, native_id text,
                   action text, change_set jsonb, payload jsonb, source_system text,
                   target_system text, direction text, idempotency_key text,
                   field_hash text, attempt integer, created_at timestamptz)
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_poll(text, integer, interval, text, text) IS
    'Claims up to max_changes change-sets for a target, about in the order in which they became due, exactly in order per record, for as long as lease says. Commit before you call the target. payload is the change-set in the target''s own shape; send idempotency_key along. A claim skips what is locked and never waits. An unknown target is 42704.';

CREATE FUNCTION sync_ack(lease bigint, ids bigint[] DEFAULT NULL) RETURNS integer
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'sync_ack_lease';
COMMENT ON FUNCTION sync_ack(bigint, bigint[]) IS
    'The target has taken all rows of a lease, or these of them: ledger, shadow and outbox follow in one transaction. Returns how many were still this lease''s.';

CREATE FUNCTION sync_ack(id bigint, lease bigint, native_id text, result jsonb DEFAULT NULL)
    RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'sync_ack_row';
COMMENT ON FUNCTION sync_ack(bigint, bigint, text, jsonb) IS
    'The same for one row, with what the target calls the record and, in its own shape, what it says it stored. A field that it stored differently is its shadow from now on, and is not sent again. False where the row is no longer this lease''s; nothing is changed then.';

CREATE FUNCTION sync_outbox_arrives() RETURNS trigger
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_outbox_arrives() IS
    'Trigger of sync_outbox: a row that comes from elsewhere (a restore, a copy) takes its place among those of this cluster.';
CREATE TRIGGER sync_outbox_arrives BEFORE INSERT ON sync_outbox
    FOR EACH ROW EXECUTE FUNCTION sync_outbox_arrives();
ALTER TABLE sync_outbox ENABLE ALWAYS TRIGGER sync_outbox_arrives;
