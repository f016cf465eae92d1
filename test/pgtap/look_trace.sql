-- sync_trace tells in order what happened to a record and why: arrivals, guards, change-sets, attempts, acks, conflicts, decisions.
\ir story.psql
\ir gone.psql
\ir refusal.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

-- How many lines of the trace, from this minute on, are about this system and hold all of these words.
CREATE FUNCTION pg_temp.told(since text, of_system text, VARIADIC words text[]) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM sync_trace('contact', pg_temp.record_key()) AS t
	WHERE t.at >= ('2026-03-01 ' || since || '+00')::timestamptz AND (t.system = of_system OR of_system IS NULL)
		AND (SELECT bool_and(position(w IN concat_ws(' ', t.event, t.detail, t.data::text)) > 0) FROM unnest(words) AS w)
$$;

CALL pg_temp.at_rest('T1', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT cmp_ok(pg_temp.told('10:00', 'crm', 'accepted', 'phone', 'email'), '>=', 1::bigint, 'the arrival that created it');
SELECT cmp_ok(pg_temp.told('10:00', 'support', 'crm-to-support-contact-T1-v1', 'create'), '>=', 1::bigint, 'the attempt, with its key and its action');
SELECT cmp_ok(pg_temp.told('10:00', 'support', 'contact_T1_phone_from_crm'), '>=', 1::bigint, 'each field has a key of its own');
SELECT cmp_ok(pg_temp.told('10:00', 'support', 'echo', 'phone'), '>=', 1::bigint, 'the guard that kept its echo from going round');

SELECT count(*) AS lines FROM sync_trace('contact', 'T1') \gset
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'unchanged', 'what is unchanged');
SELECT is((SELECT count(*) FROM sync_trace('contact', 'T1')), :lines::bigint, 'is not told');

CALL pg_temp.at('12:10');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "T1", "phone": "1"}', actor => 'ann')), 'accepted', 'an edit');
SELECT is(pg_temp.told('12:10', 'crm', 'accepted', 'ann', '"phone": "1"'), 1::bigint, 'is told once, with its actor and its change-set');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it goes out');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is lost and goes again');
SELECT cmp_ok(pg_temp.told('12:20', 'support', 'attempt 2'), '>=', 1::bigint, 'a second attempt');
SELECT is(pg_temp.ack('support'), true, 'is acknowledged');
CALL pg_temp.at('12:21');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'echo phone=echo', 'a late echo');
SELECT cmp_ok(pg_temp.told('12:21', 'support', 'echo', 'phone'), '>=', 1::bigint, 'is told with the guard that fired');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "a"}'), 'conflict phone=conflict', 'a collision');
SELECT cmp_ok(pg_temp.told('12:21', NULL, 'collision', '"2"'), '>=', 1::bigint, 'is told with the value that came');
CALL pg_temp.at('12:30');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support', by => 'ada', note => 'she called'), true, 'a decision');
SELECT cmp_ok(pg_temp.told('12:30', NULL, 'ada'), '>=', 1::bigint, 'is told with who took it');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "T1", "phone": ["no", "phone"]}')), 'rejected', 'a record that does not validate');
SELECT cmp_ok(pg_temp.told('12:30', 'crm', 'reject', 'phone'), '>=', 1::bigint, 'is told');
CALL pg_temp.at('12:40');
SELECT alike(pg_temp.gone('crm'), '%', 'a delete');
SELECT cmp_ok(pg_temp.told('12:40', 'crm', 'delete'), '>=', 1::bigint, 'is told');

SELECT is((SELECT array_agg(at) FROM sync_trace('contact', 'T1')), (SELECT array_agg(at ORDER BY at) FROM sync_trace('contact', 'T1')), 'in order');
SELECT is((SELECT count(*) FROM sync_trace('contact', 'T1') WHERE at IS NULL OR event IS NULL OR detail IS NULL), 0::bigint, 'every line says when, what and why');

-- Of one record only
CALL pg_temp.record('T2');
SELECT is(pg_temp.saw('crm', '{"phone": "z2"}'), 'accepted phone=accepted -> support', 'another record');
SELECT is((SELECT count(*) FROM sync_trace('contact', 'T1') AS t WHERE t::text LIKE '%z2%'), 0::bigint, 'has a trace of its own');
SELECT is_empty($$ SELECT * FROM sync_trace('contact', 'nobody') $$, 'of a record that is not there nothing');
SELECT matches(pg_temp.refused($$ SELECT * FROM sync_trace('contcat', 'T1') $$), '^42704 .*"contcat".*\| Did you mean "contact"', 'an unknown entity is named');

SELECT * FROM finish();
