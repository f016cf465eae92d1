-- Beside what waits, at most one row for a target and record is with a worker.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

CALL pg_temp.at_rest('in flight', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'one more, while that is in flight');
SELECT is(pg_temp.waits('support'), 'update {"email": "b"}', 'waits behind it, without what is under way');
SELECT is(pg_temp.poll('support'), NULL, 'no worker gets it before the first one is back');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'one more, of the field that is in flight');
SELECT is(pg_temp.waits('support'), 'update {"email": "b", "phone": "2"}', 'folds into the one that waits');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'in flight'), 2::bigint, 'one in flight, one that waits');
SELECT is(pg_temp.ack('support'), true, 'the first one is acknowledged');
SELECT is(pg_temp.poll('support'), 'update {"email": "b", "phone": "2"}', 'now the next one goes');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'at rest');

-- Back to the value before the one in flight: that has to be told
CALL pg_temp.at_rest('back', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'is taken back while it is in flight');
SELECT is(pg_temp.waits('support'), 'update {"phone": "0"}', 'a write in flight counts as landed: the old value waits');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted', 'and is set once more');
SELECT is(pg_temp.waits('support'), NULL, 'which is under way already');

-- The row that comes back becomes one with the one that waits
CALL pg_temp.at_rest('comes back', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'one more waits');
CALL pg_temp.at('12:01:01');
SELECT is(pg_temp.poll('support'), 'update {"email": "b", "phone": "1"}', 'the lease ran out: both go out in one row');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'comes back'), 1::bigint, 'and it is one row');
SELECT is(pg_temp.ack('support', before => 1), false, 'the first worker comes too late');
SELECT is(pg_temp.ack('support'), true, 'the second one does not');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'comes back'), 0::bigint, 'at rest');

-- Other records and other targets are not blocked
SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {}, "email": {}}}');
CALL pg_temp.at_rest('A', '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
CALL pg_temp.at_rest('B', '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
CALL pg_temp.record('A');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit for two');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'one of them has it');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> billing,support', 'a second edit');
SELECT is(pg_temp.poll('billing'), 'update {"phone": "2"}', 'the other one gets the newest at once');
CALL pg_temp.record('B');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'another record');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'passes the one that is blocked');

SELECT * FROM finish();
