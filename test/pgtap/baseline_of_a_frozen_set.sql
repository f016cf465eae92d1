-- A first load by the author of a merged set that is in open conflict: what the others added there stays.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "parts"], "fields": {"tags": {"type": "set", "merge": "set"}}, "window": "0"}');

CALL pg_temp.at('10:00');
SELECT is(pg_temp.loaded('crm', '{"tags": ["a"]}'), 'accepted tags=accepted', 'the crm has a set');
SELECT is(pg_temp.loaded('support', '{"tags": ["a"]}'), 'agreed tags=agreed', 'support has the same');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "e"]}'), 'accepted tags=accepted -> support', 'the crm adds an element');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "s"]}'), 'accepted tags=accepted -> crm,support', 'so does support');
SELECT is(pg_temp.golden(), '{"tags": ["a", "e", "s"]}', 'both are there');
SELECT is(pg_temp.loaded('parts', '{"tags": ["z"]}'), 'conflict tags=conflict', 'a third system has another set');
SELECT is(pg_temp.loaded('support', '{"tags": ["a", "s", "t"]}'), 'conflict tags=conflict', 'support, loaded again, has one more element');
SELECT is(pg_temp.golden(), '{"tags": ["a", "e", "s", "t"]}', 'which is added, and the crm''s stays');

SELECT * FROM finish();
