-- What a new policy would send, but no record sends before it is touched, is listed until then.
\ir story.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.configured(systems text) LANGUAGE sql AS $$
	SELECT sync_configure('contact', format('{"systems": %s, "window": "0", "fields": {"phone": {}, "email": {}}}', systems)::jsonb)
$$;
CREATE FUNCTION pg_temp.diverges() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', system, field, golden_value, shown_value, reason), '; ' ORDER BY system, field)
	FROM sync_divergence WHERE record_key = pg_temp.record_key()
$$;

-- A system that was only read is written to from now on
CALL pg_temp.configured('{"crm": {}, "erp": {"writable": false}}');
CALL pg_temp.at_rest('dead', '{"phone": "0", "email": "a"}', 'crm', 'erp');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{dead}')), 'accepted', 'a record is deleted in the crm');
CALL pg_temp.record('missing');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted', 'another one is made there');
CALL pg_temp.at_rest('other', '{"phone": "0", "email": "a"}', 'crm', 'erp');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted', 'a third one is changed');
SELECT is(pg_temp.diverges(), 'erp phone "1" "0" read-only', 'which the erp is not told');
CALL pg_temp.configured('{"crm": {}, "erp": {}}');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'a new policy alone sends nothing');
SELECT is(pg_temp.saw('erp', '{"phone": "0", "email": "a"}'), 'unchanged', 'nor does what is unchanged');
SELECT is(pg_temp.diverges(), 'erp phone "1" "0" untouched', 'what differs there is listed');
CALL pg_temp.record('missing');
SELECT is(pg_temp.diverges(), 'erp untouched', 'and what is missing');
CALL pg_temp.record('dead');
SELECT is(pg_temp.diverges(), 'erp untouched', 'and what should be gone');

CALL pg_temp.record('other');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> erp', 'when a record is touched');
SELECT is(pg_temp.diverges(), NULL, 'all of it waits');
SELECT is(pg_temp.poll('erp'), 'update {"email": "b", "phone": "1"}', 'and goes');
SELECT is(pg_temp.diverges(), NULL, 'on its way it is not listed');
SELECT is(pg_temp.nack('erp', permanent => true), true, 'nor as a dead letter');
SELECT is(pg_temp.diverges(), NULL, 'which is listed elsewhere');

-- Where a call may have left something that nobody knows
CALL pg_temp.configured('{"crm": {}, "erp": {}}');
CALL pg_temp.at_rest('unsure', '{"phone": "0", "email": "a"}', 'crm', 'erp');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted%', 'an edit');
SELECT is(pg_temp.poll('erp'), 'update {"phone": "1"}', 'a worker takes it on itself');
CALL pg_temp.configured('{"crm": {}, "erp": {"writable": false}}');
SELECT is(pg_temp.nack('erp'), true, 'the call failed, or did not');
CALL pg_temp.configured('{"crm": {}, "erp": {}}');
SELECT is(pg_temp.diverges(), 'erp phone "1" "0" untouched', 'what it should show is not sent again by itself');

CALL pg_temp.record('unknown');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> erp', 'a record is made');
SELECT is(pg_temp.poll('erp'), 'create {"phone": "1"}', 'a worker takes it on itself');
SELECT is(pg_temp.nack('erp'), true, 'and does not know whether it is there');
SELECT is(pg_temp.diverges(), NULL, 'it goes again');
CALL pg_temp.configured('{"crm": {}, "erp": {"writable": false}}');
SELECT is(sync_redrive(id), true, 'now, somebody says') FROM sync_outbox WHERE record_key = 'unknown';
SELECT is((SELECT count(*) FROM sync_poll('erp')), 0::bigint, 'but no more is written there');
CALL pg_temp.configured('{"crm": {}, "erp": {}}');
SELECT is(pg_temp.diverges(), 'erp untouched', 'until it is touched that is nowhere else');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> erp', 'touched,');
SELECT is(pg_temp.diverges(), NULL, 'it waits');
SELECT is(pg_temp.poll('erp'), 'create {"phone": "1"}', 'as it was');

-- A system that is named for the first time, and one whose fields count as null
CALL pg_temp.configured('{"crm": {}, "erp": {}, "shop": {}}');
CALL pg_temp.record('missing');
SELECT is(pg_temp.diverges(), 'erp untouched; shop untouched', 'a system that is new has none of the records');
SELECT is(pg_temp.saw('shop', '{"phone": "1"}'), 'agreed phone=agreed -> erp', 'but this one');
SELECT is(pg_temp.saw('crm', '{"email": "c"}'), 'accepted email=accepted -> erp', 'of which it never showed a field');
SELECT is(pg_temp.diverges(), 'shop email "c" unseen', 'that is not overwritten blindly');
CALL pg_temp.configured('{"crm": {}, "erp": {}, "shop": {"unseen": "send"}}');
SELECT is(pg_temp.diverges(), 'shop email "c" untouched', 'until a policy says that it may be');

-- What somebody froze or settled keeps its reason
CALL pg_temp.configured('{"crm": {}, "erp": {}}');
CALL pg_temp.at_rest('kept', '{"phone": "0", "email": "a"}', 'crm', 'erp');
SELECT is(pg_temp.saw('erp', '{"phone": null}'), 'kept phone=kept', 'a null that was kept');
CALL pg_temp.configured('{"crm": {}, "erp": {}, "shop": {}}');
SELECT is(pg_temp.diverges(), 'erp phone "0" null kept null; shop untouched', 'is what it was');

SELECT * FROM finish();
