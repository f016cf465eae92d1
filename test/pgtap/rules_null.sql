-- Null erases nothing, unless it comes from the owner or the policy says that it clears.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"],
	"fields": {"phone": {}, "email": {"owner": "crm"}, "plan": {"nulls": "clear"}, "seats": {"nulls": "clear", "owner": "crm"}}}');

CALL pg_temp.at_rest('keep', '{"phone": "1", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"phone": null}'), 'kept phone=kept', 'null is kept away from the golden record');
SELECT is(pg_temp.golden()->>'phone', '1', 'it erases nothing');
SELECT is(pg_temp.waits('support'), NULL, 'and is settled where the system had seen the golden value');
SELECT is(pg_temp.waits('crm'), NULL, 'nobody is told');
SELECT is(pg_temp.saw('support', '{"phone": null}'), 'unchanged', 'seen again it is nothing new');
SELECT is(pg_temp.saw('support', '{"email": null}'), 'kept email=kept', 'who does not own a field cannot erase it, and is not overruled for trying');
SELECT is(pg_temp.conflicts(), NULL, 'a kept null is no conflict');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'when the golden value changes');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'it is sent over the kept null');

CALL pg_temp.at_rest('an edit after the null', '{"phone": "1"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"phone": null}'), 'kept phone=kept', 'who has seen the value clears it there');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'and then types another one: an edit by who had seen the value');

CALL pg_temp.at_rest('author', '{"phone": "1"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": null}'), 'kept phone=kept', 'the author of a value is not its owner');
SELECT is(pg_temp.golden()->>'phone', '1', 'its null erases nothing');
SELECT is(pg_temp.waits('crm'), NULL, 'and is settled');

CALL pg_temp.at_rest('absent', '{"phone": "1", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'unchanged', 'absent is not null');
SELECT is(pg_temp.saw('crm', '{"phone": ""}'), 'accepted phone=accepted -> support', 'nor is the empty text');
SELECT is(pg_temp.waits('support'), 'update {"phone": ""}', 'which is a value');

-- Before the other system's value was seen
CALL pg_temp.at_rest('before the claim', '{"phone": "1"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'a value waits');
SELECT alike(pg_temp.saw('support', '{"phone": null}'), 'kept phone=kept%', 'null comes before it went out');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'a null that had not seen the value is not settled');
CALL pg_temp.at_rest('in flight', '{"phone": "1"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'a value waits');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'it goes out');
SELECT alike(pg_temp.saw('support', '{"phone": null}'), 'kept phone=kept%', 'null crosses it');
SELECT is(pg_temp.ack('support'), true, 'and is acknowledged');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'nobody knows which came last there, so it is sent once more');

-- Values like any other
CALL pg_temp.at_rest('owner', '{"phone": "1", "email": "a", "seats": "5"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"email": null}'), 'accepted email=accepted -> support', 'the owner''s null is a value');
SELECT is(pg_temp.golden()->'email', 'null', 'it erases');
SELECT is(pg_temp.poll('support'), 'update {"email": null}', 'and goes out as null');
SELECT is(pg_temp.saw('support', '{"email": null}'), 'echo email=echo', 'its echo is an echo, and no null to keep');
SELECT is(pg_temp.ack('support'), true, 'the worker is done');
SELECT is(pg_temp.waits('support'), NULL, 'nothing is left to send');
SELECT is(pg_temp.saw('support', '{"seats": null}'), 'overruled seats=overruled -> support', 'another system''s null that would clear is overruled as any value');
SELECT is(pg_temp.waits('support'), 'update {"seats": "5"}', 'and the owner''s value goes back');

CALL pg_temp.at_rest('clear', '{"plan": "gold"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"plan": null}'), 'accepted plan=accepted -> crm', 'where nulls clear, null is an edit');
SELECT is(pg_temp.poll('crm'), 'update {"plan": null}', 'and goes out');
CALL pg_temp.at_rest('clear, unseen', '{"plan": "gold"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"plan": "silver"}'), 'accepted plan=accepted -> support', 'a value waits');
SELECT is(pg_temp.saw('support', '{"plan": null}'), 'conflict plan=conflict', 'a null that clears collides as any value');
SELECT is(pg_temp.conflicts(), 'plan collision open: "silver" (crm) against null (support)', 'and stands as null');

SELECT * FROM finish();
