-- A system with strict_versions: the version of a late echo is noted too, and what is older than that is no edit.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v", "strict_versions": true}}, "fields": {"phone": {}}, "window": "0"}');

CALL pg_temp.at('10:00');
SELECT is(pg_temp.saw('support', '{"v": 1, "phone": "0"}'), 'accepted phone=accepted -> crm', 'support has a record');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'conflict phone=conflict', 'the crm has another value');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'which a human decides for');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes out');
SELECT is(pg_temp.ack('support'), true, 'and is acknowledged, as no version that we know');
SELECT is(pg_temp.saw('support', '{"v": 5, "phone": "0"}'), 'echo phone=echo', 'from before that, or typed again since');
SELECT is(pg_temp.saw('support', '{"v": 2, "phone": "1"}'), 'stale phone=stale', 'typed again: here is our write, as an older version');
SELECT is(pg_temp.saw('support', '{"v": 3, "phone": "7"}'), 'conflict phone=conflict', 'what was typed over is no edit, and not lost');
SELECT is(pg_temp.golden()->>'phone', '1', 'nothing moves');

SELECT * FROM finish();
