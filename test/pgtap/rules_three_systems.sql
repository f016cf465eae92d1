-- Any number of systems: each is told what it does not show, and frozen is frozen for all.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {}, "billing": {}, "legacy": {"writable": false}},
	"fields": {"phone": {}, "email": {}, "plan": {"path": {"crm": "plan", "billing": "plan"}}}}');

CALL pg_temp.at_rest('round', '{"phone": "0", "email": "a", "plan": "gold"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.waits('legacy'), NULL, 'what is read only is never told');
SELECT is(pg_temp.shows('support'), '{"phone": "0", "email": "a"}', 'a system without a path does not carry the field');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> billing,crm', 'an edit goes to all others');
SELECT is(pg_temp.poll('crm'), 'update {"phone": "1"}', 'to the one');
SELECT is(pg_temp.poll('billing'), 'update {"phone": "1"}', 'and the other');
SELECT is(pg_temp.saw('billing', '{"phone": "1"}'), 'echo phone=echo', 'the echo of one is passed on to none');
SELECT is(pg_temp.ack('billing'), true, 'acknowledged');
SELECT is(pg_temp.ack('crm'), true, 'by both');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'echo phone=echo', 'nor is the other one''s');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'round'), 0::bigint, 'at rest');
SELECT is(pg_temp.saw('billing', '{"plan": "silver"}'), 'accepted plan=accepted -> crm', 'a field goes to who carries it');
SELECT is(pg_temp.saw('support', '{"plan": "iron"}'), 'unchanged', 'and is not read from who does not');

CALL pg_temp.at_rest('collision', '{"phone": "0", "email": "a", "plan": "gold"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> billing,crm', 'one edits');
SELECT is(pg_temp.poll('crm'), 'update {"phone": "1"}', 'a third system is told');
SELECT is(pg_temp.saw('billing', '{"phone": "2"}'), 'conflict phone=conflict', 'another one edits without having seen it');
SELECT is(pg_temp.ack('crm'), true, 'what was out is acknowledged');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'echo phone=echo', 'its echo is one, in a frozen field too');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'collision'), 0::bigint, 'nothing more of it goes to anyone');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'conflict phone=conflict', 'what a third side shows stands in the same row');
SELECT is((SELECT format('%s %s', revision > 1, sides) FROM sync_conflict WHERE id = pg_temp.open_conflict()),
	't {"crm": ["3"], "billing": ["2"], "support": ["1"]}', 'with all three values');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'billing'), true, 'a human decides');
SELECT is(pg_temp.poll('crm'), 'update {"phone": "2"}', 'the losers are told');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'both of them');
SELECT is(pg_temp.poll('billing'), NULL, 'the winner is not');

CALL pg_temp.at_rest('one agrees', '{"phone": "0", "email": "a", "plan": "gold"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> billing,crm', 'one edits');
SELECT is(pg_temp.saw('billing', '{"phone": "2"}'), 'conflict phone=conflict', 'another one collides');
SELECT is(pg_temp.saw('billing', '{"phone": "1"}'), 'agreed phone=agreed -> crm', 'and comes to the golden value');
SELECT is(pg_temp.open_conflict(), NULL, 'all sides of the conflict show it: closed');
SELECT is(pg_temp.waits('crm'), 'update {"phone": "1"}', 'then the third is told');

CALL pg_temp.at_rest('merge', '{"phone": "0", "email": "a", "plan": "gold"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'three systems');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted -> billing,crm', 'edit three');
SELECT is(pg_temp.saw('billing', '{"plan": "silver"}'), 'accepted plan=accepted -> crm', 'fields');
SELECT is(pg_temp.poll('crm'), 'update {"plan": "silver", "email": "b"}', 'each gets the others'' edits');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'of what it carries');
SELECT is(pg_temp.poll('billing'), 'update {"email": "b", "phone": "1"}', 'in one change-set');

CALL pg_temp.at_rest('read only', '{"phone": "0", "email": "a", "plan": "gold"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('legacy', '{"phone": "0", "email": "a"}'), 'agreed email=agreed,phone=agreed', 'a read-only system is read');
SELECT is(pg_temp.saw('legacy', '{"phone": "1"}'), 'accepted phone=accepted -> billing,crm,support', 'and its edits are edits');
CALL pg_temp.at('12:30');
CALL pg_temp.deliver('crm', 'support', 'billing');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> billing,support', 'but nobody writes there');

SELECT * FROM finish();
