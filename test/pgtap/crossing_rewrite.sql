-- A target's own form of what it was sent, shown before or after its answer explains it.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {}, "email": {}}}');

-- All show phone 0; the crm's phone 12 goes out to support, which makes it 012.
CREATE PROCEDURE pg_temp.write(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
	PERFORM pg_temp.saw('crm', '{"phone": "12"}');
	PERFORM pg_temp.poll('support');
END
$$;

CALL pg_temp.write('answer, webhook');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'the answer tells the target''s form');
SELECT is(pg_temp.saw('support', '{"phone": "12"}'), 'agreed phone=agreed -> support', 'what was sent, and not stored, agrees, but tells not what came last: once more');
SELECT is(pg_temp.poll('support'), 'update {"phone": "12"}', 'it goes out');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'is stored in the same form');
SELECT is(pg_temp.waits('support'), NULL, 'and that is the end of it');
CALL pg_temp.write('answer, webhook, webhook');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'the answer tells the target''s form');
SELECT is(pg_temp.saw('support', '{"phone": "012"}'), 'echo phone=echo', 'its webhook is the sight');
SELECT is(pg_temp.saw('support', '{"phone": "012"}'), 'unchanged', 'once');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"phone": "12"}'), 'agreed phone=agreed', 'what we had sent, typed there, is what C says');

CALL pg_temp.write('answer, old photograph');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'the answer tells the target''s form');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'what the write replaced, late');
SELECT is(pg_temp.saw('support', '{"phone": "012"}'), 'echo phone=echo', 'then its sight');
SELECT is(pg_temp.waits('support'), NULL, 'nothing is sent');

CALL pg_temp.write('webhook, answer');
SELECT is(pg_temp.saw('support', '{"phone": "012"}'), 'conflict phone=conflict', 'the webhook comes first');
SELECT is(pg_temp.poll('billing'), NULL, 'the field is frozen');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'the answer explains it');
SELECT is(pg_temp.open_conflict(), NULL, 'the conflict is closed');
SELECT is((SELECT resolution FROM sync_conflict WHERE record_key = pg_temp.record_key()), 'rewritten', 'by the target''s fix');
SELECT is(pg_temp.poll('billing'), 'update {"phone": "12"}', 'the field goes on');
SELECT is(pg_temp.waits('support'), NULL, 'and is settled there');
SELECT is(pg_temp.saw('support', '{"phone": "012"}'), 'unchanged', 'its sight was the one before the answer');

CALL pg_temp.write('webhook, further edit, answer');
SELECT is(pg_temp.saw('support', '{"phone": "012"}'), 'conflict phone=conflict', 'the webhook comes first');
SELECT alike(pg_temp.saw('crm', '{"phone": "13"}'), 'conflict phone=conflict%', 'the crm goes on editing');
SELECT is(pg_temp.golden()->>'phone', '13', 'which moves C');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'the answer explains the webhook all the same');
SELECT is(pg_temp.open_conflict(), NULL, 'the conflict is closed');
SELECT is(pg_temp.waits('support'), 'update {"phone": "13"}', 'and the further edit goes out');

CALL pg_temp.write('webhook, edit, answer');
SELECT is(pg_temp.saw('support', '{"phone": "012"}'), 'conflict phone=conflict', 'the webhook comes first');
SELECT is(pg_temp.saw('support', '{"phone": "7"}'), 'conflict phone=conflict', 'then an edit there');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'the answer explains only the one');
SELECT isnt(pg_temp.open_conflict(), NULL, 'so a human decides');

CALL pg_temp.write('edit, webhook, answer');
SELECT is(pg_temp.saw('support', '{"phone": "7"}'), 'conflict phone=conflict', 'an edit there');
SELECT is(pg_temp.saw('support', '{"phone": "012"}'), 'conflict phone=conflict', 'then the webhook');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'the answer explains only the one');
SELECT isnt(pg_temp.open_conflict(), NULL, 'so a human decides');
SELECT is((SELECT sides->'support' FROM sync_conflict WHERE id = pg_temp.open_conflict()), '["7", "012"]', 'with both in sight');

CALL pg_temp.write('webhook, a third side, answer');
SELECT is(pg_temp.saw('support', '{"phone": "012"}'), 'conflict phone=conflict', 'the webhook comes first');
SELECT is(pg_temp.saw('billing', '{"phone": "5"}'), 'conflict phone=conflict', 'a third system has edited too');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'the answer explains only the one');
SELECT isnt(pg_temp.open_conflict(), NULL, 'so a human decides');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'billing'), true, 'for the third');
SELECT is(pg_temp.waits('support'), 'update {"phone": "5"}', 'which goes out');

CALL pg_temp.write('webhook, another answer');
SELECT is(pg_temp.saw('support', '{"phone": "0-12"}'), 'conflict phone=conflict', 'something else is shown');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'than the answer says');
SELECT isnt(pg_temp.open_conflict(), NULL, 'that is an edit, and a human decides');

-- The value that was sent is shown, typed there too; then the target makes its own form of it
CALL pg_temp.write('the same typed there, answer');
SELECT is(pg_temp.saw('support', '{"phone": "12"}'), 'echo phone=echo', 'what was sent is shown');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'but not by that call, as the answer says');
SELECT is(pg_temp.saw('support', '{"phone": "12"}'), 'agreed phone=agreed -> support', 'told again, nobody knows which came last');
SELECT is(pg_temp.saw('support', '{"phone": "012"}'), 'echo phone=echo', 'this is the call''s sight, and no edit');
SELECT is(pg_temp.golden()->>'phone', '12', 'and moves nothing');

SELECT * FROM finish();
