-- A field that changes in alternating directions inside the window is held, not guessed.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

-- Both show phone 0; at 12:00 the crm sets phone 1 and support shows it.
CREATE PROCEDURE pg_temp.crm_edit_is_seen(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	CALL pg_temp.deliver('support');
END
$$;

CALL pg_temp.crm_edit_is_seen('inside');
CALL pg_temp.at('12:00:59');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'held phone=held', 'an edit less than the window after the other system''s is held');
SELECT is(pg_temp.conflicts(), 'phone bounce open: "1" (crm) against "2" (support)', 'as a bounce that waits for a human');
SELECT is(pg_temp.golden()->>'phone', '1', 'the golden value stays');
SELECT is(pg_temp.waits('support'), NULL, 'nothing of it goes back');
SELECT is(pg_temp.waits('crm'), NULL, 'nor on');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'held phone=held', 'a further value is held too');
SELECT is((SELECT sides->'support' FROM sync_conflict WHERE id = pg_temp.open_conflict()), '["2", "3"]', 'and stands beside the first');
SELECT is((SELECT revision FROM sync_conflict WHERE id = pg_temp.open_conflict()), 2, 'in a new revision of the one row');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'other fields go on');

CALL pg_temp.crm_edit_is_seen('long after');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'after the window an edit is an edit');

CALL pg_temp.crm_edit_is_seen('at the end');
CALL pg_temp.at('12:01:00');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'the window is less than 60 seconds by default');

CALL pg_temp.crm_edit_is_seen('another field');
CALL pg_temp.at('12:00:30');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted -> crm', 'each field has a window of its own');

CALL pg_temp.at_rest('own', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'a system edits');
CALL pg_temp.at('12:00:10');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'and edits again: only another system''s edit opens the window');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:01:05');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'held phone=held', 'the window counts from the newest edit');

-- From the accepted edit on, not from its delivery
CALL pg_temp.at_rest('late delivery', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'a system edits');
CALL pg_temp.at('12:05');
CALL pg_temp.deliver('support');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'the window counts from the edit, however late it was delivered');

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window": "5 minutes"}');
CALL pg_temp.crm_edit_is_seen('wide');
CALL pg_temp.at('12:04:59');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'held phone=held', 'the policy sets the window');

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window": "0"}');
CALL pg_temp.crm_edit_is_seen('off');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'a window of 0 turns it off');

SELECT * FROM finish();
