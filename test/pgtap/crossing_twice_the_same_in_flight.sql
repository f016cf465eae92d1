-- X, Y, X from one side: the other has shown the first X and then Y.  The second X, on its way,
-- was not on anybody's screen there: an edit meets it in a conflict.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "window": "0 seconds"}');
CALL pg_temp.at_rest('T1', '{"phone": "X"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"phone": "Y"}');
SELECT is(pg_temp.poll('support'), 'update {"phone": "Y"}', 'Y lands, and its answer is lost');
SELECT is(pg_temp.saw('crm', '{"phone": "X"}'), 'accepted phone=accepted -> support', 'X again');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.poll('support'), 'update {"phone": "X"}', 'is on its way');
SELECT is(pg_temp.saw('support', '{"phone": "Y"}'), 'echo phone=echo', 'support shows Y');
SELECT is(pg_temp.saw('support', '{"phone": "4"}'), 'conflict phone=conflict', 'and an edit of that: the second X was not seen');

SELECT * FROM finish();
