-- sync_trace tells the whole story of a record: what came, which guard fired, what went out.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}, "email": {}}}');
CREATE FUNCTION pg_temp.trace() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', event, system || ':', detail) FROM sync_trace('contact', pg_temp.record_key())
$$;
CREATE FUNCTION pg_temp.field_keys(of_event text) RETURNS SETOF jsonb LANGUAGE sql AS $$
	SELECT data->'field_keys' FROM sync_trace('contact', pg_temp.record_key()) WHERE event = of_event
$$;

CALL pg_temp.record('4829');
CALL pg_temp.at('12:00');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "4829", "phone": "1", "email": "a"}', actor => 'bob')),
	'accepted', 'bob creates the record in the crm');
SELECT results_eq('SELECT pg_temp.trace()', ARRAY[
	'arrived crm: accepted email, phone; by bob',
	'waiting support: create email, phone waits for a worker: crm-to-support-contact-4829-v1'],
	'an arrival, and what waits because of it');
SELECT results_eq($$SELECT pg_temp.field_keys('waiting')$$,
	ARRAY['{"email": "contact_4829_email_from_crm", "phone": "contact_4829_phone_from_crm"}'::jsonb], 'each field has a key of its own');

CALL pg_temp.at('12:01');
SELECT is(pg_temp.poll('support'), 'create {"email": "a", "phone": "1"}', 'a worker takes it');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.poll('support'), 'create {"email": "a", "phone": "1"}', 'its lease runs out, another takes it');
CALL pg_temp.at('12:06');
SELECT is(pg_temp.ack('support', '{"email": "A"}'), true, 'and the target stores another form of the email');
SELECT results_eq('SELECT pg_temp.trace() OFFSET 1', ARRAY[
	'claimed support: attempt 1 of crm-to-support-contact-4829-v1: create email, phone',
	'lease ran out support: nobody knows whether crm-to-support-contact-4829-v1 has landed',
	'claimed support: attempt 2 of crm-to-support-contact-4829-v1: create email, phone',
	'acknowledged support: it has taken crm-to-support-contact-4829-v1; in another form: email'],
	'attempts, a lost lease and the ack');
SELECT is((SELECT data->'stored' FROM sync_trace('contact', '4829') WHERE event = 'acknowledged'), '{"email": "A"}', 'with what was stored');

CALL pg_temp.at('12:10');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'our write is shown');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.saw('support', '{"phone": "9", "email": "b"}'), 'overruled email=accepted,phone=overruled -> crm,support', 'a human edits there');
CALL pg_temp.at('12:21');
SELECT is(pg_temp.saw('crm', '{"email": "c"}'), 'conflict email=conflict', 'another one here');
CALL pg_temp.at('12:30');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm', by => 'ada', note => 'asked her'), true, 'ada decides');
SELECT results_eq($$SELECT regexp_replace(t, 'conflict \d+', 'conflict N') FROM pg_temp.trace() AS t OFFSET 5$$, ARRAY[
	'arrived support: echo phone; phone: echo of v1',
	'arrived support: accepted email, overruled phone; phone: crm owns it',
	'conflict settled support: conflict N (owner of phone): the owner''s value stands',
	'arrived crm: conflict email; email: support changed it too (v2), unseen here',
	'conflict opened crm: conflict N (collision of email): crm against support, nothing of it is sent until it is settled',
	'decided review: accepted email; by ada; asked her',
	'conflict settled crm: conflict N (collision of email): decided for crm; by ada; asked her',
	'waiting support: update email, phone waits for a worker: review-to-support-contact-4829-v3'],
	'guards with their evidence, conflicts, the decision with its note');
SELECT results_eq($$SELECT pg_temp.field_keys('waiting')$$,
	ARRAY['{"email": "contact_4829_email_from_review", "phone": "contact_4829_phone_from_crm"}'::jsonb], 'who each field comes from');

-- Nothing is told of what says nothing, nor of another record; what does not fit is
CREATE TEMP TABLE before AS SELECT count(*) AS events FROM sync_event;
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'unchanged', 'support shows its email again');
SELECT is((SELECT count(*) FROM sync_event), (SELECT events FROM before), 'which is no event');
CALL pg_temp.record('another');
SELECT is(pg_temp.saw('crm', '{"phone": "5"}'), 'accepted phone=accepted -> support', 'another record');
SELECT is((SELECT count(*) FROM sync_trace('contact', '4829')), 13::bigint, 'has a story of its own');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "another", "phone": {}}', actor => 'bob')), 'rejected', 'an object is no phone');
SELECT results_eq($$SELECT t FROM pg_temp.trace() AS t WHERE t LIKE 'rejected%'$$, ARRAY['rejected crm: phone: no text: {}; by bob'], 'a rejected record is told too');

SELECT is_empty($$SELECT * FROM sync_trace('contact', 'nobody')$$, 'a record that is not known has no story');
SELECT throws_ok($$SELECT * FROM sync_trace('contacts', '4829')$$, '42704', 'entity "contacts" is not configured', 'an unknown entity is an error');

SELECT * FROM finish();
