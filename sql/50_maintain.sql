-- What keeps the book small: leases that ran out, rows past their retention, counts.

-- A hint, so it is unlogged and in no dump: where it is lost, a sweep begins anew.
CREATE UNLOGGED TABLE sync_sweep (
    relation   text COLLATE "C" NOT NULL,
    next_block bigint NOT NULL DEFAULT 0,
    swept_at   timestamptz NOT NULL,
    CONSTRAINT sync_sweep_pkey PRIMARY KEY (relation),
    CONSTRAINT sync_sweep_next_block_check CHECK (next_block >= 0)
);
COMMENT ON TABLE sync_sweep IS
    'How far sync_maintain() has come in each table whose rows it removes, and when it was there.';

CREATE FUNCTION sync_maintain(max_rows integer DEFAULT 50000) RETURNS jsonb
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION sync_maintain(integer) IS
    'One pass of what keeps the book small, safe at any time and from several sessions at once: it skips what is locked and never waits. Brings back leases that ran out (leases) and retries that are due, removes rows past the retention of their policy (changes: of sync_event; ledger, rejects, conflicts: resolved ones; near_misses), adds up the counts of sync_stat by minute, after 7 days by hour, after 90 days by day (rolled_up), and removes old ones (statistics). Each step does max_rows rows at most and a part of a large table; more: the next pass has something left to do. Open conflicts are never removed. Returns how many rows each step did.';
