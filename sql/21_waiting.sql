-- What waits for a worker or is with one, and the claims.

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
    built_by        integer,
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
    'What the worker said of the last call that failed, or that its lease ran out; a nack without an error leaves what an earlier attempt with the same content said.';
COMMENT ON COLUMN sync_outbox.source_system IS
    'The author of its newest change: a system, "review" for a human''s decision, "sync" where that author is the target itself.';
COMMENT ON COLUMN sync_outbox.field_hash IS
    'sync_hash of the object of the fields that the target carries, as it will show them.';
COMMENT ON COLUMN sync_outbox.place IS
    'The transaction that made the row claimable; null while it waits for its retry or for another row of its record, and of a dead letter.';
COMMENT ON COLUMN sync_outbox.retry_at IS 'visible_at of a row that waits for its retry; else null.';
COMMENT ON COLUMN sync_outbox.claim_id IS
    'Of a leased row: the number of its claim among the events, which stands here until it is known what comes of it.';
COMMENT ON COLUMN sync_outbox.built_by IS
    'Of a create that was claimed: the version of the policy by which it was built, and by which it goes again; else null.';

CREATE FUNCTION sync_key_version(idempotency_key text) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN pg_catalog.substring($1, '([0-9]+)(?:-[0-9a-f]{64})?$')::bigint;
COMMENT ON FUNCTION sync_key_version(text) IS 'The record''s version in an idempotency key.';

CREATE SEQUENCE sync_lease_seq;
SELECT pg_catalog.pg_extension_config_dump('sync_lease_seq', '');

CREATE TABLE sync_lease (
    lease         bigint NOT NULL,
    target_system text COLLATE "C" NOT NULL,
    ends_at       timestamptz NOT NULL,
    ids           bigint[] NOT NULL,
    CONSTRAINT sync_lease_pkey PRIMARY KEY (lease)
);
ALTER TABLE sync_lease ALTER COLUMN ids SET STORAGE EXTERNAL;
CREATE INDEX sync_lease_due_idx ON sync_lease (target_system, ends_at);
SELECT pg_catalog.pg_extension_config_dump('sync_lease', '');
COMMENT ON TABLE sync_lease IS
    'What a worker got in one call: the rows of sync_outbox that were claimed, and when the last of them comes back by itself. Which of them it still has they say themselves (sync_outbox.lease).';

CREATE VIEW sync_claim AS
    SELECT o.claim_id AS id, o.updated_at AS at, sync_key_version(o.idempotency_key) AS version,
           o.attempts AS attempt, o.entity, o.record_key, o.target_system, o.worker COLLATE "C" AS worker,
           o.action COLLATE "C" AS action, o.idempotency_key COLLATE "C" AS idempotency_key, o.change_set
    FROM sync_lease AS l CROSS JOIN LATERAL pg_catalog.unnest(l.ids) AS i(id)
    JOIN sync_outbox AS o ON o.id = i.id AND o.lease = l.lease
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
