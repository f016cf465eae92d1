-- A human decides a conflict: the winner's value, or another one, goes to who does not show it.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

-- The crm has set phone 1, support phone 2 without having seen that.
CREATE PROCEDURE pg_temp.collide(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.saw('support', '{"phone": "2"}');
END
$$;

CREATE FUNCTION pg_temp.decided() RETURNS text LANGUAGE sql AS $$
	SELECT format('%s %s by %s: %s', status, resolved_value, resolved_by, note) FROM sync_conflict
	WHERE record_key = pg_temp.record_key()
$$;

CALL pg_temp.collide('incoming wins');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support', by => 'ada', note => 'called'), true, 'the incoming side wins');
SELECT is(pg_temp.decided(), 'resolved "2" by ada: called', 'the row says what, who and why');
SELECT is(pg_temp.golden()->>'phone', '2', 'its value is golden');
SELECT is(pg_temp.waits('support'), NULL, 'it is not told what it shows');
SELECT is((SELECT array_agg(source_system || ' ' || target_system || ' ' || change_set) FROM sync_outbox WHERE record_key = pg_temp.record_key()),
	'{"review crm {\"phone\": \"2\"}"}', 'the other side is, by review');
SELECT is((SELECT format('%s %s %s', author, actor, change_set) FROM sync_change WHERE record_key = pg_temp.record_key() ORDER BY version DESC LIMIT 1),
	'review ada {"phone": "2"}', 'a decision is a change by review, the human its actor');
CALL pg_temp.deliver('crm');
SELECT is(pg_temp.waits('crm'), NULL, 'at rest');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> support', 'a decision opens no window: who has seen it may edit at once');

CALL pg_temp.collide('current wins');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'the system of the current value wins');
SELECT is(pg_temp.golden()->>'phone', '1', 'its value stays golden');
SELECT is(pg_temp.waits('crm'), NULL, 'it shows that');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the other one is told');
SELECT is((SELECT direction FROM sync_outbox WHERE record_key = pg_temp.record_key()), 'review->support', 'by review');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'and shown');

CALL pg_temp.collide('another value');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => '"3"'), true, 'a value of neither side');
SELECT is(pg_temp.waits('crm'), 'update {"phone": "3"}', 'goes to one');
SELECT is(pg_temp.waits('support'), 'update {"phone": "3"}', 'and to the other');
SELECT is(pg_temp.saw('support', '{"phone": "4"}'), 'conflict phone=conflict', 'who has not seen the decision collides with it');
SELECT is((SELECT current_system FROM sync_conflict WHERE id = pg_temp.open_conflict()), 'review', 'its author is review');

CALL pg_temp.collide('null');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => 'null'), true, 'JSON null is a value');
SELECT is(pg_temp.golden()->'phone', 'null', 'it erases');
SELECT is(pg_temp.poll('crm'), 'update {"phone": null}', 'on both sides');
SELECT is(pg_temp.poll('support'), 'update {"phone": null}', 'on both sides');

CALL pg_temp.collide('last value');
SELECT is(pg_temp.saw('support', '{"phone": "5"}'), 'conflict phone=conflict', 'a side shows a further value');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support', revision => 1), false, 'a decision about an older revision takes no effect');
SELECT is(pg_temp.golden()->>'phone', '1', 'it changes nothing');
SELECT is((SELECT status FROM sync_conflict WHERE id = pg_temp.open_conflict()), 'open', 'the conflict is open');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support', revision => 2), true, 'one about the current revision does');
SELECT is(pg_temp.golden()->>'phone', '5', 'a side''s last value wins');
SELECT is(sync_resolve((SELECT max(id) FROM sync_conflict), winner => 'crm'), false, 'a second decision takes no effect');
SELECT is(pg_temp.golden()->>'phone', '5', 'it changes nothing');

CALL pg_temp.collide('errors');
SELECT throws_ok($$ SELECT sync_resolve(pg_temp.open_conflict()) $$, '22023', NULL, 'neither a winner nor a value');
SELECT throws_ok($$ SELECT sync_resolve(pg_temp.open_conflict(), winner => 'crm', value => '"3"') $$, '22023', NULL, 'both');
SELECT throws_ok($$ SELECT sync_resolve(pg_temp.open_conflict(), winner => 'suport') $$, '22023', NULL, 'a winner that is no side');
SELECT throws_ok($$ SELECT sync_resolve(987654321, winner => 'crm') $$, '42704', NULL, 'no such conflict');
SELECT is((SELECT status FROM sync_conflict WHERE id = pg_temp.open_conflict()), 'open', 'an error decides nothing');

-- A bounce and a drift are decided as a collision is
CALL pg_temp.at_rest('bounce', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"phone": "1"}');
CALL pg_temp.deliver('support');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'held phone=held', 'a bounce');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'is decided');
SELECT is(pg_temp.poll('crm'), 'update {"phone": "2"}', 'and goes on');
SELECT is(pg_temp.poll('support'), NULL, 'to who does not show it');

SELECT * FROM finish();
