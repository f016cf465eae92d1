-- The book: what is known of each record, what was accepted, what crossed a gate,
-- what waits, what a human must look at, what could not be read.

-- One row a record; the key leads with what tells records apart, so a probe compares one
-- column at most levels.  fillfactor leaves room for the next version of each row on its own
-- page, so that an update touches no index.
CREATE TABLE sync_state (
    entity      text COLLATE "C" NOT NULL,
    record_key  text COLLATE "C" NOT NULL,
    state       bytea NOT NULL DEFAULT '\x',
    CONSTRAINT sync_state_pkey PRIMARY KEY (record_key, entity)
) WITH (fillfactor = 50);
ALTER TABLE sync_state ALTER COLUMN state SET STORAGE MAIN;
SELECT pg_catalog.pg_extension_config_dump('sync_state', '');
COMMENT ON TABLE sync_state IS
    'Storage of sync_record and sync_shadow: per record the golden record, what each system shows as its difference from it, and the writes that are remembered. An empty state is a record that is being created.';

-- Numbered without a cache: the events of a record come in the order of their ids.
CREATE SEQUENCE sync_event_id_seq;
SELECT pg_catalog.pg_extension_config_dump('sync_event_id_seq', '');

CREATE TABLE sync_event (
    id              bigint NOT NULL DEFAULT nextval('sync_event_id_seq'),
    at              timestamptz NOT NULL,
    version         bigint,
    attempt         integer,
    entity          text COLLATE "C" NOT NULL,
    record_key      text COLLATE "C" NOT NULL,
    event           text COLLATE "C" NOT NULL,
    system          text,
    actor           text,
    verdict         text,
    change_set      jsonb,
    outcome         jsonb,
    data            jsonb,
    idempotency_key text,
    detail          text,
    CONSTRAINT sync_event_pkey PRIMARY KEY (record_key, entity, id)
);
ALTER SEQUENCE sync_event_id_seq OWNED BY sync_event.id;
SELECT pg_catalog.pg_extension_config_dump('sync_event', '');
COMMENT ON TABLE sync_event IS
    'What happened to each record, in the order of id: one row for each event that changed something, never changed afterwards. sync_trace tells it in words.';
COMMENT ON COLUMN sync_event.version IS
    'The record''s version after the event; of a claim and what became of it, the version in its idempotency key.';
COMMENT ON COLUMN sync_event.attempt IS 'Of a claim: which one of that row it is.';
COMMENT ON COLUMN sync_event.event IS
    'arrived, deleted, claimed (what came of it was no acknowledgement: sync_claim has all of them), acknowledged (where there is more to say than that: sync_delivery has all of them), lease ran out, lease extended, failed, put off (a nack with retry_after), failed for good (a dead letter), redriven, discarded, decided, no longer needed (a waiting row that had nothing left to send).';
COMMENT ON COLUMN sync_event.system IS
    'The system that it came from (review: a human decided), or the target of a write.';
COMMENT ON COLUMN sync_event.actor IS
    'Who did it: as the caller of sync_diff or sync_resolve said, or the worker.';
COMMENT ON COLUMN sync_event.change_set IS
    'The fields that were accepted; of a claim, those that were sent.';
COMMENT ON COLUMN sync_event.outcome IS '{field: outcome} of each field that differed.';
COMMENT ON COLUMN sync_event.data IS
    'Of an acknowledged write: the values that the target stored instead.';
COMMENT ON COLUMN sync_event.detail IS
    'Why, in words; of a claim and what became of it, the action.';

CREATE VIEW sync_change AS
    SELECT e.entity, e.record_key, e.version, e.system AS author, e.actor, e.change_set,
           e.at AS changed_at
    FROM sync_event AS e
    WHERE e.change_set IS NOT NULL AND e.event <> 'claimed';
COMMENT ON VIEW sync_change IS
    'Accepted edits: what the golden record of (entity, record_key) took on as this version, from which system (author; "review" for a human''s decision) and who did it there (actor, as the caller said).';
COMMENT ON COLUMN sync_change.change_set IS 'Only the fields that changed, with their new canonical values.';

