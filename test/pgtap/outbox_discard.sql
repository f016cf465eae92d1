-- A discarded row is not sent: what it held is settled there until the golden record moves.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}, "email": {}}, "window": "0"}');

CREATE FUNCTION pg_temp.row_id() RETURNS bigint LANGUAGE sql AS $$
	SELECT id FROM sync_outbox WHERE record_key = pg_temp.record_key() AND target_system = 'support' AND status <> 'leased'
$$;
CREATE FUNCTION pg_temp.discard(reason text DEFAULT 'nobody wants it') RETURNS boolean LANGUAGE sql AS $$
	SELECT sync_discard(pg_temp.row_id(), reason)
$$;

CALL pg_temp.at_rest('update', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is claimed');
SELECT is(sync_discard((SELECT id FROM sync_outbox WHERE record_key = 'update'), 'x'), false, 'what a worker has is not discarded');
SELECT is(pg_temp.nack('support', '422', permanent => true), true, 'and refused for good');
SELECT is(pg_temp.discard(), true, 'a human discards it');
SELECT is(pg_temp.row_id(), NULL, 'it is gone');
SELECT is((SELECT string_agg(event || ': ' || detail, '; ') FROM sync_trace('contact', 'update') WHERE event = 'discarded'),
	'discarded: crm-to-support-contact-update-v2 is not sent: update phone: nobody wants it', 'the trace tells what and why');
SELECT is(pg_temp.golden(), '{"email": "a", "phone": "1"}', 'the edit itself stands');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'unchanged', 'support shows what it showed');
SELECT is(pg_temp.poll('support'), NULL, 'and gets nothing');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'another field is edited');
SELECT is(pg_temp.poll('support'), 'update {"email": "b"}', 'which alone is sent');
SELECT is(pg_temp.ack('support'), true, 'and arrives');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'C moves');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'the new value is sent');
SELECT is(pg_temp.ack('support'), true, 'and arrives');

CALL pg_temp.at_rest('never tried', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.discard(), true, 'is discarded before anybody had it');
SELECT is(pg_temp.poll('support'), NULL, 'nothing is sent');
SELECT is(pg_temp.saw('support', '{"phone": "9"}'), 'overruled phone=overruled -> support', 'an edit there is judged as ever');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'and the owner''s value goes out over it');
SELECT is(pg_temp.ack('support'), true, 'and arrives');

CALL pg_temp.at_rest('landed', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'an edit without owner');
SELECT is(pg_temp.poll('support'), 'update {"email": "b"}', 'is claimed');
SELECT is(pg_temp.nack('support'), true, 'fails');
SELECT is(pg_temp.discard(), true, 'and is discarded while it waits for its retry');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'echo email=echo', 'the call has landed after all: that is no edit');
SELECT is(pg_temp.saw('support', '{"email": "c"}'), 'accepted email=accepted -> crm', 'an edit after that is one');

CALL pg_temp.at_rest('unseen edit', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'an edit without owner');
SELECT is(pg_temp.discard(), true, 'is discarded');
SELECT is(pg_temp.saw('support', '{"email": "c"}'), 'conflict email=conflict', 'who never saw it collides with it: nothing is lost silently');

CALL pg_temp.at_rest('behind', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is claimed');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'another one waits behind it');
SELECT is(pg_temp.discard(), false, 'and cannot be discarded there');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'it waits on');
SELECT is(pg_temp.ack('support'), true, 'until the first one is over');
SELECT is(pg_temp.discard(), true, 'then it can');

SELECT throws_ok('SELECT sync_discard(1, NULL)', '22023', 'a row is not discarded without a reason', 'no reason');
SELECT throws_ok($$ SELECT sync_discard(1, E' \n') $$, '22023', 'a row is not discarded without a reason', 'a blank one');
SELECT is(sync_discard(-1, 'x'), false, 'there is no such row');

SELECT * FROM finish();
