-- Until the owner's first edit a field is as good as nobody's.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {"owner": "crm"}, "email": {}}}');

CALL pg_temp.at_rest('before', '{"phone": "0"}', 'support', 'crm', 'billing');
SELECT is(pg_temp.golden()->>'phone', '0', 'another system creates the record, with a value for the owner''s field');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> billing,crm', 'and edits it');
CALL pg_temp.deliver('crm', 'billing');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('billing', '{"phone": "2"}'), 'accepted phone=accepted -> crm,support', 'and so may a third, who has seen it');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'conflict phone=conflict', 'who has not seen it collides');
SELECT is(pg_temp.waits('crm'), NULL, 'the field is frozen');
SELECT is(pg_temp.saw('crm', '{"phone": "4"}'), 'accepted phone=accepted -> billing,support', 'the owner''s edit decides');
SELECT is(pg_temp.open_conflict(), NULL, 'it closes the conflict');
SELECT is(pg_temp.golden()->>'phone', '4', 'its value is golden');
SELECT is(pg_temp.waits('support'), 'update {"phone": "4"}', 'and goes to one side');
SELECT is(pg_temp.waits('billing'), 'update {"phone": "4"}', 'and to the other');
CALL pg_temp.deliver('support', 'billing');
CALL pg_temp.at('12:15');
SELECT is(pg_temp.saw('support', '{"phone": "5"}'), 'overruled phone=overruled -> support', 'from then on the owner''s word is law');

-- What the owner merely shows is no edit of its own
CALL pg_temp.at_rest('shown only', '{"phone": "0"}', 'support', 'crm', 'billing');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'unchanged', 'the owner shows what it was sent');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> billing,crm', 'that does not make it the author');

-- The owner creates: its first edit
CALL pg_temp.at_rest('created by the owner', '{"phone": "0"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'overruled phone=overruled -> support', 'a value that came with the owner''s record is its edit');

-- The owner replaces a value that it had not seen
CALL pg_temp.at_rest('replaced unseen', '{"phone": "0"}', 'support', 'crm', 'billing');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> billing,crm', 'another system edits');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> billing,support', 'the owner''s edit is accepted in a collision too');
SELECT is((SELECT format('%s %s', kind, status) FROM sync_conflict WHERE record_key = pg_temp.record_key()), 'owner resolved', 'what it replaced unseen stands, resolved');
SELECT ok((SELECT '"1"' IN (current_value, incoming_value) FROM sync_conflict WHERE record_key = pg_temp.record_key()), 'by its value');

-- Inside the window
CALL pg_temp.at_rest('window', '{"phone": "0"}', 'support', 'crm', 'billing');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> billing,crm', 'another system edits');
CALL pg_temp.deliver('crm', 'billing');
CALL pg_temp.at('12:00:30');
SELECT is(pg_temp.saw('billing', '{"phone": "2"}'), 'held phone=held', 'a third is held inside the window, as without an owner');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> billing,support', 'the owner is not, and closes that too');
SELECT is(pg_temp.open_conflict(), NULL, 'nothing is open');

SELECT * FROM finish();
