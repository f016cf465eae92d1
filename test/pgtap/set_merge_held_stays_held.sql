-- While a merged set is held, what its author shows next is merged or stays held: it never
-- replaces the set whole, for another system's element would be lost.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"tags": {"type": "set", "merge": "set"}}, "window": "0 seconds"}');
CALL pg_temp.at_rest('T1', '{"tags": ["d1", "e1"]}', 'support', 'crm');
SELECT is(pg_temp.saw('crm', '{"tags": ["c5", "d1", "e1"]}'), 'accepted tags=accepted -> support', 'crm adds c5');
SELECT is(pg_temp.poll('support'), 'update {"tags": ["c5", "d1", "e1"]}', 'which is on its way to support');
SELECT is(pg_temp.saw('support', '{"tags": ["d1", "d3", "e1"]}'), 'accepted tags=accepted -> crm,support', 'support adds d3');
SELECT is(pg_temp.golden(), '{"tags": ["c5", "d1", "d3", "e1"]}', 'the union');
SELECT is(pg_temp.saw('support', '{"tags": ["d1", "d3", "e0", "e1"]}'), 'held tags=held', 'c5 is missing once more: removed, or not there yet');
SELECT is(pg_temp.saw('support', '{"tags": ["d1", "e0", "e1"]}'), 'held tags=held', 'and again');
SELECT is(pg_temp.golden(), '{"tags": ["c5", "d1", "d3", "e1"]}', 'what crm added stays until a human has decided');

SELECT * FROM finish();
ROLLBACK;
