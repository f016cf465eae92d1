-- A stamp so late that an edit was shown in between: versions tell which came last, else nobody.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"sentinel": "stamp", "version": "v"}}, "fields": {"phone": {}, "email": {}}}');

-- The crm's phone 1 went out at 12:00; at 13:00 a webhook without our stamp shows phone 2.
CREATE PROCEDURE pg_temp.edit(record_key text, fields jsonb) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('10:00');
	PERFORM pg_temp.saw('support', '{"v": 1, "phone": "0", "email": "a"}');
	CALL pg_temp.deliver('crm');
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
	CALL pg_temp.at('13:00');
	PERFORM pg_temp.saw('support', fields);
	CALL pg_temp.deliver('crm');
END
$$;

CREATE FUNCTION pg_temp.stamped(fields jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.saw('support', fields || jsonb_build_object('stamp', 'crm-to-support-contact-' || pg_temp.record_key() || '-v2'))
$$;

CALL pg_temp.edit('later', '{"v": 3, "phone": "2"}');
SELECT is(pg_temp.golden()->>'phone', '2', 'past the echo window it is an edit');
SELECT is(pg_temp.stamped('{"v": 4, "phone": "1"}'), 'echo phone=echo -> support', 'under a later version the write shows: it had buried the edit');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'which is sent back');
SELECT is(pg_temp.stamped('{"v": 4, "phone": "1"}'), 'unchanged', 'once');
SELECT is(pg_temp.waits('crm'), NULL, 'the crm need not know');

CALL pg_temp.edit('earlier', '{"v": 3, "phone": "2"}');
SELECT is(pg_temp.stamped('{"v": 2, "phone": "1"}'), 'stale phone=stale', 'under an earlier version the write is of the past');
SELECT is(pg_temp.waits('support'), NULL, 'and nothing is sent');

CALL pg_temp.edit('no versions', '{"phone": "2"}');
SELECT is(pg_temp.stamped('{"phone": "1"}'), 'echo phone=echo -> support', 'without versions nobody knows which of the two shows');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'so the edit is sent to be sure');
SELECT is(pg_temp.stamped('{"phone": "1"}'), 'held phone=held', 'shown again meanwhile, it is held: typed, or ours');

SELECT * FROM finish();
