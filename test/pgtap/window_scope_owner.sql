-- The record's window and owners: an owner is never held, a tiebreak takes it for a collision.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window_scope": "record",
	"fields": {"phone": {}, "email": {"owner": "support"}, "plan": {"owner": "crm", "authority": "tiebreak"}, "city": {}}}');

CREATE PROCEDURE pg_temp.at_noon(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a", "plan": "x"}', 'crm', 'support');
	CALL pg_temp.at('11:00');
	PERFORM pg_temp.saw('support', '{"email": "b"}');
	CALL pg_temp.deliver('crm');
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	CALL pg_temp.deliver('support');
END
$$;

CALL pg_temp.at_noon('owner');
SELECT is(pg_temp.saw('support', '{"email": "c"}'), 'accepted email=accepted -> crm', 'the owner is not held');

CALL pg_temp.at_noon('tiebreak');
SELECT is(pg_temp.saw('support', '{"plan": "y"}'), 'overruled plan=overruled -> support', 'inside the window a tie is broken');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('support', '{"plan": "z"}'), 'overruled plan=overruled -> support', 'and later too, as long as it has not seen what stands');

CALL pg_temp.at_noon('tiebreak later');
CALL pg_temp.at('12:01');
SELECT is(pg_temp.saw('support', '{"plan": "y"}'), 'accepted plan=accepted -> crm', 'after the window there is no tie');

-- What nobody set is filled by its first sight, which is no edit
CALL pg_temp.record('fill');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'a new record');
CALL pg_temp.at('12:00:10');
SELECT alike(pg_temp.saw('support', '{"phone": "0", "city": "Ulm"}'), 'accepted city=accepted,phone=agreed%', 'a first sight is no edit');

SELECT * FROM finish();
