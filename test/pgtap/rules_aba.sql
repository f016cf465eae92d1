-- X, then Y, then X again from the other side are two edits, whatever the ledger holds.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');

CALL pg_temp.at_rest('aba', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "X"}'), 'accepted phone=accepted -> support', 'the crm sets X');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.saw('support', '{"phone": "Y"}'), 'accepted phone=accepted -> crm', 'support sets Y');
SELECT is(pg_temp.saw('support', '{"phone": "X"}'), 'accepted phone=accepted', 'and X again: content decides, not that X was once ours');
SELECT is(pg_temp.poll('crm'), NULL, 'the crm shows X still: nothing to send');
SELECT is(pg_temp.saw('support', '{"phone": "Y"}'), 'accepted phone=accepted -> crm', 'and Y again');
CALL pg_temp.deliver('crm');
CALL pg_temp.at('12:04');
SELECT is(pg_temp.saw('support', '{"phone": "X"}'), 'accepted phone=accepted -> crm', 'and X once more');
SELECT is(pg_temp.poll('crm'), 'update {"phone": "X"}', 'a content that the ledger has seen before goes out again');
SELECT is(pg_temp.ack('crm'), true, 'and is acknowledged');
SELECT is(pg_temp.saw('crm', '{"phone": "X"}'), 'echo phone=echo', 'and its echo is one');
SELECT is(pg_temp.golden()->>'phone', 'X', 'the last edit is golden');
SELECT is((SELECT array_agg(change_set->>'phone' ORDER BY version) FROM sync_change WHERE record_key = 'aba'),
	'{0,X,Y,X,Y,X}', 'each edit was one');

-- There and back by turns, each side having seen the other
CALL pg_temp.at_rest('by turns', '{"phone": "A"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"phone": "B"}'), 'accepted phone=accepted -> crm', 'support sets B');
CALL pg_temp.deliver('crm');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.saw('crm', '{"phone": "A"}'), 'accepted phone=accepted -> support', 'the crm sets A again');
SELECT is(pg_temp.poll('support'), 'update {"phone": "A"}', 'support is told, though it was the A of before');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "A"}'), 'echo phone=echo', 'an echo');
CALL pg_temp.at('12:40');
SELECT is(pg_temp.saw('support', '{"phone": "B"}'), 'accepted phone=accepted -> crm', 'support sets B again');
SELECT is(pg_temp.poll('crm'), 'update {"phone": "B"}', 'the crm is told');

-- The same state of a record crosses a gate again: one tuple of the ledger, written twice
SELECT is((SELECT max(writes) FROM sync_ledger WHERE record_key = 'aba' AND direction = 'support->crm'), 1, 'one crossing of X');
CALL pg_temp.record('aba');
CALL pg_temp.at('12:50');
SELECT is(pg_temp.saw('support', '{"phone": "Y"}'), 'accepted phone=accepted -> crm', 'Y again');
CALL pg_temp.deliver('crm');
SELECT is((SELECT writes FROM sync_ledger WHERE record_key = 'aba' AND direction = 'support->crm' AND change_set = '{"phone": "Y"}'), 2,
	'the ledger counts how often a tuple was written');

SELECT * FROM finish();
