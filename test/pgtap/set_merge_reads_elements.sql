-- A merged set keeps its elements as they are: of one character, with quotes, escapes and commas in them.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"tags": {"type": "set", "merge": "set"}}}');

CALL pg_temp.at('10:00');
SELECT is(pg_temp.saw('crm', '{"tags": ["x"]}'), 'accepted tags=accepted -> support', 'one character');
SELECT is(pg_temp.golden(), '{"tags": ["x"]}', 'is one element');
SELECT is(pg_temp.saw('crm', '{"tags": ["x", "", "a,b", "\"q\"", "back\\slash", "é", "line\n"]}'), 'accepted tags=accepted -> support', 'odd elements');
SELECT is(pg_temp.golden()->'tags', sync_canonical('["", "\"q\"", "a,b", "back\\slash", "line\n", "x", "é"]')::jsonb, 'each as it is');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('support', '{"tags": ["x", "", "a,b", "\"q\"", "é", "line\n", "\\\"]"]}'), 'accepted tags=accepted -> crm', 'one added, one removed elsewhere');
SELECT is(pg_temp.saw('crm', '{"tags": ["x", "", "a,b", "back\\slash", "é", "line\n"]}'), 'accepted tags=accepted -> crm,support', 'another removed here, unseen');
SELECT is(pg_temp.golden()->'tags', '["", "\\\"]", "a,b", "line\n", "x", "é"]'::jsonb, 'both count');

SELECT * FROM finish();
