-- window_scope: record. Within the window an edit of one field is held where another system set any other.
\ir story.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.scope(scope text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_configure('contact', format('{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}, "plan": {"owner": "support"}}, "window_scope": %s}', to_json(scope))::jsonb);
END
$$;

-- The crm sets the phone, support has seen it; half a minute later.
CREATE PROCEDURE pg_temp.crm_edits(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a", "plan": "p"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	CALL pg_temp.deliver('support');
	CALL pg_temp.at('12:00:30');
END
$$;

CALL pg_temp.scope('field');
CALL pg_temp.crm_edits('by field');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted -> crm', 'by field, another field is free');

CALL pg_temp.scope('record');
CALL pg_temp.crm_edits('by record');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'held email=held', 'by record, it is not');
SELECT is(pg_temp.conflicts(), 'email bounce open: "a" (crm) against "b" (support)', 'a human looks');
SELECT is(pg_temp.waits('crm'), NULL, 'nothing goes out');
SELECT is(pg_temp.golden()->>'email', 'a', 'the value stays');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'decided');
SELECT is(pg_temp.poll('crm'), 'update {"email": "b"}', 'it goes on');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'held phone=held', 'the same field is held as ever');

CALL pg_temp.crm_edits('later');
CALL pg_temp.at('12:01:00');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted -> crm', 'after the window it is free');

CALL pg_temp.crm_edits('itself');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'the system that set the one may set the other');

CALL pg_temp.crm_edits('owner');
SELECT is(pg_temp.saw('support', '{"plan": "q"}'), 'accepted plan=accepted -> crm', 'an owner''s edit is never held');

CALL pg_temp.at_rest('reviewer', '{"phone": "0", "email": "a", "plan": "p"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'collides with another');
CALL pg_temp.at('12:10');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'decided');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'a decision opens no window');

-- Two fields in one payload are one edit
CALL pg_temp.at_rest('two fields', '{"phone": "0", "email": "a", "plan": "p"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "b"}'), 'accepted email=accepted,phone=accepted -> support', 'both fields of one payload go through');

SELECT is(sync_policy('contact') ~* 'record', true, 'the policy says so in a sentence');

SELECT * FROM finish();
