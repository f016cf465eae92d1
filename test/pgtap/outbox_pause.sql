-- A target is paused and resumed, alone or with all others.
\ir story.psql
SELECT * FROM no_plan();

SELECT throws_ok($$ SELECT sync_pause() $$, '42704', 'there is no policy yet, and so no target to pause', 'a pause that nothing would remember is refused');
SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {"owner": "crm"}}}');
CALL pg_temp.at_rest('C', '{"phone": "0"}', 'crm', 'support', 'billing');
SELECT is(sync_pause_reason('support'), NULL, 'nothing is paused at first');
SELECT lives_ok($$ SELECT sync_pause('support') $$, 'a target is paused');
SELECT alike(sync_pause_reason('support'), 'paused by %', 'and that is told');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'changes are taken in as ever');
SELECT is(pg_temp.poll('support'), NULL, 'but not handed out to it');
SELECT is(pg_temp.poll('billing'), 'update {"phone": "1"}', 'the others go on');
SELECT lives_ok($$ SELECT sync_pause() $$, 'all are paused');
SELECT is(pg_temp.ack('billing'), true, 'what a worker has already can be acknowledged');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> billing,support', 'another change');
SELECT is(pg_temp.poll('billing'), NULL, 'waits everywhere');
SELECT lives_ok($$ SELECT sync_resume('billing') $$, 'one is resumed');
SELECT is(pg_temp.poll('billing'), 'update {"phone": "2"}', 'and goes on');
SELECT is(pg_temp.poll('support'), NULL, 'the other one does not');
SELECT lives_ok($$ SELECT sync_resume() $$, 'all are resumed');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'and go on');
SELECT is((SELECT count(*) FROM sync_target WHERE paused_at IS NOT NULL), 0::bigint, 'no pause is left');

SELECT throws_ok($$ SELECT sync_pause('suport') $$, '42704', 'no policy names a system "suport"', 'an unknown target cannot be paused');
SELECT throws_ok($$ SELECT sync_resume('suport') $$, '42704', 'no policy names a system "suport"', 'nor resumed');
SELECT throws_ok($$ SELECT sync_pause_reason('suport') $$, '42704', 'no policy names a system "suport"', 'nor asked about');

-- A book that is not where it was written
SELECT is(sync_pause_reason(), NULL, 'the book is at home');
SELECT is((SELECT count(*) FROM sync_home), 1::bigint, 'which it remembers');
UPDATE sync_home SET timeline = timeline + 1;
SELECT is(sync_pause_reason('crm'), 'this book is not where it was written: the server was promoted, or recovered to a point in time', 'a failover');
UPDATE sync_home SET control_inode = control_inode + 1, timeline = timeline - 1;
SELECT is(sync_pause_reason(), 'this book is not where it was written: the server''s data directory was copied', 'a copy of the data directory');
UPDATE sync_home SET outbox_oid = outbox_oid::bigint + 1;
SELECT is(sync_pause_reason(), 'this book is not where it was written: its tables were restored', 'a restore in place');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> billing,support', 'changes are taken in');
SELECT is(pg_temp.poll('support'), NULL, 'and nothing is handed out');
SELECT lives_ok($$ SELECT sync_resume('support') $$, 'resuming one target');
SELECT is(pg_temp.poll('support'), NULL, 'says nothing of that');
SELECT throws_ok($$ SET sync_ledger.allow_failover = on $$, '55P02', NULL, 'no session can excuse a failover');
SELECT throws_ok($$ SELECT * FROM sync_poll('suport') $$, '42704', NULL, 'an unknown target is an error all the same');
SELECT lives_ok($$ SELECT sync_resume() $$, 'resuming all does');
SELECT is(pg_temp.ack('support'), true, 'what was on its way arrives');
SELECT is(pg_temp.poll('support'), 'update {"phone": "3"}', 'and polling goes on');

-- A target that comes while all are paused
SELECT sync_pause();
SELECT sync_configure('fresh', '{"systems": ["crm", "support", "fresh"], "fields": {"phone": {}}}');
SELECT is((SELECT string_agg(DISTINCT paused::text, ',') FROM sync_lag), 'true', 'is paused too');
SELECT sync_resume('fresh');
SELECT sync_configure('fresher', '{"systems": ["crm", "support", "fresher"], "fields": {"phone": {}}}');
SELECT is((SELECT paused FROM sync_lag WHERE target = 'fresher'), false, 'where one is not, a new one is not');

SELECT * FROM finish();
