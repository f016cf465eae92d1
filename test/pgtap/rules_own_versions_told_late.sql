-- Webhooks stand still for longer than echo_window while we write twice: each version that an answer
-- told of is ours whenever it comes, and what a human typed between is found.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "fields": {"phone": {}}, "window": "0"}');

CALL pg_temp.at('10:00');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the crm has a record');
SELECT is(pg_temp.poll('support'), 'create {"phone": "1"}', 'it goes out');
SELECT is(pg_temp.ack('support', '{"phone": "1", "v": 1}'), true, 'and is acknowledged as version 1');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "3"}', 'it goes out, over a version 2 that nobody has shown');
SELECT is(pg_temp.ack('support', '{"phone": "3", "v": 3}'), true, 'and is acknowledged as version 3');
SELECT is(pg_temp.saw('crm', '{"phone": "4"}'), 'accepted phone=accepted -> support', 'the next one');
SELECT is(pg_temp.poll('support'), 'update {"phone": "4"}', 'it goes out');
SELECT is(pg_temp.ack('support', '{"phone": "4", "v": 4}'), true, 'and is acknowledged as version 4');

CALL pg_temp.at('10:30');
SELECT is(pg_temp.saw('crm', '{"phone": "5"}'), 'accepted phone=accepted -> support', 'much later, another edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "5"}', 'is under way');
SELECT is(pg_temp.saw('support', '{"v": 1, "phone": "1"}'), 'stale phone=stale', 'version 1 is our create');
SELECT is(pg_temp.saw('support', '{"v": 3, "phone": "3"}'), 'stale phone=stale', 'version 3 is our write');
SELECT is(pg_temp.saw('support', '{"v": 2, "phone": "2"}'), 'conflict phone=conflict', 'version 2 was typed, and our write buried it');
SELECT is(pg_temp.conflicts(), 'phone collision open: "5" (crm) against "2" (support)', 'which is named');

CALL pg_temp.record('T2');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'another record');
SELECT is(pg_temp.poll('support'), 'create {"phone": "1"}', 'it goes out');
SELECT is(pg_temp.ack('support', '{"phone": "1", "v": 1}'), true, 'and is acknowledged as version 1');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.saw('support', '{"v": 1, "phone": "1"}'), 'unchanged', 'a sight that comes late says nothing new');
SELECT is(pg_temp.saw('support', '{"v": 2, "phone": "5"}'), 'accepted phone=accepted -> crm', 'an edit');
SELECT is(pg_temp.saw('support', '{"v": 3, "phone": "1"}'), 'accepted phone=accepted', 'and its revert, newer than our write');

SELECT * FROM finish();
