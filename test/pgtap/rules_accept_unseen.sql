-- A field that a system has never shown is not overwritten blindly: it waits for its sight.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}, "plan": {"owner": "crm"}}}');

-- support has created the record and never shown more than the phone.
CREATE PROCEDURE pg_temp.support_creates(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('10:00');
	PERFORM pg_temp.saw('support', '{"phone": "0"}');
	PERFORM pg_temp.poll('crm');
	PERFORM pg_temp.ack('crm');
	PERFORM pg_temp.saw('crm', '{"phone": "0"}');
	CALL pg_temp.at('12:00');
END
$$;

CALL pg_temp.support_creates('null');
SELECT is(pg_temp.saw('crm', '{"email": "a"}'), 'accepted email=accepted', 'an edit of a field that the other system never showed');
SELECT is(pg_temp.golden()->>'email', 'a', 'is golden');
SELECT is(pg_temp.poll('support'), NULL, 'and waits: what stands there is not known');
SELECT is(pg_temp.shows('support'), '{"phone": "0"}', 'unseen is not null');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": null}'), 'agreed email=agreed -> support', 'the first sight is null');
SELECT is(pg_temp.poll('support'), 'update {"email": "a"}', 'so it is sent');

CALL pg_temp.support_creates('equal');
SELECT is(pg_temp.saw('crm', '{"email": "a"}'), 'accepted email=accepted', 'an edit of an unseen field');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'agreed email=agreed', 'the first sight is equal');
SELECT is(pg_temp.poll('support'), NULL, 'nothing is sent');

CALL pg_temp.support_creates('another value');
SELECT is(pg_temp.saw('crm', '{"email": "a"}'), 'accepted email=accepted', 'an edit of an unseen field');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "b"}'), 'conflict email=conflict', 'the first sight is another value, and no edit');
SELECT is(pg_temp.conflicts(), 'email drift open: "a" (crm) against "b" (support)', 'the two have drifted apart, who knows when');
SELECT is(pg_temp.golden()->>'email', 'a', 'the golden value stays');
SELECT is(pg_temp.poll('support'), NULL, 'nothing of it is sent');
SELECT is(pg_temp.poll('crm'), NULL, 'to nobody');

CALL pg_temp.support_creates('with an edit');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "a"}'), 'accepted email=accepted,phone=accepted -> support', 'an edit of a seen field with it');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is sent without the unseen one');

-- With an owner, unseen is sent over as null is
CALL pg_temp.support_creates('owned');
SELECT is(pg_temp.saw('crm', '{"plan": "gold"}'), 'accepted plan=accepted -> support', 'the owner''s field waits for no sight');
SELECT is(pg_temp.poll('support'), 'update {"plan": "gold"}', 'it is sent over what may stand there');

-- Nobody ever set it: the first sight fills it
CALL pg_temp.support_creates('fills');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "b"}'), 'accepted email=accepted -> crm', 'the first sight of what nobody set is accepted');
SELECT is(pg_temp.poll('crm'), 'update {"email": "b"}', 'a record that we created there showed all that was mapped then');

-- A create holds all that the target does not know; from the claim on it shows all
CALL pg_temp.record('create');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'accepted phone=accepted -> crm', 'a new record');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted -> crm', 'a further field of it, before the claim');
SELECT is(pg_temp.poll('crm'), 'create {"email": "b", "phone": "0"}', 'goes out with the create');
SELECT is(pg_temp.saw('support', '{"plan": "gold"}'), 'accepted plan=accepted -> crm', 'one more, after the claim');
SELECT is(pg_temp.ack('crm'), true, 'acknowledged');
SELECT is(pg_temp.poll('crm'), 'update {"plan": "gold"}', 'follows as an update: the record there shows null');

-- A newly mapped field is unseen in every record, until each system has shown it
CALL pg_temp.at_rest('newly mapped', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}, "plan": {"owner": "crm"}, "title": {}}}');
SELECT is(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'unchanged', 'a new policy makes no storm');
SELECT is(pg_temp.saw('crm', '{"title": "Dr"}'), 'accepted title=accepted', 'the first sight of the new field fills it');
SELECT is(pg_temp.poll('support'), NULL, 'and waits for the other system''s');
SELECT is(pg_temp.saw('support', '{"title": "Prof"}'), 'conflict title=conflict', 'which differs');
SELECT is(pg_temp.conflicts(), 'title drift open: "Dr" (crm) against "Prof" (support)', 'drifted apart');

SELECT * FROM finish();
