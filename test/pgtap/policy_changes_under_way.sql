-- A new policy while records wait or are in flight: it counts when a record is next touched.
\ir story.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.configure(systems text, fields text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_configure('contact', format('{"systems": %s, "fields": %s}', systems, fields)::jsonb);
END
$$;

CALL pg_temp.configure('["crm", "support"]', '{"phone": {}, "email": {}}');
CALL pg_temp.at_rest('A', '{"phone": "0", "email": "a"}', 'crm', 'support');
CALL pg_temp.at_rest('B', '{"phone": "0", "email": "a"}', 'crm', 'support');

-- A system is added: each record is created there when it next changes, whole
CALL pg_temp.configure('["crm", "support", "billing"]', '{"phone": {}, "email": {}}');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'a new system makes no storm');
SELECT is(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'unchanged', 'nor does what is unchanged');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit goes there too');
SELECT is(pg_temp.poll('billing'), 'create {"email": "a", "phone": "1"}', 'as a create of all that it lacks');
SELECT is(pg_temp.ack('billing'), true, 'acknowledged');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'and to the old one as an update');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
CALL pg_temp.record('A');
SELECT is(pg_temp.saw('billing', '{"phone": "0", "email": "a"}'), 'agreed email=agreed,phone=agreed', 'it shows a record that it had all along');
SELECT is(pg_temp.waits('billing'), NULL, 'nothing to create');

-- A field is added while a row waits, and while one is in flight
CALL pg_temp.record('A');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is in flight to one');
CALL pg_temp.configure('["crm", "support", "billing"]', '{"title": {}, "phone": {}, "email": {}}');
SELECT is(pg_temp.poll('billing'), 'update {"phone": "1"}', 'what waits goes on under a new policy');
SELECT is(pg_temp.ack('support'), true, 'and what is in flight is acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'its echo is one');
SELECT is(pg_temp.ack('billing'), true, 'the other one too');
SELECT is(pg_temp.saw('crm', '{"title": "Dr"}'), 'accepted title=accepted', 'the new field is unseen in the others');
SELECT is(pg_temp.saw('billing', '{"title": null}'), 'agreed title=agreed -> billing', 'until they show it');
SELECT is(pg_temp.poll('billing'), 'update {"title": "Dr"}', 'then it is sent');
SELECT is(pg_temp.poll('support'), NULL, 'to who has shown it');

-- A record that we created under the old policy has not shown the new field
CALL pg_temp.record('C');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> billing,support', 'a new record');
SELECT is(pg_temp.poll('support'), 'create {"phone": "0"}', 'is created');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
CALL pg_temp.configure('["crm", "support", "billing"]', '{"title": {}, "plan": {}, "phone": {}, "email": {}}');
SELECT is(pg_temp.saw('crm', '{"title": "Dr", "plan": "gold"}'), 'accepted plan=accepted,title=accepted -> billing,support', 'two fields');
SELECT is(pg_temp.poll('support'), 'update {"title": "Dr"}', 'shown from the claim on is what was mapped then');

-- A field goes: it is sent to nobody any more
CALL pg_temp.at_rest('D', '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "b"}'), 'accepted email=accepted,phone=accepted -> billing,support', 'an edit of two fields waits');
CALL pg_temp.configure('["crm", "support", "billing"]', '{"title": {}, "plan": {}, "phone": {}}');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'what no policy maps is not handed out');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');

-- An owner is named: nobody's past edits are undone
CALL pg_temp.at_rest('E', '{"phone": "0"}', 'support', 'crm', 'billing');
CALL pg_temp.configure('["crm", "support", "billing"]', '{"phone": {"owner": "crm"}}');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> billing,crm', 'until the owner''s first edit others may edit');
CALL pg_temp.deliver('crm', 'billing');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> billing,support', 'the owner edits');
CALL pg_temp.deliver('support', 'billing');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'overruled phone=overruled -> support', 'from then on it is its own');

SELECT * FROM finish();
