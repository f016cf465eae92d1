-- The policy documents, all versions.

CREATE TABLE sync_entity (
	entity text COLLATE "C" NOT NULL,
	version integer NOT NULL,
	config jsonb NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	created_by text NOT NULL DEFAULT session_user,
	tokens_since jsonb,
	CONSTRAINT sync_entity_pkey PRIMARY KEY (entity, version),
	CONSTRAINT sync_entity_version_counts_from_1 CHECK (version >= 1),
	CONSTRAINT sync_entity_config_is_object CHECK (pg_catalog.jsonb_typeof(config) = 'object')
);

SELECT pg_catalog.pg_extension_config_dump('sync_entity', '');

COMMENT ON TABLE sync_entity IS
'Policy documents, all versions; written by sync_configure() only';
COMMENT ON COLUMN sync_entity.entity IS 'a record type: contact, invoice';
COMMENT ON COLUMN sync_entity.version IS 'counts from 1; the newest one is in force';
COMMENT ON COLUMN sync_entity.config IS 'the policy as it was given to sync_configure()';
COMMENT ON COLUMN sync_entity.created_at IS 'when that version was configured';
COMMENT ON COLUMN sync_entity.created_by IS 'the session user who configured it';
COMMENT ON COLUMN sync_entity.tokens_since IS 'internal: per system the version since which its version tokens stand at the path that the policy names';
