-- Calls that fail, or take long.

CREATE FUNCTION sync_nack(id bigint, lease bigint, error text, retry_after interval DEFAULT NULL,
        permanent boolean DEFAULT false)
    RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_nack(bigint, bigint, text, interval, boolean) IS
    'A call failed, or nobody knows: the row waits for its retry, under the same key as long as its content stays. After the first attempt it waits 5 seconds, after each further one twice as long, an hour at most, and of that time a random share between half and all. retry_after wins over that curve and is no failed attempt. With permanent, or after the policy''s max_attempts, the row is a dead letter: visible, not handed out, until sync_redrive, sync_discard or the next change of the record. error is kept, up to 2,000 bytes; null leaves what an earlier attempt with the same content said. False where the row is no longer this lease''s; nothing is changed then.';

CREATE FUNCTION sync_extend(lease bigint, by interval) RETURNS integer
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_extend(bigint, interval) IS
    'A worker needs longer for the rows of its lease: adds to the time that each has left (a lease that is over, but whose row nobody else took, goes on from now). Returns how many were still this lease''s. A time that is not longer than zero is 22023.';

CREATE FUNCTION sync_redrive(id bigint) RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_redrive(bigint) IS
    'A dead letter, or a row that waits for its retry, goes now; the attempts of a dead letter start anew. False for any other row.';

CREATE FUNCTION sync_discard(id bigint, reason text) RETURNS boolean
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_discard(bigint, text) IS
    'A dead letter, or any row that no worker has and that stands behind none, is not sent, and says why in sync_trace. What it held is settled for that target until the golden record moves: a field until its value changes, a create until any value does (a new create then: make sure that none has landed), a delete until the record lives. False for any other row; no reason is 22023.';

CREATE FUNCTION sync_touch(entity text, record_keys text[], create_in text DEFAULT NULL)
    RETURNS integer
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_touch(text, text[], text) IS
    'Touches records: what the newest policy has to send of them waits from now on, and not from their next change on (reason "untouched" in sync_divergence). create_in names a system in which those of them are created that it is left out of (reason "left out": a first load lacked them, or a delete there was ignored), or whose create was discarded. Returns how many were touched: last written under another policy, or to be created. Keys of no record count for nothing; an unknown entity or system is 42704, a system that is not written to 55000.';

CREATE FUNCTION sync_forget(entity text, record_keys text[]) RETURNS integer
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_forget(text, text[]) IS
    'Forgets what deleted records showed: their values, and all that sync_trace, sync_change, sync_ledger, sync_conflict and sync_reject have of them. That they are deleted stays, with record keys, native ids and versions. Returns how many; a NOTICE names one that is not forgotten, and why: it lives, a conflict of it is open, something of it waits or is with a worker, or a system may still show it. An unknown entity is 42704.';
