-- A first load over a record that is already kept in step: it fills, and what waits goes on.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {"owner": "crm"}, "email": {}, "plan": {}}}');

CREATE PROCEDURE pg_temp.running(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
END
$$;

CALL pg_temp.running('at rest');
SELECT is(pg_temp.loaded('support', '{"phone": "0", "email": "a"}'), 'unchanged', 'nothing new');
SELECT is(pg_temp.loaded('support', '{"phone": "0", "email": "a", "plan": "gold"}'), 'accepted plan=accepted', 'a field that nobody had is filled');
SELECT is(pg_temp.golden(), '{"plan": "gold", "email": "a", "phone": "0"}', 'into the golden record');
SELECT is_empty('SELECT * FROM sync_outbox', 'and sent to nobody');
SELECT is(pg_temp.loaded('support', '{"phone": "2"}'), 'kept phone=kept', 'another value of an owned field is a difference');
SELECT is(pg_temp.loaded('crm', '{"phone": "1"}'), 'accepted phone=accepted', 'the owner''s counts');
SELECT is(pg_temp.loaded('support', '{"email": "b"}'), 'conflict email=conflict', 'without owner it is drift');
SELECT is(pg_temp.loaded('billing', '{"email": null}'), 'kept email=kept', 'null never is');
SELECT is_empty('SELECT * FROM sync_outbox', 'nothing of all that is sent');
SELECT is(pg_temp.golden(), '{"plan": "gold", "email": "a", "phone": "1"}', 'what is golden now');
SELECT is(pg_temp.saw('crm', '{"phone": "5"}'), 'accepted phone=accepted -> billing,support', 'until the golden value changes');

-- What waited goes on
CALL pg_temp.running('waiting');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit waits');
SELECT is(pg_temp.loaded('crm', '{"phone": "1", "email": "a"}'), 'unchanged', 'a load of the same');
SELECT is(pg_temp.waits('support'), 'update {"phone": "1"}', 'it waits');
SELECT is(pg_temp.loaded('support', '{"phone": "0", "email": "a"}'), 'unchanged', 'a load of what it is to replace');
SELECT is(pg_temp.waits('support'), 'update {"phone": "1"}', 'it waits');
SELECT is(pg_temp.loaded('support', '{"phone": "2", "email": "a"}'), 'overruled phone=overruled -> support', 'a load of another value');
SELECT is(pg_temp.waits('support'), 'update {"phone": "1"}', 'it goes out still');
SELECT is(pg_temp.loaded('crm', '{"phone": "3"}'), 'accepted phone=accepted -> billing,support', 'the owner''s newer value takes its place');
SELECT is(pg_temp.waits('support'), 'update {"phone": "3"}', 'in what waits');

-- So does what is on its way
CALL pg_temp.running('in flight');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.loaded('support', '{"phone": "1", "email": "a"}'), 'echo phone=echo', 'a load shows it: an echo');
SELECT is(pg_temp.ack('support'), true, 'it is acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'at rest');

CALL pg_temp.running('crossed');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.loaded('support', '{"phone": "2"}'), 'overruled phone=overruled', 'a load crosses it');
SELECT is(pg_temp.ack('support'), true, 'it is acknowledged');
SELECT is(pg_temp.waits('support'), 'update {"phone": "1"}', 'and sent once more, for nobody knows which came last');

-- After the ack a difference is only that
CALL pg_temp.running('acked');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.ack('support'), true, 'is acknowledged');
SELECT is(pg_temp.loaded('support', '{"phone": "2"}'), 'kept phone=kept', 'a load shows another value');
SELECT is(pg_temp.waits('support'), NULL, 'which stays');

-- A create that waits is no longer needed where the load shows the record
CALL pg_temp.record('to be created');
SELECT is(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted email=accepted,phone=accepted -> billing,support', 'new in one system');
SELECT is(pg_temp.loaded('support', '{"phone": "2", "email": "a"}'), 'kept email=agreed,phone=kept', 'a load shows that another has it');
SELECT is(pg_temp.waits('support'), NULL, 'it is not created there');
SELECT is(pg_temp.waits('billing'), 'create {"email": "a", "phone": "0"}', 'but where it is missing, as before');

-- What a drift holds up was to be sent before, and goes on when that has closed
CALL pg_temp.running('held up by a drift');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> billing,support', 'an edit waits');
SELECT is(pg_temp.loaded('support', '{"email": "c"}'), 'conflict email=conflict', 'a load disagrees');
SELECT is(pg_temp.loaded('support', '{"email": "c", "plan": "gold"}'), 'accepted plan=accepted', 'another load, of more');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'agreed email=agreed -> billing', 'support comes round');
SELECT is(pg_temp.waits('billing'), 'update {"email": "b"}', 'and the edit goes to the third');

SELECT * FROM finish();
