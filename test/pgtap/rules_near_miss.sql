-- A target that stores something else than what it was sent: a near miss, counted, never sent again.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"email": {}, "phone": {}, "seats": {}, "name": {"owner": "crm"}}}');

-- The counted near misses of a field of support, as text.
CREATE FUNCTION pg_temp.misses(field text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(to_jsonb(n)::text, ' ') FROM sync_near_misses AS n WHERE to_jsonb(n) @> jsonb_build_object('field', misses.field, 'system', 'support')
$$;

-- The crm sets fields, support answers that it stored others.
CREATE FUNCTION pg_temp.stored(record_key text, sent jsonb, stored jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"email": "0", "phone": "0", "seats": "0", "name": "0"}', 'crm', 'support', 'shop');
	PERFORM pg_temp.saw('crm', sent);
	PERFORM pg_temp.poll('support');
	RETURN pg_temp.ack('support', stored);
END
$$;

SELECT is(pg_temp.misses('email'), NULL, 'none yet');
SELECT is(pg_temp.stored('case', '{"email": "Ada@X.org"}', '{"email": "ada@x.org"}'), true, 'support writes small letters');
SELECT is(pg_temp.golden()->>'email', 'Ada@X.org', 'the golden record stays');
SELECT is(pg_temp.shows('support')->>'email', 'ada@x.org', 'it is known what support shows');
SELECT is(pg_temp.waits('support'), NULL, 'it is settled: nothing is sent again');
SELECT is(pg_temp.waits('crm'), NULL, 'nor back');
SELECT matches(pg_temp.saw('support', '{"email": "ada@x.org"}'), '^(echo email=echo|unchanged)$', 'what it shows then is no edit');
SELECT is(pg_temp.waits('shop'), 'update {"email": "Ada@X.org"}', 'the others get what was meant');
SELECT is(pg_temp.conflicts(), NULL, 'nobody has to look');
SELECT matches(pg_temp.misses('email'), 'Ada@X\.org.*ada@x\.org|ada@x\.org.*Ada@X\.org', 'an example is kept');
SELECT matches(pg_temp.misses('email'), 'lower|email', 'and the normaliser that would have helped is named');

-- Each by its kind
SELECT is(pg_temp.stored('space', '{"phone": " 12  "}', '{"phone": "12"}'), true, 'support trims');
SELECT matches(pg_temp.misses('phone'), 'trim|digits|phone"?.*"normal', 'trim is named');
SELECT is(pg_temp.stored('number', '{"seats": "5.0"}', '{"seats": 5}'), true, 'support stores numbers');
SELECT alike(pg_temp.misses('seats'), '%number%', 'the type is named');
SELECT is(pg_temp.stored('shorter', '{"name": "a very long name"}', '{"name": "a very"}'), true, 'support cuts');
SELECT isnt(pg_temp.misses('name'), NULL, 'counted, though no normaliser would help');
SELECT is(pg_temp.waits('support'), NULL, 'an owner''s value is not sent again either');

-- One row for system and field, with a count
SELECT is((SELECT count(*) FROM sync_near_misses), 4::bigint, 'one row each');
SELECT is(pg_temp.stored('again', '{"email": "Bob@X.org"}', '{"email": "bob@x.org"}'), true, 'once more');
SELECT is((SELECT count(*) FROM sync_near_misses), 4::bigint, 'no row more');
SELECT matches(pg_temp.misses('email'), '\m2\M', 'but a count of two');
SELECT alike(pg_temp.misses('email'), '%bob@x.org%', 'and the last example');

-- What is equal as the policy reads it is none
SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"email": {"normalize": ["lower"]}, "phone": {}, "seats": {}, "name": {"owner": "crm"}}}');
SELECT pg_temp.misses('email') AS before \gset
SELECT is(pg_temp.stored('normalised', '{"email": "Eve@X.org"}', '{"email": "EVE@x.org"}'), true, 'with the normaliser');
SELECT is(pg_temp.misses('email'), :'before', 'it is no near miss any more');

-- A settled difference is one until the golden value changes
CALL pg_temp.record('case');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('crm', '{"name": "new"}'), 'accepted name=accepted -> shop,support', 'another field goes alone');
SELECT is(pg_temp.waits('support'), 'update {"name": "new"}', 'without what is settled');
SELECT is(pg_temp.saw('support', '{"phone": "77"}'), 'accepted phone=accepted -> crm,shop', 'an edit there is one');

SELECT * FROM finish();