-- One row for a claim and its acknowledgement, both numbered among the events.
CREATE TABLE sync_delivery (
    id              bigint NOT NULL DEFAULT nextval('sync_event_id_seq'),
    claim_id        bigint NOT NULL,
    sent_at         timestamptz NOT NULL,
    synced_at       timestamptz NOT NULL,
    version         bigint,
    attempt         integer NOT NULL,
    has_event       boolean NOT NULL,
    entity          text COLLATE "C" NOT NULL,
    record_key      text COLLATE "C" NOT NULL,
    source_system   text COLLATE "C" NOT NULL,
    target_system   text COLLATE "C" NOT NULL,
    action          text NOT NULL,
    worker          text,
    field_hash      text COLLATE "C" NOT NULL,
    idempotency_key text NOT NULL,
    change_set      jsonb NOT NULL,
    CONSTRAINT sync_delivery_pkey PRIMARY KEY (record_key, entity, id)
);
SELECT pg_catalog.pg_extension_config_dump('sync_delivery', '');
COMMENT ON TABLE sync_delivery IS
    'Storage of sync_ledger: one row for each write that a target confirmed, in the order of id, never changed afterwards.';
COMMENT ON COLUMN sync_delivery.version IS
    'The version in its idempotency key; null where no policy knew the target any more.';
COMMENT ON COLUMN sync_delivery.claim_id IS 'The number of its claim among the events.';
COMMENT ON COLUMN sync_delivery.has_event IS
    'sync_event says more of its acknowledgement.';

CREATE VIEW sync_ledger AS
    SELECT d.record_key, d.entity, d.source_system, d.target_system, d.field_hash,
           d.source_system || '->' || d.target_system AS direction,
           (pg_catalog.array_agg(d.change_set ORDER BY d.id DESC))[1] AS change_set,
           (pg_catalog.array_agg(d.idempotency_key ORDER BY d.id DESC))[1] AS idempotency_key,
           (pg_catalog.array_agg(d.sent_at ORDER BY d.id DESC))[1] AS sent_at,
           (pg_catalog.array_agg(d.synced_at ORDER BY d.id DESC))[1] AS synced_at,
           count(*)::integer AS writes
    FROM sync_delivery AS d
    GROUP BY d.record_key, d.entity, d.source_system, d.target_system, d.field_hash;
COMMENT ON VIEW sync_ledger IS
    'The writes that crossed a gate: one row for each state of a record that a target confirmed (entity, record_key, direction, field_hash), with the newest write that led to it. sent_at is when that write was claimed, synced_at when it was confirmed.';
COMMENT ON COLUMN sync_ledger.writes IS 'How often this tuple was written, as long as it is kept.';
COMMENT ON COLUMN sync_ledger.field_hash IS
    'sync_hash of the object of the fields that the target carries, as this write will leave them there; unseen fields are left out.';

CREATE SEQUENCE sync_outbox_id_seq CACHE 64;
SELECT pg_catalog.pg_extension_config_dump('sync_outbox_id_seq', '');
CREATE TABLE sync_outbox (
    id              bigint NOT NULL DEFAULT nextval('sync_outbox_id_seq'),
    entity          text COLLATE "C" NOT NULL,
    record_key      text COLLATE "C" NOT NULL,
    source_system   text NOT NULL,
    target_system   text COLLATE "C" NOT NULL,
    direction       text NOT NULL,
    action          text NOT NULL,
    change_set      jsonb NOT NULL,
    field_hash      text NOT NULL,
    idempotency_key text NOT NULL,
    status          text COLLATE "C" NOT NULL DEFAULT 'pending',
    attempts        integer NOT NULL DEFAULT 0,
    visible_at      timestamptz DEFAULT now(),
    lease           bigint,
    worker          text,
    last_error      text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    place           xid8,
    retry_at        timestamptz,
    claim_id        bigint,
    CONSTRAINT sync_outbox_pkey PRIMARY KEY (id),
    CONSTRAINT sync_outbox_status_check CHECK (
        CASE status WHEN 'pending' THEN lease IS NULL AND
                        CASE WHEN place IS NULL THEN visible_at IS NOT DISTINCT FROM retry_at
                             ELSE visible_at IS NOT NULL AND retry_at IS NULL END
                    WHEN 'leased' THEN lease IS NOT NULL AND visible_at IS NOT NULL AND retry_at IS NULL AND claim_id IS NOT NULL
                    WHEN 'dead' THEN lease IS NULL AND place IS NULL AND visible_at IS NULL AND retry_at IS NULL
                    ELSE false END)
) WITH (fillfactor = 50);
ALTER SEQUENCE sync_outbox_id_seq OWNED BY sync_outbox.id;
CREATE INDEX sync_outbox_claim_idx ON sync_outbox (target_system, place, id)
    WHERE place IS NOT NULL;
