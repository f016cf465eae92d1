-- What records are called: indexes by which a payload without business key is found.

-- The keys lead with what tells rows apart, so a probe compares one column at most levels.
CREATE TABLE sync_native_id (
    entity       text COLLATE "C" NOT NULL,
    system       text COLLATE "C" NOT NULL,
    native_id    text COLLATE "C" NOT NULL,
    record_key   text COLLATE "C",
    other_key    text COLLATE "C",
    conflict_id  bigint,
    held_version text COLLATE "C",
    held_actor   text,
    held_deleted boolean NOT NULL DEFAULT false,
    held_answer  boolean NOT NULL DEFAULT false,
    held_policy  integer,
    CONSTRAINT sync_native_id_pkey PRIMARY KEY (native_id, system, entity),
    CONSTRAINT sync_native_id_says_something
        CHECK (record_key IS NOT NULL OR conflict_id IS NOT NULL)
);
CREATE UNIQUE INDEX sync_native_id_conflict_key ON sync_native_id (conflict_id)
    WHERE conflict_id IS NOT NULL;
SELECT pg_catalog.pg_extension_config_dump('sync_native_id', '');
COMMENT ON TABLE sync_native_id IS
    'Which record a system means by a native id; sync_shadow shows the same from the record''s side. While a conflict of kind duplicate is open, what the system shows under that id is held there.';
COMMENT ON COLUMN sync_native_id.record_key IS 'Null while a human must say which record it is.';
COMMENT ON COLUMN sync_native_id.other_key IS
    'A business key under which the system shows the record: a human said that it is this record all the same.';
COMMENT ON COLUMN sync_native_id.conflict_id IS 'The open conflict of kind duplicate, or null.';
COMMENT ON COLUMN sync_native_id.held_version IS
    'Of what is held: the newest version token; held_actor: who did it there; held_deleted: it was deleted there; held_answer: it is no payload, but what a write of ours was acknowledged with; held_policy: the version of the policy that found the token.';

-- The empty key, of no system, is a lock: it is never there once a transaction has ended.
CREATE TABLE sync_match (
    entity      text COLLATE "C" NOT NULL,
    match_hash  bigint NOT NULL,
    system      text COLLATE "C" NOT NULL,
    record_key  text COLLATE "C" NOT NULL,
    CONSTRAINT sync_match_pkey PRIMARY KEY (match_hash, system, entity, record_key)
);
SELECT pg_catalog.pg_extension_config_dump('sync_match', '');
COMMENT ON TABLE sync_match IS
    'Which living records may be equal in all fields of match_on to what a system shows: by a hash of their values, as long as the record has no native id there. What is found here is compared before it counts. Filled by sync_configure when a policy gets another match_on, or another system with native ids.';
