-- X, Y, X: who has seen the first X has not seen the second one.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "window": "0 s"}');

-- The crm says 1, 2 and 1 again; our 1 is acknowledged, our 2 lands and is lost, the
-- second 1 is claimed.  Support has shown none of it.
CREATE PROCEDURE pg_temp.set_again(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}'), pg_temp.poll('support'), pg_temp.ack('support');
	PERFORM pg_temp.saw('crm', '{"phone": "2"}'), pg_temp.poll('support');
	CALL pg_temp.at('12:01:01');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}'), pg_temp.poll('support');
END
$$;

CALL pg_temp.set_again('typed over Y');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the first 1 is shown');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'and our 2 after it');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'conflict phone=conflict', 'who types over that has not seen the second 1');
SELECT is(pg_temp.golden(), '{"phone": "1"}', 'which stands');

CALL pg_temp.set_again('typed over the second X');
SELECT pg_temp.saw('support', '{"phone": "1"}'), pg_temp.saw('support', '{"phone": "2"}') \g /dev/null
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the second 1 is shown');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
SELECT alike(pg_temp.saw('support', '{"phone": "3"}'), 'accepted phone=accepted%', 'who types over it has seen it');

SELECT * FROM finish();