CREATE INDEX sync_outbox_retry_idx ON sync_outbox (target_system, retry_at)
    WHERE retry_at IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('sync_outbox', '');
COMMENT ON TABLE sync_outbox IS
    'Change-sets that wait for a worker: at most one waiting and one leased row for a target and record. Workers use sync_poll and sync_ack, and do not write here.';
COMMENT ON COLUMN sync_outbox.status IS
    'pending: waits for a worker; leased: a worker has it until visible_at; dead: a dead letter, which failed too often or for good: sync_redrive, sync_discard, or the next change of its record move it.';
COMMENT ON COLUMN sync_outbox.attempts IS
    'Claims so far, the running one included; those that a nack with retry_after ended do not count.';
COMMENT ON COLUMN sync_outbox.visible_at IS
    'When the row comes out by itself: pending, since when it is claimable or when its retry is due; leased, when the lease runs out; null where another row of its record must come back first, and of a dead letter.';
COMMENT ON COLUMN sync_outbox.last_error IS
    'What the worker said of the last call that failed, or that its lease ran out.';
COMMENT ON COLUMN sync_outbox.source_system IS
    'The author of its newest change: a system, "review" for a human''s decision, "sync" where that author is the target itself.';
COMMENT ON COLUMN sync_outbox.field_hash IS
    'sync_hash of the object of the fields that the target carries, as it will show them.';
COMMENT ON COLUMN sync_outbox.place IS
    'The transaction that made the row claimable; null while it waits for its retry or for another row of its record, and of a dead letter.';
COMMENT ON COLUMN sync_outbox.retry_at IS 'visible_at of a row that waits for its retry; else null.';
COMMENT ON COLUMN sync_outbox.claim_id IS
    'Of a leased row: the number of its claim among the events, which stands here until it is known what comes of it.';

CREATE FUNCTION sync_key_version(idempotency_key text) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN pg_catalog.substring($1, '([0-9]+)(?:-[0-9a-f]{64})?$')::bigint;
COMMENT ON FUNCTION sync_key_version(text) IS 'The record''s version in an idempotency key.';

CREATE VIEW sync_claim AS
    SELECT o.claim_id AS id, o.updated_at AS at, sync_key_version(o.idempotency_key) AS version,
           o.attempts AS attempt, o.entity, o.record_key, o.target_system, o.worker COLLATE "C" AS worker,
           o.action COLLATE "C" AS action, o.idempotency_key COLLATE "C" AS idempotency_key, o.change_set
    FROM sync_outbox AS o WHERE o.status = 'leased'
    UNION ALL
    SELECT d.claim_id, d.sent_at, d.version, d.attempt, d.entity, d.record_key, d.target_system,
           d.worker COLLATE "C", d.action COLLATE "C", d.idempotency_key COLLATE "C", d.change_set
    FROM sync_delivery AS d
    UNION ALL
    SELECT e.id, e.at, e.version, e.attempt, e.entity, e.record_key, e.system COLLATE "C",
           e.actor COLLATE "C", e.detail COLLATE "C", e.idempotency_key COLLATE "C", e.change_set
    FROM sync_event AS e WHERE e.event = 'claimed';
COMMENT ON VIEW sync_claim IS
    'Every call that a worker has taken on itself: those that are under way, those that were acknowledged, and those that came to something else. id: its number among the events.';

CREATE SEQUENCE sync_lease_seq;
SELECT pg_catalog.pg_extension_config_dump('sync_lease_seq', '');

CREATE TABLE sync_lease (
    lease         bigint NOT NULL,
    target_system text COLLATE "C" NOT NULL,
    ends_at       timestamptz NOT NULL,
    ids           bigint[] NOT NULL,
    CONSTRAINT sync_lease_pkey PRIMARY KEY (lease)
);
CREATE INDEX sync_lease_due_idx ON sync_lease (target_system, ends_at);
SELECT pg_catalog.pg_extension_config_dump('sync_lease', '');
COMMENT ON TABLE sync_lease IS
    'What a worker got in one call: the rows of sync_outbox that were claimed, and when the last of them comes back by itself. Which of them it still has they say themselves (sync_outbox.lease).';

