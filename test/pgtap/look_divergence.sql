-- sync_divergence lists what differs and is not on its way: settled, kept, in conflict, read-only; each with its reason.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {}, "legacy": {"writable": false}}, "fields": {"phone": {}, "email": {}, "iban": {"sensitive": true}}}');

-- What the view says of the record: system, field, golden value, shown value.
CREATE FUNCTION pg_temp.diverges() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', system, field, golden_value, shown_value), '; ' ORDER BY system, field)
	FROM sync_divergence WHERE record_key = pg_temp.record_key()
$$;

CALL pg_temp.at_rest('equal', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.diverges(), NULL, 'what agrees is not listed');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit waits');
SELECT is(pg_temp.diverges(), NULL, 'nor what waits');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it is on its way');
SELECT is(pg_temp.diverges(), NULL, 'nor that');
SELECT is(pg_temp.ack('support', '{"phone": "+1"}'), true, 'support stores something else');
SELECT is(pg_temp.diverges(), 'support phone "1" "+1"', 'a near miss is settled, and listed');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'with the next edit');
CALL pg_temp.deliver('support');
SELECT is(pg_temp.diverges(), NULL, 'it is gone');

CALL pg_temp.at_rest('kept', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"phone": null}'), 'kept phone=kept', 'a null that was kept');
SELECT is(pg_temp.diverges(), 'support phone "0" null', 'is listed');

CALL pg_temp.at_rest('conflict', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'collides');
SELECT is(pg_temp.diverges(), 'support phone "1" "2"', 'what a human must decide differs until then');

CALL pg_temp.at_rest('legacy', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('legacy', '{"phone": "0", "email": "a"}'), 'agreed email=agreed,phone=agreed', 'a system that cannot be written');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'is not told');
CALL pg_temp.deliver('support');
SELECT is(pg_temp.diverges(), 'legacy email "b" "a"', 'and differs');

CALL pg_temp.at_rest('sensitive', '{"phone": "0", "email": "a", "iban": "SECRET1"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"iban": "SECRET2"}'), 'accepted iban=accepted -> support', 'an edit of what is sensitive');
SELECT alike(pg_temp.poll('support'), 'update %', 'on its way');
SELECT is(pg_temp.ack('support', '{"iban": "SECRET3"}'), true, 'stored otherwise');
SELECT alike(pg_temp.diverges(), 'support iban%', 'is listed');
SELECT unalike(pg_temp.diverges(), '%SECRET%', 'without its values');

-- A record that is missing in a system, or still there, is listed as a whole
CREATE FUNCTION pg_temp.diverges_whole() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(system || ' ' || reason, '; ' ORDER BY system)
	FROM sync_divergence WHERE record_key = pg_temp.record_key() AND field IS NULL
$$;
CREATE PROCEDURE pg_temp.discard() LANGUAGE sql AS $$
	SELECT sync_discard(id, 'not there') FROM sync_outbox WHERE record_key = pg_temp.record_key()
$$;

CALL pg_temp.record('a create discarded');
SELECT alike(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted% -> support', 'a create waits');
SELECT is(pg_temp.diverges_whole(), NULL, 'and is not listed');
CALL pg_temp.discard();
SELECT is(pg_temp.diverges_whole(), 'support baseline', 'what was discarded is missing there for good');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted% -> support', 'until the golden record moves');
SELECT is(pg_temp.diverges_whole(), NULL, 'and it waits again');

CALL pg_temp.at_rest('a delete discarded', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{a delete discarded}')), 'accepted', 'a delete waits');
SELECT is(pg_temp.diverges_whole(), NULL, 'and is not listed');
CALL pg_temp.discard();
SELECT is(pg_temp.diverges_whole(), 'support baseline', 'what was discarded is there for good');
SELECT alike(pg_temp.saw('support', '{"phone": "1"}'), 'held%', 'an edit of it there');
SELECT is(pg_temp.diverges_whole(), 'support conflict', 'is for a human to decide');

CALL pg_temp.at_rest('a delete in conflict', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted% -> support', 'an edit');
SELECT is((SELECT verdict FROM sync_delete('support', 'contact', '{a delete in conflict}')), 'conflict', 'and a delete that has not seen it');
SELECT is(pg_temp.diverges_whole(), 'support conflict', 'the record is missing there until a human decides');

CALL pg_temp.record('nothing but nulls');
SELECT alike(pg_temp.saw('crm', '{"phone": null}'), 'accepted phone=agreed -> support', 'a record of nothing but nulls is sent');
SELECT is(pg_temp.diverges_whole(), NULL, 'and is not listed');
CALL pg_temp.discard();
SELECT is(pg_temp.diverges_whole(), 'support baseline', 'what was discarded is missing there for good');

CALL pg_temp.record('nothing to send');
SELECT alike(pg_temp.saw('crm', '{}'), 'accepted', 'a record of which no field was shown is not');
SELECT is(pg_temp.diverges_whole(), 'support no value', 'and is listed');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted% -> support', 'until it has a value');
SELECT is(pg_temp.diverges_whole(), NULL, 'which waits');

SELECT is((SELECT count(*) FROM sync_divergence WHERE reason IS NULL), 0::bigint, 'every row has a reason');

SELECT * FROM finish();
