-- A delete and an edit that did not see each other: a human decides, in both orders.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

-- First the edit: support deletes what it has not seen
CREATE PROCEDURE pg_temp.edit_then_delete(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	CALL pg_temp.at('12:10');
	PERFORM pg_temp.gone('support');
END
$$;

CALL pg_temp.at_rest('edit first', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the crm edits');
CALL pg_temp.at('12:10');
SELECT alike(pg_temp.gone('support'), 'conflict%', 'support deletes what it has not seen');
SELECT is(pg_temp.life_conflicts(), 'delete open', 'a human looks');
SELECT is((SELECT concat_ws(' ', incoming_system, revision, field) FROM sync_conflict WHERE id = pg_temp.life_conflict()), 'support 1', 'at a delete by support');
SELECT is(pg_temp.life(), 'alive', 'it lives until then');
SELECT is(pg_temp.polled('support'), NULL, 'nothing goes out');
SELECT is(pg_temp.polled('crm'), NULL, 'to anyone');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'crm', by => 'ada'), true, 'life');
SELECT is(pg_temp.pending('support'), 'create {"email": "a", "phone": "1"}', 'it is created again where it was deleted');
SELECT is(pg_temp.pending('crm'), NULL, 'the winner has it');
SELECT is((SELECT concat_ws(' ', status, resolved_by) FROM sync_conflict WHERE record_key = 'edit first'), 'resolved ada', 'the row says who');
CALL pg_temp.deliver('support');
SELECT is(pg_temp.shows('support'), '{"email": "a", "phone": "1"}', 'both show it');

CALL pg_temp.edit_then_delete('edit first, delete wins');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'delete'), true, 'death');
SELECT is(pg_temp.life(), 'dead', 'it is dead');
SELECT is(pg_temp.polled('crm'), 'delete', 'and deleted where it lives');
SELECT is((SELECT source_system FROM sync_outbox WHERE record_key = pg_temp.record_key()), 'review', 'by review');
SELECT is(pg_temp.ack('crm'), true, 'acknowledged');
SELECT is(pg_temp.pending('support'), NULL, 'not where it was deleted');
SELECT is(pg_temp.gone('crm'), 'echo', 'its echo is one');

CALL pg_temp.edit_then_delete('no decision');
SELECT throws_ok($$ SELECT sync_resolve(pg_temp.life_conflict(), winner => 'support') $$, '22023', NULL, 'who shows no record cannot be its winner');
SELECT throws_ok($$ SELECT sync_resolve(pg_temp.life_conflict(), value => '{"phone": "1"}') $$, '22023', NULL, 'a value decides nothing about life');
SELECT is(pg_temp.life_conflicts(), 'delete open', 'it is still to be decided');

-- An edit in flight to who deletes it is not seen either
CALL pg_temp.at_rest('crossing', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the crm edits');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes out');
CALL pg_temp.at('12:00:30');
SELECT alike(pg_temp.gone('support'), 'conflict%', 'a delete before the answer');
SELECT is(pg_temp.ack('support'), true, 'the answer does not say who was first');
SELECT is(pg_temp.life_conflicts(), 'delete open', 'it is to be decided');

-- Acknowledged, not shown: what the human had on the screen nobody knows
CALL pg_temp.at_rest('acked', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the crm edits');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes out');
SELECT is(pg_temp.ack('support'), true, 'and is acknowledged');
CALL pg_temp.at('12:05');
SELECT alike(pg_temp.gone('support'), 'conflict%', 'a delete before the edit was shown');

-- Shown: it has seen the edit
CALL pg_temp.at_rest('seen', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the crm edits');
CALL pg_temp.deliver('support');
SELECT alike(pg_temp.gone('support'), 'conflict%', 'a delete within the window');
SELECT is(pg_temp.life_conflicts(), 'delete open', 'is to be decided too');
CALL pg_temp.at_rest('seen long ago', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the crm edits');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:01');
SELECT is(pg_temp.gone('support'), 'accepted delete -> crm', 'a delete past the window goes on');

-- Its own edit does not stand in the way of a delete
CALL pg_temp.at_rest('own edit', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the crm edits');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'and deletes at once');
SELECT is(pg_temp.polled('support'), 'delete', 'only the delete goes out');

SELECT * FROM finish();
