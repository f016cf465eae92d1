-- A field remembers so many writes: where more than that were lost, any of them may still land.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');

-- The crm says a value, which goes out and is given back.
CREATE PROCEDURE pg_temp.lose(phone text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.saw('crm', jsonb_build_object('phone', phone)), pg_temp.poll('support'),
		pg_temp.nack('support', retry_after => '0 s');
END
$$;
CREATE PROCEDURE pg_temp.lose_each(first integer, last integer, times integer DEFAULT 1) LANGUAGE plpgsql AS $$
BEGIN
	FOR phone IN first .. last LOOP
		FOR i IN 1 .. times LOOP
			CALL pg_temp.lose(phone::text);
		END LOOP;
	END LOOP;
END
$$;

CALL pg_temp.at_rest('lost', '{"phone": "0"}', 'crm', 'support');
CALL pg_temp.lose_each(1, 5);
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'back to what support shows, but for five lost calls');
CALL pg_temp.lose_each(0, 0, 300);
SELECT is(pg_temp.waits('support'), 'update {"phone": "0"}', 'it is sent until one arrives, however many are lost');
SELECT is(pg_temp.poll('support'), 'update {"phone": "0"}', 'once more');
SELECT is(pg_temp.ack('support'), true, 'that one arrives');
SELECT is(pg_temp.waits('support'), NULL, 'and now support shows it for sure');

SELECT * FROM finish();
