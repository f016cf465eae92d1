-- The key of a field is one and the same after the events that told its author are gone.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0",
	"retention": {"changes": "1 minute"}, "fields": {"phone": {"owner": "crm"}, "email": {}}}');
CREATE FUNCTION pg_temp.field_keys(of_event text) RETURNS SETOF jsonb LANGUAGE sql AS $$
	SELECT data->'field_keys' FROM sync_trace('contact', pg_temp.record_key()) WHERE event = of_event
$$;

CALL pg_temp.at('10:00');
CALL pg_temp.at_rest('T1', '{"phone": "0", "email": "a"}', 'crm', 'support');
CALL pg_temp.at('11:00');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the crm changes the phone');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'a worker takes it');
SELECT is(pg_temp.ack('support'), true, 'and has done so');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'as is seen');
CREATE TEMP TABLE told AS SELECT pg_temp.field_keys('claimed') AS keys;
CALL pg_temp.at('12:00');
SELECT is((sync_maintain() ->> 'changes')::int > 0, true, 'an hour later all that is history');
SELECT results_eq($$ SELECT pg_temp.field_keys('claimed') $$, $$ SELECT keys FROM told $$, 'the keys of what was sent are what they were');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'overruled phone=overruled -> support', 'somebody in support changes the phone');
SELECT is((SELECT idempotency_key FROM sync_outbox WHERE target_system = 'support'), 'crm-to-support-contact-T1-v3', 'it is corrected in the name of the crm');
SELECT results_eq($$ SELECT pg_temp.field_keys('waiting') $$, ARRAY['{"phone": "contact_T1_phone_from_crm"}'::jsonb], 'the key of the field says so, too');

CALL pg_temp.at('13:00');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes');
SELECT is(pg_temp.ack('support'), true, 'and is there');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'as is seen');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'the crm changes the email');
SELECT is(pg_temp.poll('support'), 'update {"email": "b"}', 'which a worker takes');
SELECT is(pg_temp.ack('support'), true, 'and has done');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'echo email=echo', 'and shown');
SELECT is(pg_temp.saw('support', '{"email": "c"}'), 'accepted email=accepted -> crm', 'then support does');
CALL pg_temp.at('14:00');
SELECT is((sync_maintain() ->> 'changes')::int > 0, true, 'and that is history as well');
SELECT is((SELECT data->'field_keys' FROM sync_trace('contact', 'T1') WHERE event = 'claimed' AND data->'change_set' = '{"email": "b"}'),
	'{"email": "contact_T1_email_from_crm"}', 'what was sent for the crm was sent for the crm, whoever has set the field since');
SELECT results_eq($$ SELECT pg_temp.field_keys('waiting') $$, ARRAY['{"email": "contact_T1_email_from_support"}'::jsonb], 'and what waits is of support');

SELECT * FROM finish();
