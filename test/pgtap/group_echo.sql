-- Groups and our own writes: echoes, values that are held, buried edits, a target's own form.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}},
	"fields": {"street": {"group": "address"}, "city": {"group": "address"}}}');

CREATE PROCEDURE pg_temp.moves(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"street": "A", "city": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"street": "B"}');
END
$$;

CALL pg_temp.moves('echo');
SELECT is(pg_temp.poll('support'), 'update {"street": "B"}', 'the street goes out');
SELECT is(pg_temp.saw('support', '{"street": "B", "city": "a"}'), 'echo street=echo', 'its echo is one');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(concat(pg_temp.waits('crm'), pg_temp.waits('support')), '', 'at rest');

-- One field is ambiguous: the rest of the payload is not taken alone
CALL pg_temp.moves('ambiguous');
SELECT is(pg_temp.poll('support'), 'update {"street": "B"}', 'the street goes out');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"street": "A"}'), 'echo street=echo', 'what it replaced comes late, once');
SELECT is(pg_temp.saw('support', '{"street": "A", "city": "b"}'), 'held city=held,street=held', 'the second time it may be an edit: both are held');
SELECT is(pg_temp.conflicts(), 'address bounce open: {"city": "a", "street": "B"} (crm) against {"city": "b", "street": "A"} (support)', 'as one');
SELECT is(pg_temp.golden(), '{"city": "a", "street": "B"}', 'and nothing is taken');

-- A buried edit of one field
CALL pg_temp.at_rest('buried', '{"street": "A", "city": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"street": "A", "city": "a", "v": 1}'), 'unchanged', 'version 1');
SELECT is(pg_temp.saw('support', '{"city": "z", "v": 2}'), 'accepted city=accepted -> crm', 'version 2 is an edit');
CALL pg_temp.deliver('crm');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.saw('crm', '{"street": "B"}'), 'accepted street=accepted -> support', 'the crm moves');
SELECT is(pg_temp.poll('support'), 'update {"street": "B"}', 'which goes out');
SELECT is(pg_temp.ack('support', '{"street": "B", "v": 4}'), true, 'as version 4');
SELECT is(pg_temp.saw('support', '{"street": "S", "v": 3}'), 'conflict street=conflict', 'version 3 was written over unseen');
SELECT is(pg_temp.conflicts(), 'address collision open: {"city": "z", "street": "B"} (crm) against {"city": "z", "street": "S"} (support)', 'the whole address is in conflict');

-- Two webhooks, then an ack that explains them: the target's own form of what it was sent
CALL pg_temp.at_rest('own form', '{"street": "A", "city": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"street": "B st.", "city": "b"}'), 'accepted city=accepted,street=accepted -> support', 'the crm moves');
SELECT is(pg_temp.poll('support'), 'update {"city": "b", "street": "B st."}', 'both fields go out');
SELECT is(pg_temp.saw('support', '{"street": "B street"}'), 'conflict street=conflict', 'an unknown street comes back first');
SELECT is(pg_temp.saw('support', '{"city": "b"}'), 'echo city=echo', 'then the city');
SELECT is(pg_temp.ack('support', '{"street": "B street", "city": "b"}'), true, 'the ack says that this is how it is stored');
SELECT is((SELECT status || ' ' || resolution FROM sync_conflict WHERE record_key = 'own form'), 'resolved rewritten', 'so it was no conflict');
SELECT is(concat(pg_temp.waits('crm'), pg_temp.waits('support')), '', 'at rest');

SELECT * FROM finish();
