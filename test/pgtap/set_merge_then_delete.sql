-- Who made a union of what two systems added has not seen what the other one added until that
-- was sent there: a delete that comes before is contested.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"tags": {"type": "set", "merge": "set"}}, "window": "0 seconds"}');
CALL pg_temp.at_rest('T1', '{"tags": ["a"]}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b"]}'), 'accepted tags=accepted -> support', 'crm adds b');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "c"]}'), 'accepted tags=accepted -> crm,support', 'support, which has not seen that, adds c');
SELECT is((SELECT verdict FROM sync_delete('support', 'contact', '{T1}')), 'conflict', 'and deletes the record');
SELECT is((SELECT current_value FROM sync_conflict WHERE id = pg_temp.open_conflict()), '{"tags": ["a", "b", "c"]}', 'what it has not seen is named');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'a human keeps it');

CALL pg_temp.at_rest('T2', '{"tags": ["a"]}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b"]}'), 'accepted tags=accepted -> support', 'crm adds b');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "c"]}'), 'accepted tags=accepted -> crm,support', 'support adds c');
CALL pg_temp.deliver('support');
SELECT is((SELECT verdict FROM sync_delete('support', 'contact', '{T2}')), 'accepted', 'once it shows both it deletes what it has seen');

CALL pg_temp.at_rest('T3', '{"tags": ["a"]}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "c"]}'), 'accepted tags=accepted -> crm', 'an addition alone');
SELECT is((SELECT verdict FROM sync_delete('support', 'contact', '{T3}')), 'accepted', 'is seen by who made it');

SELECT * FROM finish();
ROLLBACK;
