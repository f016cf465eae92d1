-- played(settings, home): one story through every function, told under any settings and
-- in any schema, so that tests can demand that it is always the same story.
SET LOCAL sync_ledger.now = '1767225600000000';

-- One story through every function.  Its calls name their schema, so that only the
-- extension itself is at the mercy of the settings.
CREATE TEMP TABLE step (id serial, call text);
INSERT INTO step (call) VALUES
	($$ to_json(%1$I.sync_configure('contact', '{
		"systems": {"crm": {"version": "v", "id": "id"}, "support": {"timezone": "Europe/Berlin", "id": "id"}},
		"fields": {"name": {"normalize": ["trim", "lower", "nfc"]}, "phone": {"normalize": ["phone"], "owner": "crm"},
			"seats": {"type": "number"}, "active": {"type": "boolean"}, "due": {"type": "timestamp"}, "day": {"type": "date"},
			"tags": {"type": "set"}, "more": {"type": "json"}, "tier": {"values": {"support": {"gold": "g 1"}}}},
		"window": "1 minute 30 seconds"}')) $$),
	($$ to_json(v) FROM %1$I.sync_diff('crm', 'contact', '[
		{"record_key": "1", "id": "c1", "v": "2026-01-02T03:04:05.1+02:00", "name": " ÄİI ", "phone": "+49 (0)30", "seats": "19.90",
		 "active": "TRUE", "due": "2026-07-01T12:00:00.50", "day": "2026-02-01", "tags": ["z", "B", "a", "z"],
		 "more": {"b": 1e2, "a": [0.1, -0]}, "tier": "gold"},
		{"record_key": "2", "v": 9, "name": "two", "seats": 12345678901234567890, "phone": "1"},
		{"record_key": "3", "seats": "1,5"}, {"record_key": "3", "day": "01.02.2026"}, {"record_key": "3", "due": "noon"},
		{"record_key": "3", "active": "on"}, {"record_key": "3", "seats": true},
		{"record_key": "3", "seats": "x"}, {"record_key": "3", "seats": "--"}, {"record_key": "3", "seats": {}}]', actor => 'ann', verbose => true) AS v $$),
	($$ to_json(v) FROM %1$I.sync_diff('support', 'contact',
		'{"record_key": "2", "id": "s2", "name": "zwei", "phone": "2", "seats": 1e0, "due": "2026-07-01T12:00:00"}'::pg_catalog.jsonb) AS v $$),
	($$ to_json(v) FROM %1$I.sync_diff('support', 'contact', '{"record_key": "2", "name": "drei", "active": 1}'::pg_catalog.json, dry_run => true) AS v $$),
	($$ json_build_array(p.id, p.lease, p.record_key, p.native_id, p.action, p.change_set, p.payload, p.direction, p.idempotency_key,
			p.field_hash, p.attempt) FROM %1$I.sync_poll('support', 10, '90 s', worker => 'w') AS p $$),
	($$ to_json(%1$I.sync_ack(1, 1, 's1', '{"id": "s1", "seats": 20, "due": "2026-07-01T14:00:00.5"}')) $$),
	($$ to_json(v) FROM %1$I.sync_diff('support', 'contact', '{"record_key": "1", "name": "other", "seats": 20, "phone": null, "tier": "g 1"}') AS v $$),
	($$ to_json(%1$I.sync_resolve(1, value => '"both"', by => 'ann', note => 'n')) $$),
	($$ to_json(p.change_set) FROM %1$I.sync_poll('crm') AS p $$),
	($$ to_json(%1$I.sync_ack(2)) $$),
	($$ json_build_array(r.record_key, r.version, r.data) FROM %1$I.sync_record AS r $$),
	($$ json_build_array(s.system, s.record_key, s.native_id, s.version, s.field_hash, s.data) FROM %1$I.sync_shadow AS s $$),
	($$ to_json(%1$I.sync_canonical('{"b": 1e21, "é": 0.1, "a": [1.50, 4.9e-324, true]}')) $$),
	($$ to_json(%1$I.sync_hash('{"b": 1e21, "a": 333333333.33333329}')) $$),
	($$ to_json(%1$I.sync_changes('{"a": 1.0, "b": 2}', '{"a": 1, "c": "x"}')) $$),
	($$ to_json(%1$I.sync_policy('contact')) $$),
	($$ to_json(%1$I.sync_config('contact', 1)) $$);

-- What the story says and writes when it is played under settings ('name=value'); it
-- leaves nothing behind, settings included.  Under hostile settings nothing of this
-- function itself may need the search_path.
CREATE FUNCTION pg_temp.played(settings text[], home name DEFAULT 'public') RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	names CONSTANT text[] := ARRAY(SELECT split_part(s, '=', 1) FROM unnest(settings) WITH ORDINALITY AS u (s, n) ORDER BY n);
	own CONSTANT text[] := ARRAY(SELECT current_setting(n) FROM unnest(names) WITH ORDINALITY AS u (n, i) ORDER BY i);
	calls CONSTANT text[] := ARRAY(SELECT 'SELECT pg_catalog.' || ltrim(format(call, home)) FROM step ORDER BY id);
	said text[];
	call text;
	line text;
BEGIN
	PERFORM setval(oid, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = quote_ident(home)::regnamespace;
	PERFORM set_config(split_part(s, '=', 1), split_part(s, '=', 2), true) FROM unnest(settings) AS s;
	FOREACH call IN ARRAY calls LOOP
		FOR line IN EXECUTE call LOOP
			said := pg_catalog.array_append(said, line);
		END LOOP;
	END LOOP;
	PERFORM pg_catalog.set_config(n, o, true) FROM ROWS FROM (pg_catalog.unnest(names), pg_catalog.unnest(own)) AS u (n, o);
	FOR call IN SELECT format('SELECT t::text FROM %I.%I AS t ORDER BY 1', home, relname) FROM pg_class
				WHERE relkind = 'r' AND relnamespace = quote_ident(home)::regnamespace AND relname LIKE 'sync\_%' ORDER BY relname LOOP
		FOR line IN EXECUTE call LOOP
			said := said || line;
		END LOOP;
	END LOOP;
	RAISE SQLSTATE 'UNDO0';
EXCEPTION
	WHEN SQLSTATE 'UNDO0' THEN RETURN said;
END
$$;

CREATE TEMP TABLE expected AS SELECT pg_temp.played('{}') AS said;

-- A test, which shows the lines that differ.
CREATE FUNCTION pg_temp.is_same(said pg_catalog.text[], description pg_catalog.text) RETURNS pg_catalog.text LANGUAGE sql AS $$
	SELECT is(array(SELECT coalesce(line, 'nothing') || ' instead of ' || coalesce(due, 'nothing')
					FROM expected AS e, ROWS FROM (unnest(is_same.said), unnest(e.said)) AS u (line, due)
					WHERE line IS DISTINCT FROM due), '{}', description)
$$;
