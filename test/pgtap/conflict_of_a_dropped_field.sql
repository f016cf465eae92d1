-- A policy drops a field, or gives it another type, while it is in open conflict.
\ir story.psql
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.configure(fields jsonb) RETURNS integer LANGUAGE sql AS $$
	SELECT sync_configure('contact', jsonb_build_object('systems', '["crm", "support"]'::jsonb, 'fields', fields))
$$;
CREATE FUNCTION pg_temp.open() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', field, current_value, incoming_value), '; ' ORDER BY id) FROM sync_open_conflicts WHERE record_key = pg_temp.record_key()
$$;
CREATE FUNCTION pg_temp.last() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', status, resolution, resolved_value, resolved_by) FROM sync_conflict WHERE record_key = pg_temp.record_key() ORDER BY id DESC LIMIT 1
$$;
-- Both systems have edited the phone.
CREATE PROCEDURE pg_temp.begin(key text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.configure('{"name": {}, "phone": {}}');
	CALL pg_temp.at_rest(key, '{"name": "ann", "phone": "0"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}'), pg_temp.saw('support', '{"phone": "abc"}');
END
$$;

-- Forgotten with the next write
CALL pg_temp.begin('written');
SELECT is(pg_temp.open(), 'phone "1" "abc"', 'a conflict');
SELECT pg_temp.configure('{"name": {}}');
SELECT is(pg_temp.open(), 'phone "1" "abc"', 'stays open while the record is not written');
SELECT is(pg_temp.saw('crm', '{"name": "ann"}'), 'unchanged', 'what changes nothing');
SELECT is(pg_temp.open(), 'phone "1" "abc"', 'writes nothing');
SELECT is(pg_temp.saw('crm', '{"name": "bob"}'), 'accepted name=accepted -> support', 'an edit');
SELECT is(pg_temp.open(), NULL, 'closes it');
SELECT is(pg_temp.last(), 'resolved dropped', 'with the field');
SELECT alike((SELECT string_agg(detail, '; ') FROM sync_trace('contact', 'written') WHERE event = 'conflict settled'), '%the policy no longer has it%', 'the trace says so');
SELECT pg_temp.configure('{"name": {}, "phone": {}}');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'the field comes back');
SELECT is(pg_temp.open(), NULL, 'without it');

-- With a claim of what waits beside it
CALL pg_temp.begin('claimed');
SELECT is(pg_temp.saw('crm', '{"name": "bob"}'), 'accepted name=accepted -> support', 'an edit waits beside a conflict');
SELECT pg_temp.configure('{"name": {}}');
SELECT is(pg_temp.open(), 'phone "1" "abc"', 'whose field goes');
SELECT is((SELECT change_set FROM sync_poll('support', entity => 'contact') WHERE record_key = 'claimed'), '{"name": "bob"}', 'it is handed out');
SELECT is(pg_temp.last(), 'resolved dropped', 'which closes the conflict');

-- The field comes back before the record was written
CALL pg_temp.begin('back');
SELECT pg_temp.configure('{"name": {}}');
SELECT pg_temp.configure('{"name": {}, "phone": {}}');
SELECT is(pg_temp.saw('crm', '{"name": "bob"}'), 'accepted name=accepted -> support', 'an edit');
SELECT is(pg_temp.open(), 'phone "1" "abc"', 'closes nothing');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'a human does');
SELECT is(pg_temp.golden()->>'phone', 'abc', 'as ever');

-- A human ends it
CALL pg_temp.begin('ended');
SELECT pg_temp.configure('{"name": {}}');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm', by => 'ada'), true, 'a human may say whatever');
SELECT is(pg_temp.last(), 'resolved dropped ada', 'to close the row');
SELECT pg_temp.configure('{"name": {}, "phone": {}}');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted', 'the field comes back free');

-- Of a group that loses a field the conflict is open still
SELECT pg_temp.configure('{"city": {"group": "address"}, "street": {"group": "address"}}');
CALL pg_temp.at_rest('group', '{"city": "Rome", "street": "Uno"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"city": "Bonn", "street": "Due"}'), 'accepted%', 'an address');
SELECT alike(pg_temp.saw('support', '{"city": "Oslo", "street": "Tre"}'), 'conflict%', 'another one');
SELECT pg_temp.configure('{"city": {"group": "address"}, "zip": {}}');
SELECT is(pg_temp.saw('crm', '{"zip": "1"}'), 'accepted zip=accepted', 'the record is written');
SELECT alike(pg_temp.open(), 'address %', 'what is left of the group is in conflict');
SELECT pg_temp.configure('{"zip": {}}');
SELECT is(pg_temp.saw('crm', '{"zip": "2"}'), 'accepted zip=accepted', 'all of it goes');
SELECT is(pg_temp.last(), 'resolved dropped', 'and the conflict with it');

-- Another type
CALL pg_temp.begin('type');
SELECT pg_temp.configure('{"name": {}, "phone": {"type": "number"}}');
SELECT throws_ok(format($$ SELECT sync_resolve(%s, value => '"abc"') $$, pg_temp.open_conflict()), '22023', 'the value does not fit field "phone": no number: "abc"', 'what is no number is no value');
SELECT throws_ok(format($$ SELECT sync_resolve(%s, winner => 'support') $$, pg_temp.open_conflict()), '22023', 'the value does not fit field "phone": no number: "abc"', 'nor is it one of a winner');
SELECT is(pg_temp.golden()->'phone', '1', 'nothing is done');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'what fits wins');
SELECT is(pg_temp.golden()->'phone', '1', 'as a number');

SELECT * FROM finish();
