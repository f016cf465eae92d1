-- Claim, sight, ack and an edit there, in every order: who had seen our write, who had not.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window": "0 s"}');

-- Both show phone 0; at 12:00 the crm sets phone 1.
CREATE PROCEDURE pg_temp.edit(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
END
$$;

CALL pg_temp.edit('edit, claim');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'an edit before the claim had not seen the crm''s');
SELECT is(pg_temp.poll('support'), NULL, 'nothing goes out');

CALL pg_temp.edit('claim, edit, ack, sight');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes out');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'an edit while it is on its way');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'shown');
SELECT isnt(pg_temp.open_conflict(), NULL, 'that our write shows does not settle it: the edit may have come after');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'a human decides for what shows already');
SELECT is(pg_temp.waits('support'), 'update {"phone": "1"}', 'it is sent all the same: nobody knows what came last');

CALL pg_temp.edit('claim, edit, sight, ack');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes out');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'an edit while it is on its way');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'shown');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT isnt(pg_temp.open_conflict(), NULL, 'still a conflict');
SELECT is(pg_temp.conflicts(), 'phone collision open: "1" (crm) against "2" (support)', 'and our own write is no side of it');

CALL pg_temp.edit('claim, sight, edit, ack');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes out');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'shown before the ack');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm,support', 'an edit by one who had it on the screen');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'it crossed the call, which may have been repeated: the edit is sent back to be sure');

CALL pg_temp.edit('claim, sight, ack, edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes out');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'shown');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'an edit after all of it');
SELECT is(pg_temp.waits('support'), NULL, 'is where it is');

CALL pg_temp.edit('claim, ack, sight, edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes out');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'shown');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'an edit after all of it');
SELECT is(pg_temp.waits('support'), NULL, 'is where it is');

CALL pg_temp.edit('claim, ack, edit, sight');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes out');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'an ack tells that it landed, not who saw it');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'its sight comes: it buried the edit, or was late');
SELECT isnt(pg_temp.open_conflict(), NULL, 'a human decides');

CALL pg_temp.edit('claim, ack, edit, much later');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes out');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'past the echo window no sight is owed: who edits has seen it');

-- Both type the same
CALL pg_temp.edit('the same, claim, ack');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'agreed phone=agreed', 'the same value, typed before the claim');
SELECT is(pg_temp.poll('support'), NULL, 'needs no call');
CALL pg_temp.edit('claim, the same, ack');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes out');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the same value, typed before the call landed, is taken for it');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'unchanged', 'shown again, by the call');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'at rest');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'and open to edits');

SELECT * FROM finish();
