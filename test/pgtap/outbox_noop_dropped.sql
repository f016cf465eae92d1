-- What has become a no-op is not handed out; it is none where anything is unsure.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}, "email": {}}}');

CALL pg_temp.at_rest('agreed', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "b"}'), 'accepted email=accepted,phone=accepted -> support', 'an edit of two fields waits');
SELECT alike(pg_temp.saw('support', '{"phone": "1"}'), 'agreed phone=agreed%', 'the target comes to show one of them');
SELECT is(pg_temp.poll('support'), 'update {"email": "b"}', 'which is not sent');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');

CALL pg_temp.at_rest('all agreed', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit waits');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'agreed phone=agreed', 'the target comes to show it');
SELECT is(pg_temp.poll('support'), NULL, 'nothing is handed out');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'all agreed'), 0::bigint, 'nothing is left');
SELECT is((SELECT count(*) FROM sync_ledger WHERE record_key = 'all agreed' AND change_set = '{"phone": "1"}'), 0::bigint, 'nothing crossed a gate');

CALL pg_temp.at_rest('reverted', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit waits');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted', 'and is taken back');
SELECT is(pg_temp.poll('support'), NULL, 'nothing is handed out');

-- The write in flight lands while the retry would wait
CALL pg_temp.at_rest('seen after the lease', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the lease ran out, but the write is shown');
SELECT is(pg_temp.poll('support'), NULL, 'nothing to retry');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'seen after the lease'), 0::bigint, 'nothing is left');

-- Unsure is no no-op: the value that is shown is sent
CALL pg_temp.at_rest('unsure', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the owner edits');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'its value goes out');
SELECT alike(pg_temp.saw('support', '{"phone": "2"}'), 'overruled%', 'an edit crosses it');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the target shows the golden value');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'and is told it once more, as what it showed may be older');

-- A frozen field is taken out of what waits
CALL pg_temp.at_rest('frozen', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "b"}'), 'accepted email=accepted,phone=accepted -> support', 'an edit of two fields waits');
SELECT alike(pg_temp.saw('support', '{"email": "c"}'), 'conflict email=conflict%', 'one of them collides');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the other one goes out');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.poll('support'), NULL, 'nothing of the frozen one follows');

SELECT * FROM finish();
