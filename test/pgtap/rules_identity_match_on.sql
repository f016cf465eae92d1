-- match_on: a record without key is the one living record that is equal in all those fields, or a new one.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"key": "ref", "id": "id"}},
	"fields": {"email": {"normalize": ["trim", "lower"]}, "name": {}, "phone": {}}, "match_on": ["email", "name"]}');

CREATE FUNCTION pg_temp.support(payload text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, verdict, nullif(targets, '{}')), '; ') FROM sync_diff('support', 'contact', payload, verbose => true)
$$;

CREATE FUNCTION pg_temp.native_id(of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT native_id FROM sync_shadow WHERE record_key = of_key AND system = 'support'
$$;

CALL pg_temp.at('10:00');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '[{"record_key": "A", "email": "a@x.org", "name": "Ada", "phone": "1"},
	{"record_key": "B", "email": "b@x.org", "name": "Bob", "phone": "2"}, {"record_key": "N", "email": null, "name": "Nil"}]')), 3::bigint, 'three records of the crm');

SELECT is(pg_temp.support('{"id": "s1", "email": " A@X.org", "name": "Ada", "phone": "1"}'), 'A agreed', 'the same in all fields, as the policy reads them');
SELECT is(pg_temp.native_id('A'), 's1', 'it is linked');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'A'), 0::bigint, 'so there is nothing to create there');
CALL pg_temp.at('11:00');
SELECT is(pg_temp.support('{"id": "s1", "email": "other@x.org", "name": "Ada", "phone": "1"}'), 'A accepted {crm}', 'from then on the id names it, whatever it holds');

-- What else it holds is decided as any first sight
SELECT is(pg_temp.support('{"id": "s2", "email": "b@x.org", "name": "Bob", "phone": "9"}') ~ '^B ', true, 'equal in what is matched, not in the rest');
SELECT is((SELECT data->>'phone' FROM sync_record WHERE record_key = 'B'), '2', 'is not overwritten');
SELECT is((SELECT count(*) FROM sync_record WHERE record_key LIKE 'support:%'), 0::bigint, 'nor another record');

-- Not equal in all, null in one, or absent: a new record
SELECT is(pg_temp.support('{"id": "s3", "email": "b@x.org", "name": "Bert"}'), 'support:s3 accepted {crm}', 'equal in one of two is another one');
SELECT is(pg_temp.support('{"id": "s4", "email": null, "name": "Nil"}'), 'support:s4 accepted {crm}', 'null equals nothing');
SELECT is(pg_temp.support('{"id": "s5", "name": "Ada"}'), 'support:s5 accepted {crm}', 'nor does what is absent');

-- Linked already to another id of this system
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "L", "email": "l@x.org", "name": "Lea"}')), 'accepted', 'a record');
SELECT alike(pg_temp.support('{"id": "s6", "email": "l@x.org", "name": "Lea"}'), 'L %', 'is linked');
SELECT is(pg_temp.support('{"id": "s7", "email": "l@x.org", "name": "Lea"}') ~ '^support:s7 accepted', true, 'a second one there is not the same record');
SELECT is(pg_temp.native_id('L'), 's6', 'the link stays');

-- A key wins over matching
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "K", "email": "k@x.org", "name": "Kim"}')), 'accepted', 'a record');
SELECT is(pg_temp.support('{"ref": "other", "id": "s8", "email": "k@x.org", "name": "Kim"}'), 'other accepted {crm}', 'a payload with a key is not matched');

-- The dead are not found
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "D", "email": "d@x.org", "name": "Dan"}')), 'accepted', 'a record');
CALL pg_temp.record('D');
SELECT alike(pg_temp.gone('crm'), 'accepted%', 'dies');
SELECT is(pg_temp.support('{"id": "s9", "email": "d@x.org", "name": "Dan"}'), 'support:s9 accepted {crm}', 'its like is a new record');

-- Two of one call
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "P", "email": "p@x.org", "name": "Pia"}')), 'accepted', 'a record');
SELECT is(pg_temp.support('[{"id": "p1", "email": "p@x.org", "name": "Pia"}, {"id": "p2", "email": "p@x.org", "name": "Pia"}]') ~ '^P [a-z]+; support:p2 ', true,
	'the first of a call is linked, so the second one is not');

-- A dry run links nothing
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "Y", "email": "y@x.org", "name": "Yan"}')), 'accepted', 'a record');
SELECT is((SELECT record_key FROM sync_diff('support', 'contact', '{"id": "y1", "email": "y@x.org", "name": "Yan"}', dry_run => true)), 'Y', 'would be linked');
SELECT is(pg_temp.native_id('Y'), NULL, 'and is not');

SELECT * FROM finish();
