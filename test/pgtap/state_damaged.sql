-- Bytes of a state that a disk or a hand has changed are read as what they say, or refused as damaged: whatever they are.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"version": "v", "id": "id"}, "desk": {}, "shop": {}}, "window": "0",
	"fields": {"name": {"owner": "crm"}, "tags": {"type": "set", "merge": "set"}, "n": {"type": "number"}, "street": {"group": "address"}, "city": {"group": "address"}}}');
CALL pg_temp.at('12:00');

-- At rest; with a row in flight, a lost one, a waiting one and a conflict; dead, with a late life.
SELECT count(*) FROM unnest('{crm,desk,shop}'::text[]) AS s, LATERAL sync_diff(s, 'contact', '[{"record_key": "rest", "name": "A", "n": 1, "tags": ["a"], "street": "S", "city": "C"}]') AS d;
SELECT count(*) FROM sync_diff('crm', 'contact', '{"record_key": "busy", "name": "A", "n": 1, "tags": ["a", "b"], "street": "S", "city": "C", "v": 1, "id": "x"}', actor => 'me');
SELECT count(*) FROM sync_poll('desk');
SELECT sync_nack(id, lease, 'lost') FROM sync_poll('shop');
SELECT count(*) FROM sync_diff('desk', 'contact', '{"record_key": "busy", "n": 2, "street": "T", "name": "B", "tags": ["c"]}');
SELECT count(*) FROM sync_diff('shop', 'contact', '{"record_key": "busy", "n": 3}');
SELECT count(*) FROM sync_diff('crm', 'contact', '{"record_key": "dead", "name": "A", "id": "y", "v": 1}');
SELECT sync_ack(id, lease, 'z' || id) FROM sync_poll('desk');
SELECT sync_ack(id, lease, 'z' || id) FROM sync_poll('shop');
SELECT count(*) FROM sync_delete('desk', 'contact', '{dead}', 'me');
SELECT count(*) FROM sync_poll('crm');
SELECT count(*) FROM sync_diff('shop', 'contact', '{"record_key": "dead", "name": "L"}');
CREATE TEMP TABLE whole AS SELECT * FROM sync_state;
SELECT is(count(*), 3::bigint, 'there are three records') FROM whole;

-- What is said of a record with that state, each call undone, up to the first that finds it damaged; what else goes wrong.
CREATE FUNCTION pg_temp.says(k text, bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	UPDATE sync_state SET state = bytes WHERE record_key = k;
	PERFORM r::text FROM sync_record AS r WHERE record_key = k;
	PERFORM r::text FROM sync_shadow AS r WHERE record_key = k;
	PERFORM r::text FROM sync_blame('contact', k) AS r;
	PERFORM sync_diff('desk', 'contact', jsonb_build_object('record_key', k, 'name', 'A', 'n', 1, 'street', 'S', 'tags', '{a}'::text[]));
	PERFORM sync_diff('crm', 'contact', jsonb_build_object('record_key', k, 'name', 'Q', 'n', 8, 'street', 'R', 'tags', '{q}'::text[], 'v', 5));
	PERFORM sync_poll('shop');
	PERFORM sync_ack(id, lease, 'n') FROM sync_outbox WHERE status = 'leased';
	PERFORM sync_resolve(id, winner => 'crm') FROM sync_open_conflicts;
	PERFORM sync_delete('shop', 'contact', ARRAY[k]);
	RAISE SQLSTATE 'UNDO1';
EXCEPTION
	WHEN SQLSTATE 'UNDO1' OR data_corrupted THEN RETURN NULL;
	-- what another byte may say without being damage: a text that is no JSON, a time out of range, no open
	-- conflict or other sides where there is one, a newer policy
	WHEN invalid_text_representation OR datetime_field_overflow OR unique_violation OR invalid_parameter_value OR serialization_failure THEN RETURN NULL;
	WHEN OTHERS THEN RETURN format('%s: %s', SQLSTATE, SQLERRM);
END
$$;

SELECT is(pg_temp.says(record_key, state), NULL, record_key || ' is read as it is') FROM whole;
CREATE TEMP TABLE damaged AS
SELECT w.record_key, format('cut at %s', at) AS how, substr(w.state, 1, at) AS state FROM whole AS w, generate_series(0, length(w.state) - 1, 7) AS at
UNION ALL
SELECT w.record_key, format('byte %s is %s', at, b), set_byte(w.state, at, b)
FROM whole AS w, generate_series(0, length(w.state) - 1) AS at, LATERAL (SELECT CASE WHEN at % 2 = 0 THEN 255 ELSE get_byte(w.state, at) # (1 << at % 8) END) AS other(b);
SELECT is_empty(format($$ SELECT how, what FROM (SELECT how, pg_temp.says(record_key, state) AS what FROM damaged WHERE record_key = %L OFFSET 0) AS d
	WHERE what IS NOT NULL LIMIT 10 $$, record_key), record_key || ' is damaged anywhere') FROM whole;

SELECT * FROM finish();
