-- What targets store differently than they were sent it.

-- Rows are only added, so acks never wait for each other here; whoever tidies up may add
-- rows of one field together.
CREATE SEQUENCE sync_near_miss_id_seq;
SELECT pg_catalog.pg_extension_config_dump('sync_near_miss_id_seq', '');

CREATE TABLE sync_near_miss (
    id          bigint NOT NULL DEFAULT nextval('sync_near_miss_id_seq'),
    entity      text COLLATE "C" NOT NULL,
    system      text COLLATE "C" NOT NULL,
    field       text COLLATE "C" NOT NULL,
    times       bigint NOT NULL DEFAULT 1,
    sent        jsonb NOT NULL,
    stored      jsonb NOT NULL,
    helps       jsonb,
    missed_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sync_near_miss_pkey PRIMARY KEY (entity, system, field, id),
    CONSTRAINT sync_near_miss_times_check CHECK (times > 0)
);
ALTER SEQUENCE sync_near_miss_id_seq OWNED BY sync_near_miss.id;
SELECT pg_catalog.pg_extension_config_dump('sync_near_miss', '');
COMMENT ON TABLE sync_near_miss IS
    'Storage of sync_near_misses: each time that an ack''s result differed in a field from what was sent. The values of a sensitive field are not kept.';
COMMENT ON COLUMN sync_near_miss.times IS
    'How many near misses the row stands for; sent, stored and missed_at are the last one''s.';
COMMENT ON COLUMN sync_near_miss.helps IS
    'What the policy of the field would have to say for the two values to be one; null: no normaliser and no type makes them one.';

CREATE VIEW sync_near_misses AS
    SELECT f.entity, f.system, f.field, f.times,
           sync_masked(f.entity, f.field, l.sent) AS sent,
           sync_masked(f.entity, f.field, l.stored) AS stored,
           l.helps, l.missed_at
    FROM (SELECT n.entity, n.system, n.field, sum(n.times)::bigint AS times
          FROM sync_near_miss AS n GROUP BY n.entity, n.system, n.field) AS f
    CROSS JOIN LATERAL (
        SELECT n.sent, n.stored, n.helps, n.missed_at FROM sync_near_miss AS n
        WHERE n.entity = f.entity AND n.system = f.system AND n.field = f.field
        ORDER BY n.id DESC LIMIT 1) AS l;
COMMENT ON VIEW sync_near_misses IS
    'Per entity, system and field: how often the system stored something else than it was sent (times), the last example (sent, stored; masked where sensitive) and when that was, and what the policy of the field would have to say for it to be an echo (helps): {"normalize": ["lower"]}, {"type": "number"}; null where nothing helps.';
