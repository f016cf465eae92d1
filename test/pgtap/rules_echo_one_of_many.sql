-- A hundred writes within echo_window, and the webhook of one of the first comes late.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "note": {}}}');

CREATE FUNCTION pg_temp.state_bytes() RETURNS integer LANGUAGE sql AS $$
	SELECT octet_length(state) FROM sync_state WHERE record_key = pg_temp.record_key()
$$;

-- Each goes out, and is acknowledged; no webhook says so.
CREATE PROCEDURE pg_temp.write_each(field text, first integer, last integer, bytes integer DEFAULT 3) LANGUAGE plpgsql AS $$
BEGIN
	FOR n IN first .. last LOOP
		PERFORM pg_temp.saw('crm', jsonb_build_object(field, rpad(n::text, bytes, '.'))), pg_temp.poll('support'), pg_temp.ack('support');
	END LOOP;
END
$$;

CALL pg_temp.at_rest('hot', '{"phone": "0", "note": "0"}', 'crm', 'support');
CALL pg_temp.write_each('phone', 101, 200);
SELECT is(pg_temp.saw('support', '{"phone": "103"}'), 'echo phone=echo', 'it is ours, late');
SELECT is(pg_temp.golden()->>'phone', '200', 'and nobody''s edit');
SELECT is(pg_temp.saw('support', '{"phone": "7"}'), 'conflict phone=conflict', 'what we never wrote is somebody''s, who had not seen the last');

-- What is remembered stays small
SELECT cmp_ok(pg_temp.state_bytes(), '<', 8000, 'a hundred short values');
CALL pg_temp.write_each('note', 101, 200, 2000);
SELECT cmp_ok(pg_temp.state_bytes(), '<', 150000, 'of long ones fewer are remembered');
SELECT is(pg_temp.saw('support', jsonb_build_object('note', rpad('180', 2000, '.'))), 'echo note=echo', 'the newest');

SELECT * FROM finish();
