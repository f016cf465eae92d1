-- We write 1, 2 and 1 again. A 1 that comes before the sight of 2 may be that of the second 1,
-- or a photograph from before 2: whichever it was, the other may still come.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "fields": {"phone": {}, "email": {}}, "window": 0}');

CREATE PROCEDURE pg_temp.write_three(record_key text, VARIADIC versions integer[]) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}'), pg_temp.poll('support');
	PERFORM pg_temp.saw('support', '{"phone": "1"}'), pg_temp.ack('support', jsonb_build_object('v', versions[1]));
	PERFORM pg_temp.saw('crm', '{"phone": "2"}'), pg_temp.poll('support'), pg_temp.ack('support', jsonb_build_object('v', versions[2]));
	PERFORM pg_temp.saw('crm', '{"phone": "1"}'), pg_temp.poll('support'), pg_temp.ack('support', jsonb_build_object('v', versions[3]));
END
$$;

CALL pg_temp.write_three('a photograph', NULL, NULL, NULL);
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}'), 'accepted email=accepted,phone=echo', 'an edit of another field from before the 2');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "a"}'), 'echo phone=echo', 'the 2');
SELECT is(pg_temp.saw('support', '{"phone": "3", "email": "a"}'), 'accepted phone=accepted -> crm', 'an edit, which the second 1 buries');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}'), 'held phone=held', 'its sight, or somebody who took the edit back: held');

CALL pg_temp.write_three('long ago', NULL, NULL, NULL);
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the second 1, or a photograph');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'the 2');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'accepted phone=accepted -> crm', 'an edit');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted', 'taken back, when no webhook is so late');

CALL pg_temp.write_three('versions', 1, 2, 3);
SELECT is(pg_temp.saw('support', '{"phone": "1", "v": 3}'), 'echo phone=echo', 'the second 1, by its version');
SELECT is(pg_temp.saw('support', '{"phone": "3", "v": 4}'), 'accepted phone=accepted -> crm', 'an edit');
SELECT is(pg_temp.saw('support', '{"phone": "1", "v": 5}'), 'accepted phone=accepted', 'taken back under a newer version');

SELECT * FROM finish();
