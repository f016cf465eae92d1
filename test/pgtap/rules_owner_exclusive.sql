-- An exclusive owner: what another system edits is taken back there, and the loss is kept.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {"owner": "crm"}, "email": {}}}');

CALL pg_temp.at_rest('overruled', '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "b"}'), 'overruled email=accepted,phone=overruled -> billing,crm,support', 'one field is overruled, the other one is accepted');
SELECT is(pg_temp.golden(), '{"phone": "0", "email": "b"}', 'the owner''s value stays');
SELECT is(pg_temp.waits('support'), 'update {"phone": "0"}', 'and goes back');
SELECT is(pg_temp.waits('crm'), 'update {"email": "b"}', 'the owner hears of the other field only');
SELECT is(pg_temp.waits('billing'), 'update {"email": "b"}', 'and so does the third');
SELECT is(pg_temp.conflicts(), 'phone owner resolved: "0" (crm) against "1" (support)', 'the loss stands, resolved, with both values');
SELECT is((SELECT source_system FROM sync_outbox WHERE record_key = 'overruled' AND target_system = 'support'), 'crm', 'the correction comes from the value''s author');
SELECT is((SELECT array_agg(author ORDER BY version) FROM sync_change WHERE record_key = 'overruled'), '{crm,support}', 'only the accepted edit is a change');
SELECT is((SELECT change_set FROM sync_change WHERE record_key = 'overruled' AND author = 'support'), '{"email": "b"}', 'without the overruled field');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "b"}'), 'unchanged', 'seen again before the correction it is nothing new');
SELECT is(pg_temp.poll('support'), 'update {"phone": "0"}', 'the correction goes out');
SELECT is(pg_temp.ack('support'), true, 'is acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'and its echo is one');
SELECT is(pg_temp.poll('support'), NULL, 'at rest');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'overruled phone=overruled -> support', 'a further edit is overruled too');
SELECT is((SELECT count(*) FROM sync_conflict WHERE record_key = 'overruled' AND status = 'resolved'), 2::bigint, 'and stands as a loss of its own');
SELECT is((SELECT count(*) FROM sync_open_conflicts), 0::bigint, 'a human need not look');

-- A late correction: the echo of the overruled value's correction comes before the ack
CALL pg_temp.at_rest('echo first', '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'overruled phone=overruled -> support', 'an overruled edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "0"}', 'the correction goes out');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'is shown');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'at rest');

-- A human there takes it back before the correction went out
CALL pg_temp.at_rest('taken back', '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'overruled phone=overruled -> support', 'an overruled edit');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'agreed phone=agreed', 'is taken back by its author');
SELECT is(pg_temp.poll('support'), NULL, 'nothing is left to correct');

-- The owner edits
CALL pg_temp.at_rest('owner edits', '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'the owner''s edit is accepted');
CALL pg_temp.at('12:00:05');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> billing,support', 'and the next one, however soon');
SELECT is(pg_temp.saw('support', '{"phone": "9"}'), 'overruled phone=overruled -> support', 'what others type meanwhile is overruled, seen or not');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'the owner''s newest value waits for them');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> billing,support', 'the owner needs no window after that either');
SELECT is(pg_temp.waits('support'), 'update {"phone": "3"}', 'in the one row');

SELECT * FROM finish();
