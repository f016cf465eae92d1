-- A field newly mapped is unseen until each system has shown it: no first poll overwrites anything.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}}}');
CALL pg_temp.at_rest('equal', '{"phone": "0"}', 'crm', 'support', 'shop');
CALL pg_temp.at_rest('null', '{"phone": "0"}', 'crm', 'support', 'shop');
CALL pg_temp.at_rest('other', '{"phone": "0"}', 'crm', 'support', 'shop');
CALL pg_temp.at_rest('absent', '{"phone": "0"}', 'crm', 'support', 'shop');
SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "title": {}}}');

-- The crm is polled in full
SELECT is((SELECT string_agg(concat_ws(' ', verdict, nullif(targets, '{}')), ', ') FROM sync_diff('crm', 'contact',
	'[{"record_key": "equal", "phone": "0", "title": "Dr"}, {"record_key": "null", "phone": "0", "title": "Dr"},
	  {"record_key": "other", "phone": "0", "title": "Dr"}, {"record_key": "absent", "phone": "0", "title": "Dr"}]')),
	'accepted, accepted, accepted, accepted', 'a first sight fills the field');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'and sends nothing to who has not shown it');

-- Then support
CALL pg_temp.record('equal');
SELECT is(pg_temp.saw('support', '{"phone": "0", "title": "Dr"}'), 'agreed title=agreed', 'the same value');
CALL pg_temp.record('null');
SELECT is(pg_temp.saw('support', '{"phone": "0", "title": null}'), 'agreed title=agreed -> support', 'null is filled');
SELECT is(pg_temp.waits('support'), 'update {"title": "Dr"}', 'with that field alone');
CALL pg_temp.record('other');
SELECT is(pg_temp.saw('support', '{"phone": "0", "title": "Prof"}'), 'conflict title=conflict', 'another value is not overwritten');
SELECT is(pg_temp.conflicts(), 'title drift open: "Dr" (crm) against "Prof" (support)', 'a human decides');
CALL pg_temp.record('absent');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'unchanged', 'what it does not show stays unseen');
SELECT is((SELECT array_agg(DISTINCT target_system) FROM sync_outbox), '{support}', 'the third one, which showed nothing yet, gets nothing');

-- The plain life of the other fields goes on meanwhile
SELECT is(pg_temp.saw('crm', '{"phone": "1", "title": "Dr"}'), 'accepted phone=accepted -> shop,support', 'an edit of another field');
SELECT is(pg_temp.waits('shop'), 'update {"phone": "1"}', 'goes alone');
CALL pg_temp.record('other');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> shop,support', 'also beside a conflict');

-- With an owner, unseen is sent over as null is
SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "title": {}, "plan": {"owner": "shop"}}}');
CALL pg_temp.record('equal');
SELECT is(pg_temp.saw('shop', '{"plan": "gold"}'), 'accepted plan=accepted -> crm,support', 'the owner''s first value of a newly mapped field');
SELECT is(pg_temp.waits('crm'), 'update {"plan": "gold"}', 'goes to who never showed one');

SELECT * FROM finish();
