-- A target that stores something else than what it was sent: settled, and not sent again.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}, "billing": {}}, "fields": {"phone": {}, "email": {}}}');

-- All show phone 0; the crm's phone 12 goes out to support and billing.
CREATE PROCEDURE pg_temp.write(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
	PERFORM pg_temp.saw('crm', '{"phone": "12"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.poll('billing');
END
$$;

CALL pg_temp.write('near miss');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'the target stored it in its own form');
SELECT is(pg_temp.shows('support')->>'phone', '012', 'that is what it shows');
SELECT is(pg_temp.golden()->>'phone', '12', 'the golden value stays');
SELECT is(pg_temp.waits('support'), NULL, 'nothing is sent again');
SELECT is(pg_temp.saw('support', '{"phone": "012"}'), 'echo phone=echo', 'its webhook is the sight of the write');
SELECT is(pg_temp.saw('support', '{"phone": "012"}'), 'unchanged', 'once');
SELECT is(pg_temp.conflicts(), NULL, 'a near miss is no conflict');
SELECT is((SELECT array_agg(author ORDER BY version) FROM sync_change WHERE record_key = 'near miss'), '{crm,crm}', 'nor an edit');
SELECT is(pg_temp.waits('support'), NULL, 'and nothing is sent again');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"phone": "7"}'), 'accepted phone=accepted -> billing,crm', 'an edit there is an edit');

CALL pg_temp.write('moves on');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'stored in its own form');
SELECT is(pg_temp.saw('support', '{"phone": "012"}'), 'echo phone=echo', 'and shown');
SELECT is(pg_temp.saw('crm', '{"phone": "13"}'), 'accepted phone=accepted -> billing,support', 'when the golden value moves on');
SELECT is(pg_temp.poll('support'), 'update {"phone": "13"}', 'it is sent as ever');

-- The webhook before the ack
CALL pg_temp.write('webhook first');
SELECT alike(pg_temp.saw('support', '{"phone": "012"}'), 'conflict phone=conflict%', 'the webhook with the target''s form comes first: it looks as an edit');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'the answer says that it was its own form');
SELECT is(pg_temp.open_conflict(), NULL, 'so the conflict is closed');
SELECT is(pg_temp.golden()->>'phone', '12', 'the golden value stays');
SELECT is(pg_temp.waits('support'), NULL, 'nothing is sent again');
SELECT is(pg_temp.waits('crm'), NULL, 'nor on');

-- What was sent may stand in the answer as it was, in the target's own shape
CALL pg_temp.write('as sent');
SELECT is(pg_temp.ack('support', '{"phone": "12"}'), true, 'stored as sent');
SELECT is(pg_temp.saw('support', '{"phone": "12"}'), 'echo phone=echo', 'shown as sent');
SELECT is(pg_temp.waits('support'), NULL, 'at rest');

-- An answer that says nothing of the field
CALL pg_temp.write('silent');
SELECT is(pg_temp.ack('support', '{"ok": true}'), true, 'an answer without the field');
SELECT is(pg_temp.shows('support')->>'phone', '12', 'stored as sent, as far as we know');
SELECT is(pg_temp.saw('support', '{"phone": "12"}'), 'echo phone=echo', 'shown');

-- Other fields of an answer count only under a version: it may be an old photograph
CALL pg_temp.write('old photograph');
SELECT is(pg_temp.ack('support', '{"phone": "12", "email": "b"}'), true, 'an answer with another field, without a version');
SELECT is(pg_temp.shows('support')->>'email', 'a', 'the other field does not count');
SELECT is(pg_temp.golden()->>'email', 'a', 'and is no edit');
SELECT is(pg_temp.waits('crm'), NULL, 'nobody is told');

-- One target's form is no other's business
CALL pg_temp.write('two targets');
SELECT is(pg_temp.ack('support', '{"phone": "012"}'), true, 'one target stores its own form');
SELECT is(pg_temp.ack('billing'), true, 'another one stores what it was sent');
SELECT is((SELECT array_agg(data->>'phone' ORDER BY system COLLATE "C") FROM sync_shadow WHERE record_key = 'two targets'), '{12,12,012}', 'each shows what it shows');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'two targets'), 0::bigint, 'at rest');

-- An answer is no record that has to be complete
SELECT sync_configure('answered', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window": "0"}');
SELECT is((SELECT verdict FROM sync_diff('crm', 'answered', '{"record_key": "T1", "phone": "1"}')), 'accepted', 'a record without an address');
SELECT sync_configure('answered', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {"required": true}}, "window": "0"}');
SELECT is((SELECT sync_ack(id, lease, NULL, '{"phone": "1"}') FROM sync_poll('support', entity => 'answered')), true, 'is delivered when it must have one');
SELECT is((SELECT string_agg(concat_ws(': ', event, data ->> 'verdict'), ', ') FROM sync_trace('answered', 'T1') WHERE system = 'support'), 'claimed, acknowledged', 'and nothing of that is rejected');

SELECT * FROM finish();
