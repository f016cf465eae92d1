-- The values of a sensitive field stand in the tables for workers, and in nothing made for people.
\ir story.psql
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.policy(sensitive boolean) RETURNS jsonb LANGUAGE sql AS $$
	SELECT format('{"systems": ["crm", "support"], "fields": {"email": {}, "seats": {"type": "number", "sensitive": %s},
		"secret": {"sensitive": %1$s}}}', sensitive::text)::jsonb
$$;
SELECT sync_configure('contact', pg_temp.policy(true));

-- All views but those that are tables by another name, and what is known of each record.
CREATE FUNCTION pg_temp.leaks(needle text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	view regclass;
BEGIN
	FOR view IN SELECT c.oid FROM pg_class AS c JOIN pg_depend AS d ON d.objid = c.oid AND d.deptype = 'e'
		JOIN pg_extension AS x ON x.oid = d.refobjid AND x.extname = 'sync_ledger'
		WHERE c.relkind = 'v' AND c.relname <> ALL ('{sync_record,sync_shadow,sync_change,sync_ledger,sync_claim}')
	LOOP
		RETURN QUERY EXECUTE format('SELECT %L || '': '' || v FROM %s AS v WHERE v::text LIKE ''%%''||$1||''%%''', view, view) USING needle;
	END LOOP;
	RETURN QUERY SELECT 'sync_trace: ' || t FROM sync_state AS s, sync_trace(s.entity, s.record_key) AS t WHERE t::text LIKE '%' || needle || '%';
	RETURN QUERY SELECT 'sync_blame: ' || b FROM sync_state AS s, sync_blame(s.entity, s.record_key) AS b WHERE b::text LIKE '%' || needle || '%';
	RETURN QUERY SELECT 'sync_event: ' || e.detail FROM sync_event AS e WHERE e.detail LIKE '%' || needle || '%';
	RETURN QUERY SELECT 'sync_reject: ' || r.reason FROM sync_reject AS r WHERE r.reason LIKE '%' || needle || '%';
END
$$;

-- One record with an arrival, a claim, a rewriting ack, an open and a resolved conflict, and what waits
CALL pg_temp.at_rest('T1', '{"email": "a", "seats": 470011, "secret": "470011"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"email": "b 470012", "seats": 470012, "secret": "470012"}'), 'accepted email=accepted,seats=accepted,secret=accepted -> support', 'all change');
SELECT isnt(pg_temp.poll('support'), NULL, 'go out');
SELECT is(pg_temp.ack('support', '{"email": "b 470012", "seats": 470013, "secret": "470013"}'), true, 'and are stored otherwise');
SELECT is(pg_temp.saw('crm', '{"seats": 470014, "secret": "470014"}'), 'accepted seats=accepted,secret=accepted -> support', 'the crm edits on');
SELECT alike(pg_temp.saw('support', '{"seats": 470015, "secret": "470015"}'), 'conflict%', 'support too');
SELECT is(sync_resolve((SELECT id FROM sync_conflict WHERE field = 'secret' AND status = 'open'), value => '"470016"'), true, 'one of the two is decided');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "T1", "seats": "470017 or more"}')), 'rejected', 'a record is rejected');

SELECT cmp_ok((SELECT count(*) FROM pg_temp.leaks('')), '>=', 15::bigint, 'there is much to look at');
SELECT set_eq($$SELECT DISTINCT split_part(l, ':', 1) FROM pg_temp.leaks('470012') AS l$$, '{sync_trace,sync_blame}'::text[], 'a value that is no secret is shown');
SELECT is_empty($$SELECT l FROM pg_temp.leaks('4700') AS l WHERE l NOT LIKE '%b 470012%'$$, 'no value of a sensitive field is');
SELECT is_empty($$SELECT l FROM pg_temp.leaks('4700') AS l WHERE replace(l, 'b 470012', '') LIKE '%4700%'$$, 'nor beside another one');
SELECT results_eq($$SELECT base_value, current_value, incoming_value, sides FROM sync_open_conflicts$$,
	$$VALUES ('"***"'::jsonb, '"***"'::jsonb, '"***"'::jsonb, '{"crm": ["***"], "support": ["***"]}'::jsonb)$$, 'an open conflict tells who, not what');
SELECT results_eq($$SELECT current_value, incoming_value FROM sync_conflict WHERE status = 'open'$$, $$VALUES ('470014'::jsonb, '470015'::jsonb)$$,
	'the table has the values, for those who decide');

-- Messages
SELECT throws_ok(format($$SELECT sync_resolve(%s, value => '"470018 seats"')$$, pg_temp.open_conflict()), '22023',
	'the value does not fit field "seats": no number', 'a decision that does not fit is refused without its value');
SELECT is((SELECT detail FROM sync_diff('crm', 'contact', '{"record_key": "T1", "seats": [470018]}')), 'seats: no number', 'so is a record');
SELECT throws_ok($$SELECT * FROM sync_diff('crm', 'contact', '[{"record_key": "T1", "seats": a470018}]')$$, '22P02',
	'invalid JSON in record 1 at byte 32: expected a JSON value, found something else', 'malformed JSON is not quoted');

-- A record's values, and a group's, are masked member by member
SELECT is(sync_masked('contact', NULL, '{"email": "a", "seats": 1, "other": null}'), '{"email": "a", "seats": "***", "other": null}', 'of a record');
SELECT is(sync_masked('contact', 'access', '{"secret": null, "email": "a"}'), '{"secret": "***", "email": "a"}', 'of a group');
SELECT is(sync_masked('contact', 'seats', NULL), NULL, 'nothing is nothing');
SELECT is(sync_masked('contact', 'email', '"a"'), '"a"', 'what is no secret is itself');
INSERT INTO sync_conflict (entity, record_key, field, kind, base_value, current_value, incoming_value, incoming_system, sides)
	VALUES ('contact', 'T1', NULL, 'delete', '{"seats": 470019}', '{"email": "c", "seats": 470019}', NULL, 'crm', '{"support": [{"secret": "470019"}], "crm": []}');
SELECT results_eq($$SELECT current_value, sides FROM sync_open_conflicts WHERE field IS NULL$$,
	$$VALUES ('{"email": "c", "seats": "***"}'::jsonb, '{"crm": [], "support": [{"secret": "***"}]}'::jsonb)$$, 'a conflict of a whole record');
SELECT is_empty($$SELECT l FROM pg_temp.leaks('470019') AS l$$, 'shows no secret');

-- What was sensitive once stays masked
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"email": {}}}');
SELECT is_empty($$SELECT l FROM pg_temp.leaks('4700') AS l WHERE replace(l, 'b 470012', '') LIKE '%4700%'$$, 'also when the policy has dropped it');
SELECT sync_configure('contact', pg_temp.policy(false));
SELECT is_empty($$SELECT l FROM pg_temp.leaks('4700') AS l WHERE replace(l, 'b 470012', '') LIKE '%4700%'$$, 'or calls it so no more');

SELECT * FROM finish();
