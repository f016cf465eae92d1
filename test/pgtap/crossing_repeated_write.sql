-- A write that repeats what stood there may bury an edit, and then comes back over it.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "window": "0 s"}');

-- Support's 1 crossed the ack of our 0, so we write its own 1 there once more: over a 2
-- that a human typed there meanwhile.
CREATE PROCEDURE pg_temp.repeat(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "0"}'), pg_temp.poll('support');
	PERFORM pg_temp.saw('support', '{"phone": "0"}'), pg_temp.saw('support', '{"phone": "1"}');
	PERFORM pg_temp.ack('support'), pg_temp.poll('support'), pg_temp.ack('support');
END
$$;

CALL pg_temp.repeat('written over');
SELECT is(pg_temp.shows('support'), '{"phone": "1"}', 'the repeated write is acknowledged');
SELECT alike(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted%', 'the human''s 2, from before it landed');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'which goes back, for our 1 may have come last');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the landing of our 1 comes late: no edit');
SELECT is(pg_temp.golden(), '{"phone": "2"}', 'the human''s word stands');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'the newest write is shown');
SELECT is(pg_temp.waits('support'), NULL, 'nothing is left to be sent');

CALL pg_temp.repeat('once');
SELECT pg_temp.saw('support', '{"phone": "2"}'), pg_temp.poll('support'), pg_temp.ack('support') \g /dev/null
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'a late landing');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'held phone=held', 'twice, it may be a human who types 1');
SELECT is(pg_temp.golden(), '{"phone": "2"}', 'nobody guesses');

CALL pg_temp.repeat('not written over');
SELECT pg_temp.saw('support', '{"phone": "2"}') \g /dev/null
SELECT alike(pg_temp.saw('support', '{"phone": "1"}'), 'held phone=held%', 'while it is the newest write, its value does not tell it from none');
SELECT is(pg_temp.golden(), '{"phone": "2"}', 'nobody guesses');

SELECT * FROM finish();