CREATE SEQUENCE sync_conflict_id_seq;
SELECT pg_catalog.pg_extension_config_dump('sync_conflict_id_seq', '');

CREATE TABLE sync_conflict (
    id              bigint NOT NULL DEFAULT nextval('sync_conflict_id_seq'),
    entity          text COLLATE "C" NOT NULL,
    record_key      text COLLATE "C" NOT NULL,
    field           text COLLATE "C",
    kind            text NOT NULL,
    status          text NOT NULL DEFAULT 'open',
    revision        integer NOT NULL DEFAULT 1,
    base_value      jsonb,
    current_value   jsonb,
    current_system  text,
    incoming_value  jsonb,
    incoming_system text,
    sides           jsonb NOT NULL DEFAULT '{}',
    resolved_value  jsonb,
    resolution      text,
    resolved_by     text,
    note            text,
    detected_at     timestamptz NOT NULL DEFAULT now(),
    notified_at     timestamptz,
    resolved_at     timestamptz,
    CONSTRAINT sync_conflict_pkey PRIMARY KEY (id),
    CONSTRAINT sync_conflict_kind_check CHECK (kind IN ('collision', 'bounce', 'delete',
        'resurrect', 'duplicate', 'drift', 'owner', 'oscillation')),
    CONSTRAINT sync_conflict_status_check CHECK (status IN ('open', 'resolved')),
    CONSTRAINT sync_conflict_resolved_check CHECK ((status = 'resolved') = (resolved_at IS NOT NULL)),
    CONSTRAINT sync_conflict_revision_check CHECK (revision > 0)
);
ALTER SEQUENCE sync_conflict_id_seq OWNED BY sync_conflict.id;
CREATE UNIQUE INDEX sync_conflict_open_key ON sync_conflict (entity, record_key, field)
    WHERE status = 'open' AND field IS NOT NULL;
CREATE INDEX sync_conflict_record_idx ON sync_conflict (entity, record_key);
SELECT pg_catalog.pg_extension_config_dump('sync_conflict', '');
COMMENT ON TABLE sync_conflict IS
    'What a human must look at (open), and what was decided or lost (resolved). While a row is open its field is frozen: nothing of it goes to any system. Settle one with sync_resolve.';
COMMENT ON COLUMN sync_conflict.revision IS 'Grows with each further value that a side shows; pass it to sync_resolve to decide only what you saw.';
COMMENT ON COLUMN sync_conflict.base_value IS 'What the incoming side showed before.';
COMMENT ON COLUMN sync_conflict.current_value IS 'The golden record''s value, set by current_system.';
COMMENT ON COLUMN sync_conflict.sides IS '{system: [every value it showed, oldest first]}';

CREATE SEQUENCE sync_reject_id_seq;
SELECT pg_catalog.pg_extension_config_dump('sync_reject_id_seq', '');

CREATE TABLE sync_reject (
    id           bigint NOT NULL DEFAULT nextval('sync_reject_id_seq'),
    entity       text COLLATE "C" NOT NULL,
    system       text COLLATE "C" NOT NULL,
    record_key   text COLLATE "C",
    field        text COLLATE "C",
    reason       text COLLATE "C" NOT NULL,
    payload      jsonb NOT NULL,
    payload_hash text COLLATE "C" NOT NULL,
    actor        text,
    times        bigint NOT NULL DEFAULT 1,
    rejected_at  timestamptz NOT NULL DEFAULT now(),
    last_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sync_reject_pkey PRIMARY KEY (id),
    CONSTRAINT sync_reject_payload_key UNIQUE (entity, system, payload_hash, reason)
);
ALTER SEQUENCE sync_reject_id_seq OWNED BY sync_reject.id;
CREATE INDEX sync_reject_record_idx ON sync_reject (record_key, entity)
    WHERE record_key IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('sync_reject', '');
COMMENT ON TABLE sync_reject IS
    'Records that could not be read: the payload as it came, the field (null: the record as a whole) and the reason. The same payload again adds to times and last_at. A payload that jsonb cannot hold (\u0000, a number out of range) stands as a JSON string of its text.';
