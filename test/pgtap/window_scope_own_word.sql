-- A value that is held against its own author's older one is held until a human decides or it is taken back.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window_scope": "record"}');

-- The email is support's own; at 12:00 the crm sets the phone, and support shows it.
CREATE PROCEDURE pg_temp.crm_edit_is_seen(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	CALL pg_temp.at('11:00');
	PERFORM pg_temp.saw('support', '{"email": "b"}');
	CALL pg_temp.deliver('crm');
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	CALL pg_temp.deliver('support');
END
$$;

CALL pg_temp.crm_edit_is_seen('held');
SELECT is(pg_temp.saw('support', '{"email": "c"}'), 'held email=held', 'the author''s own edit is held');
SELECT is(pg_temp.conflicts(), 'email bounce open: "b" (support) against "c" (support)', 'against what it said before');
SELECT is(pg_temp.saw('support', '{"email": "d"}'), 'held email=held', 'a further one is held too');
SELECT is(pg_temp.golden()->>'email', 'b', 'and moves nothing');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('support', '{"email": "e"}'), 'held email=held', 'not even after the window');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => '"e"'), true, 'a human decides by value, as the name of the one system says nothing');
SELECT is(pg_temp.golden()->>'email', 'e', 'for what was held');
SELECT is(pg_temp.waits('crm'), 'update {"email": "e"}', 'and goes out');

CALL pg_temp.crm_edit_is_seen('taken back');
SELECT is(pg_temp.saw('support', '{"email": "c"}'), 'held email=held', 'held');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'agreed email=agreed', 'and taken back');
SELECT is(pg_temp.conflicts(), 'email bounce resolved: "b" (support) against "b" (support)', 'which closes it');

SELECT * FROM finish();
