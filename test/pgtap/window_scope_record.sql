-- With "window_scope": "record" an edit is held while another system changed any other field a moment ago.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window_scope": "record"}');

-- Both show the record; at 12:00 the crm sets phone 1 and support shows it.
CREATE PROCEDURE pg_temp.crm_edit_is_seen(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	CALL pg_temp.deliver('support');
END
$$;

CALL pg_temp.crm_edit_is_seen('another field');
CALL pg_temp.at('12:00:59');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'held email=held', 'an edit of another field inside the window is held');
SELECT is(pg_temp.conflicts(), 'email bounce open: "a" (crm) against "b" (support)', 'as a bounce that waits for a human');
SELECT is(pg_temp.golden()->>'email', 'a', 'the golden value stays');
SELECT is(pg_temp.waits('crm'), NULL, 'and nothing is sent');
SELECT is(pg_temp.waits('support'), NULL, 'to anyone');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'who changed the record goes on');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'a human decides');
SELECT is(pg_temp.waits('crm'), 'update {"email": "b"}', 'and what was held goes out');

CALL pg_temp.crm_edit_is_seen('after it');
CALL pg_temp.at('12:01:00');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted -> crm', 'after the window an edit is an edit');

CALL pg_temp.crm_edit_is_seen('same field');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'held phone=held', 'the same field is held as ever');

CALL pg_temp.crm_edit_is_seen('both');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "b"}'), 'held email=held,phone=held', 'several fields of one payload are held alike');

-- The crm's own window does not count against it
CALL pg_temp.crm_edit_is_seen('own');
SELECT is(pg_temp.saw('crm', '{"email": "c"}'), 'accepted email=accepted -> support', 'only another system''s edit opens the window');

-- An unseen value is a collision, whatever the window says
CALL pg_temp.at_rest('unseen', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the crm edits');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "b"}'), 'conflict email=held,phone=conflict', 'one field collides, the other one is held');

-- A human's decision opens no window
CALL pg_temp.crm_edit_is_seen('decided');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'held phone=held', 'a bounce');
CALL pg_temp.at('12:05');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'is decided');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted -> crm', 'and an edit right after it is accepted');

SELECT * FROM finish();
