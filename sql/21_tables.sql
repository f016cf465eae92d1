-- The book: what is known of each record, what was accepted, what crossed a gate,
-- what waits, what a human must look at, what could not be read.

-- One row a record; the key leads with what tells records apart, so a probe compares one
-- column at most levels.  fillfactor leaves room for the next version of each row on its own
-- page, so that an update touches no index.
CREATE TABLE sync_state (
    entity      text COLLATE "C" NOT NULL,
    record_key  text COLLATE "C" NOT NULL,
    state       bytea NOT NULL DEFAULT '\x',
    room        bytea,
    CONSTRAINT sync_state_pkey PRIMARY KEY (record_key, entity)
) WITH (fillfactor = 50);
ALTER TABLE sync_state ALTER COLUMN state SET STORAGE MAIN;
ALTER TABLE sync_state ALTER COLUMN room SET STORAGE PLAIN;
SELECT pg_catalog.pg_extension_config_dump('sync_state', '');
COMMENT ON TABLE sync_state IS
    'Storage of sync_record and sync_shadow: per record the golden record, what each system shows as its difference from it, and the writes that are remembered. An empty state is a record that is being created.';
COMMENT ON COLUMN sync_state.room IS
    'Keeps the place of the state while a record is being created.';

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
    'arrived, deleted, claimed (what came of it was no acknowledgement: sync_claim has all of them), acknowledged (where there is more to say than that: sync_delivery has all of them), lease ran out, lease extended, failed, put off (a nack with retry_after), failed for good (a dead letter), redriven, discarded, decided, no longer needed (a waiting row that had nothing left to send), forgotten (what came before it is gone).';
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
-- Not unique: one policy may give a group the name that a row has from another policy's.
CREATE INDEX sync_conflict_open_idx ON sync_conflict (entity, record_key, field)
    WHERE status = 'open' AND field IS NOT NULL;
CREATE INDEX sync_conflict_record_idx ON sync_conflict (entity, record_key);
CREATE INDEX sync_conflict_placed_idx ON sync_conflict ((resolved_value #>> '{}') COLLATE "C", entity)
    WHERE kind = 'duplicate';
CREATE INDEX sync_conflict_untold_idx ON sync_conflict (id)
    WHERE status = 'open' AND notified_at IS NULL;
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
