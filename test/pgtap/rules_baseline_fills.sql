-- A first load of both sides sends nothing; where they disagree the owner's value stands, or a human is asked.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {"owner": "crm"}, "email": {}}}');

CREATE FUNCTION pg_temp.baseline(system text, fields text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', verdict, nullif(targets, '{}')) FROM sync_diff(system, 'contact',
		fields::jsonb || jsonb_build_object('record_key', pg_temp.record_key()), baseline => true, verbose => true)
$$;

CALL pg_temp.at('10:00');
CALL pg_temp.record('equal');
SELECT alike(pg_temp.baseline('crm', '{"phone": "1", "email": "a"}'), 'accepted', 'one side fills the golden record');
SELECT alike(pg_temp.baseline('support', '{"phone": "1", "email": "a"}'), 'agreed', 'the other one agrees');
SELECT is(pg_temp.golden(), '{"email": "a", "phone": "1"}', 'this is the golden record');
SELECT is(pg_temp.shows('support'), '{"email": "a", "phone": "1"}', 'both are known to show it');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'nothing is sent, not to the third one either');

-- An owned field, in both orders
CALL pg_temp.record('owner first');
SELECT unalike(pg_temp.baseline('crm', '{"phone": "1", "email": "a"}'), '%{%', 'the owner');
SELECT unalike(pg_temp.baseline('support', '{"phone": "2", "email": "a"}'), '%{%', 'and another phone');
SELECT is(pg_temp.golden()->>'phone', '1', 'the owner''s stands');
CALL pg_temp.record('owner last');
SELECT unalike(pg_temp.baseline('support', '{"phone": "2", "email": "a"}'), '%{%', 'another phone');
SELECT unalike(pg_temp.baseline('crm', '{"phone": "1", "email": "a"}'), '%{%', 'and the owner''s');
SELECT is(pg_temp.golden()->>'phone', '1', 'the owner''s stands');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'nothing is sent');
SELECT is((SELECT count(*) FROM sync_conflict WHERE status = 'open'), 0::bigint, 'nobody has to look');

-- A field without owner
CALL pg_temp.record('drift');
SELECT alike(pg_temp.baseline('crm', '{"phone": "1", "email": "a"}'), 'accepted', 'one address');
SELECT alike(pg_temp.baseline('support', '{"phone": "1", "email": "b"}'), 'conflict', 'and another');
SELECT is(pg_temp.conflicts(), 'email drift open: "a" (crm) against "b" (support)', 'a human is asked');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'nothing is sent');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'decided');
SELECT is(pg_temp.poll('crm'), 'update {"email": "b"}', 'it is sent to who shows another one');
SELECT is(pg_temp.poll('support'), NULL, 'not to who shows it');
SELECT is(pg_temp.poll('shop'), NULL, 'nor to who has no such record');

-- What a baseline left different is settled, until somebody edits it
CALL pg_temp.record('owner first');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "a"}'), 'unchanged', 'support shows what it showed');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "c"}'), 'accepted email=accepted -> support', 'an edit of another field');
SELECT is(pg_temp.poll('support'), 'update {"email": "c"}', 'goes alone');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> support', 'an edit of that field');
SELECT is(pg_temp.poll('support'), 'update {"phone": "3"}', 'goes too');
CALL pg_temp.record('owner last');
SELECT is(pg_temp.saw('support', '{"phone": "4"}'), 'overruled phone=overruled -> support', 'an edit of it in the other system is overruled as ever');

-- A record that is missing in a system is left out there, until it shows it
CALL pg_temp.record('equal');
SELECT is(pg_temp.saw('crm', '{"email": "n"}'), 'accepted email=accepted -> support', 'an edit does not create it in the third one');
SELECT is(pg_temp.saw('shop', '{"phone": "1", "email": "n"}'), 'agreed email=agreed,phone=agreed', 'which shows it one day');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.saw('crm', '{"email": "o"}'), 'accepted email=accepted -> shop,support', 'and is told from then on');

-- Loaded again it is nothing new
SELECT is((SELECT count(*) FROM sync_diff('support', 'contact', '{"record_key": "owner last", "phone": "4", "email": "a"}', baseline => true)), 0::bigint, 'a second load of the same');

-- A dry run fills nothing
SELECT is((SELECT record_key || ' ' || verdict FROM sync_diff('crm', 'contact', '{"record_key": "dry", "phone": "1", "email": "a"}', baseline => true, dry_run => true)), 'dry accepted', 'a dry run');
SELECT is_empty($$ SELECT 1 FROM sync_record WHERE record_key = 'dry' $$, 'fills nothing');

SELECT * FROM finish();
