-- A write that is remembered says again what the record and the system hold already: a state
-- does not grow by the values that are on their way.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0", "fields": {"note": {}, "phone": {}}}');
CREATE FUNCTION pg_temp.bytes() RETURNS integer LANGUAGE sql AS $$
	SELECT octet_length(state) FROM sync_state WHERE record_key = pg_temp.record_key()
$$;
CREATE FUNCTION pg_temp.note(n integer) RETURNS text LANGUAGE sql AS $$ SELECT repeat(n::text, 1000) $$;
CREATE FUNCTION pg_temp.edited(n integer) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.saw('crm', jsonb_build_object('note', pg_temp.note(n), 'phone', n::text))
$$;

CALL pg_temp.at_rest('T1', jsonb_build_object('note', pg_temp.note(1), 'phone', '1'), 'crm', 'support');
SELECT cmp_ok(pg_temp.bytes(), '<', 1200, 'at rest the note stands once');
SELECT is(pg_temp.edited(2), 'accepted note=accepted,phone=accepted -> support', 'it changes');
SELECT cmp_ok(pg_temp.bytes(), '<', 2300, 'until it is shown, it stands beside the old one');
SELECT isnt(pg_temp.poll('support'), NULL, 'it goes out');
SELECT cmp_ok(pg_temp.bytes(), '<', 2300, 'which makes it no more');
SELECT is(pg_temp.ack('support'), true, 'and is confirmed');
SELECT cmp_ok(pg_temp.bytes(), '<', 2300, 'nor does that');
SELECT is(pg_temp.shows('support') ->> 'note', pg_temp.note(2), 'support has it');
SELECT is(pg_temp.saw('support', jsonb_build_object('note', pg_temp.note(1))), 'echo note=echo', 'the value that it replaced comes late');
SELECT is(pg_temp.saw('support', jsonb_build_object('note', pg_temp.note(2))), 'echo note=echo', 'then its own');

-- What the record or the system holds moves on, and the write still knows its own
SELECT is(pg_temp.edited(3), 'accepted note=accepted,phone=accepted -> support', 'it changes again');
SELECT isnt(pg_temp.poll('support'), NULL, 'goes out');
SELECT is(pg_temp.edited(4), 'accepted note=accepted,phone=accepted -> support', 'and changes meanwhile');
SELECT is(pg_temp.saw('support', jsonb_build_object('note', pg_temp.note(3))), 'echo note=echo', 'what went out is its echo all the same');
SELECT is(pg_temp.ack('support'), true, 'it is confirmed');
SELECT is(pg_temp.shows('support') ->> 'note', pg_temp.note(3), 'support has it');
SELECT is(pg_temp.poll('support') LIKE 'update%444"%', true, 'the newest follows');

SELECT * FROM finish();
