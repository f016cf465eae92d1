-- After the answer the target still owes one sight of our write, for a while.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {}, "shop": {"echo_window": "2 minutes"}},
	"fields": {"phone": {}, "email": {}}}');

CALL pg_temp.at_rest('after the ack', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> shop,support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.ack('support'), true, 'and is acknowledged');
SELECT is(pg_temp.shows('support')->>'phone', '1', 'the target is known to show it');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "b"}'), 'accepted email=accepted,phone=echo -> crm,shop', 'its echo is subtracted from a human''s edit');
SELECT is(pg_temp.waits('crm'), 'update {"email": "b"}', 'which goes on alone');
SELECT is(pg_temp.waits('support'), NULL, 'nothing goes back');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "b"}'), 'unchanged', 'the sight is noted once');

CALL pg_temp.at_rest('inside the window', '{"phone": "0"}', 'crm', 'support', 'shop');
SELECT pg_temp.saw('crm', '{"phone": "1"}');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'an edit goes out');
SELECT is(pg_temp.poll('shop'), 'update {"phone": "1"}', 'to both');
CALL pg_temp.at('12:00:30');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.ack('shop'), true, 'by both');
CALL pg_temp.at('12:02:29');
SELECT is(pg_temp.saw('shop', '{"phone": "1"}'), 'echo phone=echo', 'a system can have an echo window of its own');
CALL pg_temp.at('12:10:29');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the default is 10 minutes from the ack on');

CALL pg_temp.at_rest('outside of it', '{"phone": "0"}', 'crm', 'support', 'shop');
SELECT pg_temp.saw('crm', '{"phone": "1"}');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'an edit goes out');
SELECT is(pg_temp.poll('shop'), 'update {"phone": "1"}', 'to both');
CALL pg_temp.at('12:00:30');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.ack('shop'), true, 'by both');
CALL pg_temp.at('12:02:31');
SELECT is(pg_temp.saw('shop', '{"phone": "1"}'), 'unchanged', 'past its window it shows what it is known to show');
CALL pg_temp.at('12:10:31');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'unchanged', 'past the default window too');

-- The window runs from the ack, not from the claim
CALL pg_temp.at_rest('slow call', '{"phone": "0"}', 'crm', 'support', 'shop');
SELECT pg_temp.saw('crm', '{"phone": "1"}');
SELECT lives_ok($$ INSERT INTO claim (record_key, target, id, lease)
	SELECT record_key, target_system, id, lease FROM sync_poll('shop', lease => '1 hour') $$, 'a worker takes its time');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('shop', '{"phone": "1"}'), 'echo phone=echo', 'a write in flight is owed its sight however long it takes');
SELECT is(pg_temp.ack('shop'), true, 'until the answer and beyond');

SELECT * FROM finish();
