-- sync_divergence lists what differs though nothing waits, with the reason.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {}, "legacy": {"writable": false}},
	"fields": {"phone": {"owner": "crm"}, "email": {}, "plan": {}, "seats": {"type": "number", "sensitive": true}}}');

CREATE FUNCTION pg_temp.diverges() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', system, field, golden_value, shown_value, reason), '; ' ORDER BY system, field)
	FROM sync_divergence WHERE record_key = pg_temp.record_key()
$$;

-- At rest, and while something waits
CALL pg_temp.at_rest('waits', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.diverges(), NULL, 'at rest nothing diverges');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted%', 'an edit');
SELECT is(pg_temp.diverges(), NULL, 'that waits will mend itself');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'on its way');
SELECT is(pg_temp.diverges(), NULL, 'the same');
SELECT is(pg_temp.ack('support', '{"phone": "01"}'), true, 'stored differently there');
SELECT is(pg_temp.diverges(), 'support phone "1" "01" near miss', 'a near miss');
SELECT alike(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted%', 'until the golden value changes');
SELECT is(pg_temp.diverges(), NULL, 'then the new one waits');

CALL pg_temp.at_rest('null', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"email": null}'), 'kept email=kept', 'null erases nothing');
SELECT is(pg_temp.diverges(), 'support email "a" null kept null', 'a kept null');

-- First loads, in both orders
CALL pg_temp.record('load');
SELECT is(pg_temp.loaded('crm', '{"phone": "1", "email": "a", "plan": "gold", "seats": 5}'), 'accepted email=accepted,phone=accepted,plan=accepted,seats=accepted', 'a first load');
SELECT is(pg_temp.diverges(), 'legacy left out; support left out', 'the others did not show it');
SELECT is(pg_temp.loaded('support', '{"phone": "2", "email": null, "seats": 6}'), 'conflict email=kept,phone=kept,seats=conflict', 'another load');
SELECT is(pg_temp.diverges(), 'legacy left out; support email "a" null baseline; support phone "1" "2" baseline; support plan "gold" unseen; support seats "***" "***" conflict',
	'each with its reason, masked where sensitive');
CALL pg_temp.record('load backwards');
SELECT is(pg_temp.loaded('support', '{"phone": "2", "email": null}'), 'accepted email=agreed,phone=accepted', 'another load');
SELECT is(pg_temp.loaded('crm', '{"phone": "1", "email": "a", "plan": "gold"}'), 'accepted email=accepted,phone=accepted,plan=accepted', 'comes first');
SELECT is(pg_temp.diverges(), 'legacy left out; support email "a" null baseline; support phone "1" "2" baseline; support plan "gold" unseen', 'the same in the end');

-- What is not written to, and what is dead there
CALL pg_temp.at_rest('read', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('legacy', '{"phone": "0"}'), 'agreed phone=agreed', 'a system that is only read');
SELECT is(pg_temp.diverges(), 'legacy email "a" unseen', 'shows less');
SELECT is(pg_temp.saw('legacy', '{"phone": "1", "email": "a"}'), 'overruled email=agreed,phone=overruled', 'and then another value');
SELECT is(pg_temp.diverges(), 'legacy phone "0" "1" read-only', 'that stays');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{read}')), 'accepted', 'deleted in crm');
SELECT is(pg_temp.diverges(), 'legacy read-only', 'it lives on there');

-- What a call may have left in a system that is not written to any more
CALL pg_temp.at_rest('was written', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"email": "b"}'), 'accepted%', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"email": "b"}', 'a worker takes it on itself');
SELECT lives_ok($$ SELECT sync_configure('contact', jsonb_set(sync_config('contact'), '{systems,support}', '{"writable": false}')) $$, 'no more is written there');
SELECT is(pg_temp.nack('support'), true, 'the call failed, or did not');
SELECT alike(pg_temp.saw('crm', '{"email": "c"}'), 'accepted%', 'another edit');
SELECT is(pg_temp.diverges(), 'support email "c" "a" read-only', 'nothing will mend it, and so it is listed');

SELECT * FROM finish();
