-- An owner that breaks ties only: others may edit what they have seen, and lose a collision.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm", "authority": "tiebreak"}}}');

CALL pg_temp.at_rest('no tie', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> crm', 'who has seen the value may edit it');
SELECT is(pg_temp.golden()->>'phone', '1', 'it is golden');
SELECT is(pg_temp.conflicts(), NULL, 'nobody lost');

CALL pg_temp.at_rest('unseen', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the owner edits');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'overruled phone=overruled -> support', 'who edits without having seen it is overruled');
SELECT is(pg_temp.golden()->>'phone', '1', 'the owner''s value stays');
SELECT is(pg_temp.conflicts(), 'phone owner resolved: "1" (crm) against "2" (support)', 'the loss stands, resolved');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the owner''s value goes there');

CALL pg_temp.at_rest('in flight', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the owner edits');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'its value is in flight');
SELECT alike(pg_temp.saw('support', '{"phone": "2"}'), 'overruled phone=overruled%', 'an edit that crosses it is overruled');
SELECT is(pg_temp.ack('support'), true, 'the write is acknowledged');
SELECT is(pg_temp.waits('support'), 'update {"phone": "1"}', 'and repeated');

CALL pg_temp.at_rest('window', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the owner edits');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:00:30');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'overruled phone=overruled -> support', 'inside the window it is a tie, though it was seen');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:01:00');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'after the window it is an edit');

-- The owner's edit wins a tie of its own
CALL pg_temp.at_rest('owner has not seen', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> crm', 'another system edits');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'the owner edits without having seen that');
SELECT is(pg_temp.golden()->>'phone', '2', 'and wins');
SELECT is((SELECT format('%s %s', kind, status) FROM sync_conflict WHERE record_key = pg_temp.record_key()), 'owner resolved', 'the value that it replaced unseen stands, resolved');
SELECT ok((SELECT '"1"' IN (current_value, incoming_value) FROM sync_conflict WHERE record_key = pg_temp.record_key()), 'by its value');

CALL pg_temp.at_rest('owner has seen', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> crm', 'another system edits');
CALL pg_temp.deliver('crm');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'the owner has seen that and edits, inside the window too');
SELECT is(pg_temp.conflicts(), NULL, 'nothing is lost: it was seen');

SELECT * FROM finish();
