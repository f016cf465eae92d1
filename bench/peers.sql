-- What users would write by hand: the tables, and the record-at-a-time and call-at-a-time
-- functions. The statements over all records at once are in peers.py.
CREATE SCHEMA peer;

-- The golden record as it was last seen. Kept in two tables, because only one needs a hash.
-- No index holds what an update changes and every page has room: updates are HOT.
CREATE TABLE peer.plain_state (
	entity text COLLATE "C" NOT NULL,
	record_key text COLLATE "C" NOT NULL,
	version bigint NOT NULL,
	data jsonb NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (entity, record_key)
) WITH (fillfactor = 50, autovacuum_enabled = off);

CREATE TABLE peer.hash_state (
	LIKE peer.plain_state INCLUDING ALL,
	hash bytea NOT NULL
) WITH (fillfactor = 50, autovacuum_enabled = off);

CREATE TABLE peer.change (
	entity text COLLATE "C" NOT NULL,
	record_key text COLLATE "C" NOT NULL,
	version bigint NOT NULL,
	author text NOT NULL,
	actor text,
	change_set jsonb NOT NULL,
	changed_at timestamptz NOT NULL,
	PRIMARY KEY (entity, record_key, version)
) WITH (autovacuum_enabled = off);

CREATE TABLE peer.outbox (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	entity text COLLATE "C" NOT NULL,
	record_key text COLLATE "C" NOT NULL,
	source_system text NOT NULL,
	target_system text COLLATE "C" NOT NULL,
	direction text NOT NULL,
	action text NOT NULL,
	change_set jsonb NOT NULL,
	field_hash text NOT NULL,
	idempotency_key text NOT NULL,
	status text NOT NULL DEFAULT 'pending',
	attempts integer NOT NULL DEFAULT 0,
	visible_at timestamptz,
	lease bigint,
	worker text,
	last_error text,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_enabled = off);

CREATE UNIQUE INDEX outbox_waiting ON peer.outbox (target_system, entity, record_key)
	WHERE status = 'pending';

-- One record: what a loop does for each, and what a call per record does.
CREATE FUNCTION peer.sync_one(record jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	business_key text := record ->> 'external_id';
	known peer.plain_state;
	changes jsonb := record;
BEGIN
	SELECT * INTO known FROM peer.plain_state s
	WHERE s.entity = 'contact' AND s.record_key = business_key;
	IF known.data = record THEN
		RETURN false;
	END IF;

	INSERT INTO peer.plain_state AS s VALUES ('contact', business_key, 1, record, now())
	ON CONFLICT ON CONSTRAINT plain_state_pkey
	DO UPDATE SET data = excluded.data, version = s.version + 1, updated_at = now()
	RETURNING s.version INTO known.version;

	IF known.data IS NOT NULL THEN
		SELECT jsonb_object_agg(key, value) INTO changes FROM jsonb_each(record)
		WHERE value IS DISTINCT FROM known.data -> key;
	END IF;
	INSERT INTO peer.change
	VALUES ('contact', business_key, known.version, 'crm', NULL, changes, now());
	INSERT INTO peer.outbox (entity, record_key, source_system, target_system, direction,
							 action, change_set, field_hash, idempotency_key)
	VALUES ('contact', business_key, 'crm', 'support', 'crm->support',
			CASE WHEN known.data IS NULL THEN 'create' ELSE 'update' END, changes,
			encode(sha256(convert_to(record::text, 'UTF8')), 'hex'),
			'crm-to-support-contact-' || business_key || '-v' || known.version)
	ON CONFLICT (target_system, entity, record_key) WHERE status = 'pending'
	DO UPDATE SET change_set = outbox.change_set || excluded.change_set,
				  field_hash = excluded.field_hash,
				  idempotency_key = excluded.idempotency_key, updated_at = now();
	RETURN true;
END $$;

CREATE FUNCTION peer.sync_loop(records jsonb) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	record jsonb;
	changed bigint := 0;
BEGIN
	FOR record IN SELECT e FROM jsonb_array_elements(records) e LOOP
		IF peer.sync_one(record) THEN
			changed := changed + 1;
		END IF;
	END LOOP;
	RETURN changed;
END $$;
