-- A correction that landed over an edit which nobody has told yet: the edit is named when it is told.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "window": "0 s",
	"fields": {"plan": {"owner": "crm"}, "phone": {}}}');

-- Support's plan is overruled; the correction lands as version 7, over an edit of version 6.
CREATE PROCEDURE pg_temp.corrected(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	PERFORM pg_temp.saw('crm', '{"plan": "gold", "phone": "0"}');
	PERFORM pg_temp.saw('support', '{"plan": "gold", "phone": "0", "v": 4}');
	PERFORM pg_temp.saw('support', '{"plan": "silver", "v": 5}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support', '{"plan": "gold", "v": 7}');
END
$$;

CALL pg_temp.corrected('shown');
SELECT is(pg_temp.saw('support', '{"plan": "gold", "phone": "0", "v": 8}'), 'agreed plan=agreed', 'the correction is seen under a newer version');
SELECT is(pg_temp.saw('support', '{"plan": "lead", "phone": "0", "v": 6}'), 'conflict phone=stale,plan=conflict', 'the edit of before it was buried');

CALL pg_temp.corrected('told by an answer');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit of another field');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.ack('support', '{"plan": "gold", "phone": "1", "v": 8}'), true, 'its answer shows the correction');
SELECT is(pg_temp.saw('support', '{"plan": "lead", "phone": "0", "v": 6}'), 'conflict phone=stale,plan=conflict', 'the edit of before it was buried');

CALL pg_temp.corrected('shown long after');
CALL pg_temp.at('14:00');
SELECT is(pg_temp.saw('support', '{"plan": "gold", "phone": "0", "v": 8}'), 'agreed plan=agreed', 'the correction is seen when its sight is owed no more');
SELECT is(pg_temp.saw('support', '{"plan": "lead", "phone": "0", "v": 6}'), 'conflict phone=stale,plan=conflict', 'the edit of before it was buried');

SELECT * FROM finish();
