-- sync_audit counts, per system and field, where the systems agree.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {}, "parts": {"unseen": "send"}},
	"fields": {"phone": {"owner": "crm"}, "email": {"path": {"crm": "email", "support": "email"}}}, "window": "0"}');
SELECT sync_configure('invoice', '{"systems": ["crm"], "fields": {"phone": {}}}');

-- system, field: matched different missing unseen
CREATE FUNCTION pg_temp.audit(of_system text DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', system, field, matched, different, missing, unseen) FROM sync_audit('contact', of_system)
$$;

SELECT is((SELECT sum(matched + different + missing + unseen) FROM sync_audit('contact')), 0::numeric, 'no records, no counts');
SELECT is(ARRAY(SELECT concat_ws(' ', system, field) FROM sync_audit('contact')), ARRAY['crm', 'crm email', 'crm phone', 'parts', 'parts phone', 'support', 'support email', 'support phone'],
	'a row for each system and each field that it carries');

-- A is new in crm; its creates wait
CALL pg_temp.record('A');
CALL pg_temp.at('10:00');
SELECT alike(pg_temp.saw('crm', '{"phone": "1", "email": "a"}'), 'accepted%', 'a new record');
SELECT is(ARRAY(SELECT pg_temp.audit()), ARRAY['crm 1 0 0 0', 'crm email 1 0 0 0', 'crm phone 1 0 0 0', 'parts 0 0 1 0', 'parts phone 0 0 1 0', 'support 0 0 1 0', 'support email 0 0 1 0', 'support phone 0 0 1 0'],
	'missing in the others');
SELECT is(pg_temp.poll('support'), 'create {"email": "a", "phone": "1"}', 'on its way');
SELECT is(ARRAY(SELECT pg_temp.audit('support')), ARRAY['support 0 0 1 0', 'support email 0 0 1 0', 'support phone 0 0 1 0'], 'still missing');
SELECT is(pg_temp.ack('support'), true, 'it has arrived');
SELECT is(ARRAY(SELECT pg_temp.audit('support')), ARRAY['support 1 0 0 0', 'support email 1 0 0 0', 'support phone 1 0 0 0'], 'matched');
CALL pg_temp.deliver('parts');

-- An edit, until it has arrived
SELECT alike(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted%', 'an edit');
SELECT is(ARRAY(SELECT pg_temp.audit('support')), ARRAY['support 0 1 0 0', 'support email 1 0 0 0', 'support phone 0 1 0 0'], 'waits: one field differs, so does the record');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'on its way');
SELECT is(ARRAY(SELECT pg_temp.audit('support')), ARRAY['support 0 1 0 0', 'support email 1 0 0 0', 'support phone 0 1 0 0'], 'the same');
SELECT is(pg_temp.ack('support'), true, 'it has arrived');
SELECT is(ARRAY(SELECT pg_temp.audit('support')), ARRAY['support 1 0 0 0', 'support email 1 0 0 0', 'support phone 1 0 0 0'], 'matched');

-- B is unseen in part, C was left out
CALL pg_temp.record('B');
SELECT is(pg_temp.loaded('crm', '{"phone": "1", "email": "b"}'), 'accepted email=accepted,phone=accepted', 'a first load');
SELECT is(pg_temp.loaded('support', '{"phone": "1"}'), 'agreed phone=agreed', 'shows less elsewhere');
SELECT is(ARRAY(SELECT pg_temp.audit('support')), ARRAY['support 1 0 0 1', 'support email 1 0 0 1', 'support phone 2 0 0 0'], 'a field was never seen there');
CALL pg_temp.record('C');
SELECT is(pg_temp.loaded('support', '{"phone": "1"}'), 'accepted phone=accepted', 'a record without e-mail');
SELECT is(ARRAY(SELECT pg_temp.audit('support')), ARRAY['support 2 0 0 1', 'support email 1 0 0 2', 'support phone 3 0 0 0'], 'is whole without it');
SELECT is(ARRAY(SELECT pg_temp.audit('parts')), ARRAY['parts 0 1 2 0', 'parts phone 0 1 2 0'], 'what was left out is missing');
SELECT is(pg_temp.loaded('parts', '{}'), 'agreed', 'a system that shows parts only');
SELECT is(ARRAY(SELECT pg_temp.audit('parts')), ARRAY['parts 0 2 1 0', 'parts phone 0 2 1 0'], 'is read as null, and differs');

-- A dead record counts where it is still shown
CALL pg_temp.record('A');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "a"}'), 'unchanged', 'shown in both');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{A}')), 'accepted', 'deleted in one');
SELECT is(ARRAY(SELECT pg_temp.audit('crm')), ARRAY['crm 1 0 1 0', 'crm email 1 0 1 0', 'crm phone 1 0 1 0'], 'counts there no more');
SELECT is(ARRAY(SELECT pg_temp.audit('support')), ARRAY['support 1 1 0 1', 'support email 0 0 0 2', 'support phone 2 0 0 0'], 'but where its delete waits');

-- Only this entity, and by name
SELECT is((SELECT sum(matched + different + missing + unseen) FROM sync_audit('invoice')), 0::numeric, 'another entity has its own');
SELECT throws_ok($$ SELECT sync_audit('contacts') $$, '42704', NULL, 'an unknown entity');
SELECT throws_ok($$ SELECT sync_audit('contact', 'suport') $$, '42704', NULL, 'an unknown system');
SELECT throws_ok($$ SELECT sync_audit(NULL) $$, '22004', NULL, 'no entity');

SELECT * FROM finish();
